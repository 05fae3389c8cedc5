"""Every example and every shipped workflow, replayed: offline, without a key, to the last digit."""

from __future__ import annotations

import importlib.util
import json
import socket
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from runner import library
from runner.cli import group

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tests" / "replays"


def _recorder() -> ModuleType:
    """`tests/replays/record.py`, which records them."""
    spec = importlib.util.spec_from_file_location("record_replays", HERE / "record.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLACES: dict[str, Path] = _recorder().places()


def test_every_example_and_every_shipped_workflow_is_replayed() -> None:
    """One that is added is recorded, too: `python tests/replays/record.py`."""
    files = [file for folder in PLACES.values() for file in folder.glob("*.workflow.yaml")]
    extended = {yaml.safe_load(file.read_text()).get("extends") for file in files}
    assert {f"lib:{name}" for name in library.workflows()} - extended == set()
    examples = {path.name for path in (ROOT / "examples").glob("[0-9]*")}
    assert examples - set(PLACES) == set()


@pytest.mark.parametrize("name", PLACES)
def test_a_replay_gives_the_same_results_offline_and_without_a_key(
    name: str, tmp_path: Path, no_socket: None, accepted: Any
) -> None:
    """The whole results.jsonl, compared; no socket is opened, nothing is asked for that is not
    recorded, and what was simulated says so."""
    folder = PLACES[name]
    (file,) = folder.glob("*.workflow.yaml")
    recordings = folder / "recordings"
    before = (recordings / "recordings.jsonl").read_bytes()

    options = ["--replay", str(recordings), "--allow-outside", "--quiet", "--out", str(tmp_path)]
    outcome = CliRunner().invoke(group, ["run", str(file), *options], catch_exceptions=False)

    assert outcome.exit_code == 0, outcome.output
    (results,) = tmp_path.glob("*/results.jsonl")
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert {line["simulated"] for line in lines} == {True}
    accepted(HERE / name / "results.jsonl", "".join(map(_shown, lines)))
    assert [path.name for path in recordings.iterdir()] == ["recordings.jsonl"]
    assert (recordings / "recordings.jsonl").read_bytes() == before


def test_the_guard_of_these_tests_holds(no_socket: None) -> None:
    """A socket of the internet and the address of a name are refused."""
    with pytest.raises(AssertionError, match="a socket was opened"):
        socket.socket(socket.AF_INET)
    with pytest.raises(AssertionError, match="asked for the address of"):
        socket.getaddrinfo("localhost", 80)


def _shown(line: dict[str, Any]) -> str:
    """A result without what is of this machine and of this minute. An image that was encoded for
    sending has other bytes with another version of an encoder."""
    for image in line["images"]:
        if image["sent"] and image["sent"]["sha256"] != image["sha256"]:
            image["sent"]["sha256"] = "encoded here"
    kept = {key: value for key, value in line.items() if key not in ("attempts", "seconds")}
    return json.dumps(kept, ensure_ascii=False).replace(f"{ROOT}/", "") + "\n"
