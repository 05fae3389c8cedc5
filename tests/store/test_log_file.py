"""log.jsonl: written as things happen, whatever becomes of the disk or of the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.store.log_file import LogFile
from runner.values.event import said

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def log_file(path: Path, told: list[str], seconds: float = 0.0) -> LogFile:
    return LogFile(path, str, told.append, now=lambda: NOON, clock=lambda: seconds)


def sentences(path: Path) -> list[str]:
    return [json.loads(line)["sentence"] for line in path.read_text().splitlines()]


def test_a_line_is_in_the_file_as_soon_as_it_is_logged(tmp_path: Path) -> None:
    """Before the file is closed: somebody may be watching, or the process may be killed."""
    told: list[str] = []
    with log_file(tmp_path / "log.jsonl", told) as log:
        log(said("one"))
        assert (tmp_path / "log.jsonl").read_text() == (
            '{"time": "2026-11-20T12:00:00.000Z", "seconds": 0.0, "event": "said", '
            '"sentence": "one"}\n'
        )
        log(said("two"))
    assert sentences(tmp_path / "log.jsonl") == ["one", "two"]
    assert told == []


def test_a_session_that_goes_on_writes_into_the_same_file(tmp_path: Path) -> None:
    """After what is there; its seconds begin anew."""
    path = tmp_path / "log.jsonl"
    for name in ("first", "second"):
        with log_file(path, []) as log:
            log(said(name))
    assert sentences(path) == ["first", "second"]


@pytest.mark.parametrize("cut", range(1, 30, 7))
def test_a_line_that_a_kill_cut_off_spoils_only_itself(tmp_path: Path, cut: int) -> None:
    """The next session begins a new line; the torn one stays, as evidence."""
    path = tmp_path / "log.jsonl"
    with log_file(path, []) as log:
        log(said("one"))
        log(said("two"))
    path.write_bytes(path.read_bytes()[:-cut])
    with log_file(path, []) as log:
        log(said("three"))
    lines = path.read_text().splitlines()
    assert len(lines) == 3
    assert [json.loads(line)["sentence"] for line in (lines[0], lines[2])] == ["one", "three"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_told_once_and_stops_nothing() -> None:
    """However many lines follow."""
    told: list[str] = []
    with log_file(Path("/dev/full"), told) as log:
        for _ in range(3):
            log(said("hello"))
    assert told == [
        "the log cannot be written (no space left on device): /dev/full; the run goes on without it"
    ]


def test_a_log_that_cannot_be_opened_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    """A folder stands in its way."""
    told: list[str] = []
    (tmp_path / "log.jsonl").mkdir()
    with log_file(tmp_path / "log.jsonl", told) as log:
        log(said("hello"))
    assert [sentence.split(":")[0] for sentence in told] == [
        "the log cannot be written (is a directory)"
    ]


FILLS_UP = """
import resource, sys
sys.dont_write_bytecode = True  # it would be cut off, for all who come after
from pathlib import Path
from runner.store.log_file import LogFile
from runner.values.event import said
told = []
with LogFile(Path(sys.argv[1]), str, told.append) as log:
    log(said("one"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (150, resource.RLIM_INFINITY))
    log(said("two"))
    log(said("three"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    log(said("four"))
    log(said("five"))
print(len(told))
"""


def test_a_disk_that_fills_up_and_has_room_again_loses_only_what_did_not_fit(
    tmp_path: Path,
) -> None:
    """A part of a line is written without an error; what follows begins on a line of its own."""
    path = tmp_path / "log.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FILLS_UP, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    lines = path.read_text().splitlines()
    assert done.stdout == "1\n"
    assert len(lines) == 4
    whole = [lines[0], *lines[2:]]
    assert [json.loads(line)["sentence"] for line in whole] == ["one", "four", "five"]
