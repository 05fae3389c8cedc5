"""`askpix review` as a program: its address, its end, and what a kill leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from runner.cli import group
from runner.store.folder import RunFolder

Review = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def review(run: RunFolder, place: Path) -> Iterator[Review]:
    """Starts the program on the run of the test; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        root = Path(__file__).parents[2]
        command = [sys.executable, "-m", "runner", "review", "last", "--no-browser", *options]
        environ = {**os.environ, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=place, env=environ, stdout=pipe, stderr=pipe, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"review it at (http://127\.0\.0\.1:\d+/[\w-]{43}/)\n", line)
    assert found, line + process.communicate()[1]
    return found[1]


def decide(address: str, number: int, verdict: str) -> None:
    body = json.dumps({"verdict": verdict, "version": ""}).encode()
    origin = address.rsplit("/", 2)[0]
    headers = {"Content-Type": "application/json", "Origin": origin}
    with urlopen(Request(f"{address}decide/{number}", body, headers), timeout=20) as answer:
        assert answer.status == 200


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C goes to a whole console")
def test_ctrl_c_says_what_was_written_where(review: Review, place: Path) -> None:
    """With exit code 0, and with the lines that a workflow needs to judge by it. The token stands in
    the address and nowhere else."""
    process = review()
    address = address_of(process)
    decide(address, 0, "approved")
    decide(address, 1, "rejected")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    run = next((place / "runs").iterdir()).name
    assert (process.returncode, out) == (
        0,
        f"""{place}/look.truth.jsonl: 2 decisions written, 1 approved, 1 rejected, 4 not yet looked at
to judge by it, add to look.workflow.yaml:

    truth:
      review: {{file: look.truth.jsonl, step: find}}
    checks:
      - {{metric: f1, of: find, against: truth.review, at_least: 80%}}
""",
    )
    assert err == (
        f"{run}: 6 not yet looked at\n"
        "whoever has this address on this machine can decide; Ctrl-C ends it\n\n"
    )
    token = address.split("/")[3]
    assert not [path for path in place.rglob("*") if path.is_file() and token in _text(path)]


def test_a_kill_loses_no_decision(review: Review, place: Path) -> None:
    """kill -9: what the page called saved is there, and the next review goes on at once."""
    process = review()
    address = address_of(process)
    for number in range(3):
        decide(address, number, "approved")
    process.kill()
    process.communicate()
    lines = [json.loads(line) for line in _text(place / "look.truth.jsonl").splitlines()]
    assert len(lines) == 3
    process = review()
    with urlopen(f"{address_of(process)}overview", timeout=20) as answer:
        states = [item["state"] for item in json.loads(answer.read())["items"]]
    assert states == ["approved"] * 3 + ["new"] * 3


def test_a_second_review_is_refused(review: Review) -> None:
    """By name, with exit code 2; the first one stays."""
    first = review()
    address = address_of(first)
    second = review()
    _, err = second.communicate(timeout=30)
    assert second.returncode == 2
    assert re.match(
        rf"error: .*look\.truth\.jsonl is in use by process {first.pid} on .*, started ", err
    )
    decide(address, 0, "approved")


def test_a_port_that_is_taken_is_told(review: Review) -> None:
    """With exit code 2."""
    port = address_of(review()).split(":")[2].split("/")[0]
    process = review("--port", port, "--to", "mine.truth.jsonl")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err == f"error: port {port} of 127.0.0.1 cannot be used: address already in use\n"


def test_a_run_that_is_not_there_is_told(place: Path) -> None:
    """As every command tells it."""
    done = CliRunner().invoke(group, ["review", "nothing"])
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "error: there is no run `nothing` here or in runs; the last one is"
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
