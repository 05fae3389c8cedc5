"""`askpix simulate`: a server that tells how to reach it, and a list of what can go wrong."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from runner.cli.simulate import command, table, welcome
from runner.providers.simulator.faults import FAULTS
from runner.providers.simulator.quirks import QUIRKS

HERE = Path(__file__).parent


def test_the_faults_are_listed_with_their_descriptions(accepted: object) -> None:
    """Each with one line."""
    result = CliRunner().invoke(command, ["--list-faults"])
    assert result.output == table() + "\n"
    accepted(HERE / "simulate-faults.txt", result.output)  # type: ignore[operator]
    listed = re.findall(r"^  (\S+) ", result.output, re.MULTILINE)
    assert listed == [*FAULTS, *QUIRKS]


def test_the_welcome_says_how_to_point_clients_here(accepted: object) -> None:
    """askpix, the environment, the official client."""
    accepted(HERE / "simulate.txt", welcome("http://127.0.0.1:8080") + "\n")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "overlodaed"], "did you mean `overloaded`?"),
        (["--fault", "slow:every=x"], "expected a whole number"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
    ],
)
def test_what_cannot_be_served_is_told(arguments: list[str], said: str) -> None:
    """Exit code 2: nothing ran."""
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert (result.return_value, said in result.output) == (2, True)


@pytest.mark.parametrize("option", ["--requests-per-minute", "--tokens-per-minute"])
def test_a_limit_is_at_least_one(option: str) -> None:
    """Nothing at all is what the fault `no-quota` is for."""
    result = CliRunner().invoke(command, [option, "0"])
    assert result.exit_code == 2
    assert option in result.output


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_server_answers_until_it_is_stopped(how: signal.Signals) -> None:
    """With the faults and the limit that were asked for; Ctrl-C ends it cleanly, with exit code 0."""
    line = [
        sys.executable,
        "-m",
        "runner",
        "simulate",
        "--port",
        "0",
        "--fault",
        "overloaded:every=2",
        "--requests-per-minute",
        "2",
    ]
    root = HERE.parent.parent
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True, cwd=root) as server:
        assert server.stderr is not None
        address = re.search(r"http://127\.0\.0\.1:\d+", server.stderr.readline())
        assert address is not None
        body = {"model": "gemini-3.5-flash", "input": "Hello"}
        headers = {"x-goog-api-key": "simulated"}
        with httpx.Client(base_url=address[0], headers=headers) as client:
            statuses = [client.post("/v1/interactions", json=body).status_code for _ in range(5)]
        server.send_signal(how)
        rest = server.stderr.read()
        assert server.wait(20) == 0
    assert statuses == [200, 503, 200, 503, 429]
    assert rest.endswith("\nstopped\n")
    assert "Traceback" not in rest
