"""`askpix run` in batches as people give the command, with Ctrl-C, `kill -9` and another day."""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")

FILE = Path(__file__).with_name("processes.py")
SPEC = importlib.util.spec_from_file_location("tests_crash_processes", FILE)
assert SPEC is not None
assert SPEC.loader is not None
p = sys.modules["tests_crash_processes"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(p)

IMAGES = 2
WORKFLOW = """\
version: 1
images: "*.png"
steps:
  - {id: find, prompt: Find every box., schema: lib:boxes}
outputs:
  - {save: find, as: csv, to: found.csv}
"""


@pytest.fixture
def service() -> Iterator[Any]:
    """A service that takes two hours for a batch, by a clock that can be moved."""
    with p.service("--batch-seconds", 7200) as running:
        yield running


def hours_go_by(service: Any, hours: int) -> None:
    url = f"{service.url}/simulator/clock?forward={3600 * hours}"
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=30) as answer:
        assert "now" in json.load(answer)


def test_ctrl_c_leaves_the_batch_there_and_the_same_command_takes_it(
    tmp_path: Path, service: Any
) -> None:
    """Exit code 130, then 0, with nothing bought twice; killed in between, too."""
    shop = p.Workshop(tmp_path).furnish(IMAGES, "{cache: off}", WORKFLOW)
    process = shop.start(service.url, "--batch")
    p.wait_for(lambda: shop.folders() and _batches(shop.folder(), "pending"), process)
    process.send_signal(signal.SIGINT)
    ended = p.ended(process)
    assert ended.code == 130, ended.err
    assert "2 requests in 1 batch are still with the service" in ended.err
    assert "to go on: askpix run" in ended.err
    assert p.status(shop.folder()) == "interrupted"
    process = shop.start(service.url, "--batch")
    p.wait_for(lambda: _batches(shop.folder(), "pending") and p.status(shop.folder()) == "running")
    p.killed(process)
    hours_go_by(service, 2)
    ended = shop.run(service.url, "--batch")
    assert ended.code == 0, ended.err
    assert service.billed == len(p.results(shop.folder())) == IMAGES
    state = service.state()
    assert (state["batches"], state["files"]) == (1, 0)


def _batches(folder: Path, state: str) -> list[dict[str, Any]]:
    """The batches in this state, as run.json tells them."""
    path = folder / "run.json"
    told = json.loads(path.read_text())["batches"] if path.exists() else []
    return [batch for batch in told if batch["state"] == state]


def test_the_state_is_told_in_lines_off_a_terminal(tmp_path: Path) -> None:
    """To people, in `-v`, and to programs."""
    shop = p.Workshop(tmp_path).furnish(IMAGES, "{cache: off, mode: batch}", WORKFLOW)
    with p.service("--batch-seconds", 2) as service:
        line = [word for word in shop.line(service.url, "-v") if word != "-q"]
        how: dict[str, Any] = {"cwd": tmp_path, "env": p.environment(), "text": True}
        run = subprocess.run(line, capture_output=True, check=False, **how)
    assert run.returncode == 0, run.stderr
    plan = "in batches: for half of the price, instead of about $0.01"
    assert plan in run.stderr
    assert re.search(r"batches/sim-\d+: pending \(2 requests\)", run.stderr)
    assert re.search(r"0/2 · \$0\.00 · 0 tokens · 1 batch: 1 (pending|running)", run.stderr)
    assert re.search(r"batches/sim-\d+: closed \(2 requests\)", run.stderr)


def test_googles_own_client_sees_the_same_batch(tmp_path: Path, service: Any) -> None:
    """Under the name that run.json tells, in the same states."""
    genai = pytest.importorskip("google.genai")
    shop = p.Workshop(tmp_path).furnish(IMAGES, "{cache: off, mode: batch}", WORKFLOW)
    process = shop.start(service.url)
    p.wait_for(lambda: shop.folders() and _batches(shop.folder(), "pending"), process)
    p.killed(process)
    (known,) = _batches(shop.folder(), "pending")
    with genai.Client(
        api_key="simulated", http_options={"base_url": service.url, "api_version": "v1beta"}
    ) as client:
        (listed,) = client.batches.list()
        assert (listed.name, listed.display_name) == (known["batch"], known["part"])
        assert client.batches.get(name=known["batch"]).state.name == "JOB_STATE_PENDING"
        client.batches.cancel(name=known["batch"])  # as somebody might, who tidies up
        assert client.batches.get(name=known["batch"]).state.name == "JOB_STATE_CANCELLED"
        ended = _until_another_is_there(shop, service, client)
        assert len([*client.batches.list()]) == 2
    assert ended.code == 0, ended.err
    assert service.billed == IMAGES


def _until_another_is_there(shop: Any, service: Any, client: Any) -> Any:
    """The run goes on, and its second batch is done two hours later."""
    process = shop.start(service.url)
    p.wait_for(lambda: len([*client.batches.list()]) == 2, process)
    hours_go_by(service, 2)
    return p.ended(process)
