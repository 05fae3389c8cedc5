"""One process for one run folder."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from runner import __version__
from runner.store.lock import Lock, LockedError
from runner.store.trouble import StoreError


def test_a_lock_says_who_holds_it(tmp_path: Path) -> None:
    """In the file, and to whoever comes second; the file goes with the lock."""
    path = tmp_path / "run.lock"
    with Lock(path):
        owner = json.loads(path.read_text())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", owner["started"])
        assert owner == {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started": owner["started"],
            "version": __version__,
        }
        with pytest.raises(LockedError) as refused:
            Lock(path)
        assert str(refused.value) == (
            f"{tmp_path} is in use by process {os.getpid()} on {socket.gethostname()}, "
            f"started {owner['started']}"
        )
    assert list(tmp_path.iterdir()) == []
    with Lock(path) as lock:
        lock.release()
        lock.release()


def test_another_process_holds_a_lock(tmp_path: Path, child: Any) -> None:
    """Until it ends; its number is told."""
    path = tmp_path / "run.lock"
    process = child("locking_child.py", path)
    assert process.stdout.readline() == "locked\n"
    with pytest.raises(LockedError, match=f"is in use by process {process.pid} on "):
        Lock(path)
    process.communicate("end\n")
    Lock(path).release()


def test_a_killed_process_holds_no_lock(tmp_path: Path, child: Any) -> None:
    """kill -9: the file stays, the lock is free at once, nothing is to be removed by hand."""
    path = tmp_path / "run.lock"
    for _ in range(3):
        process = child("locking_child.py", path)
        assert process.stdout.readline() == "locked\n"
        process.kill()
        process.wait()
        assert json.loads(path.read_text())["pid"] == process.pid
        with Lock(path):
            assert json.loads(path.read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("content", ["", "{}", "[]", "half a li", '{"pid": 1', "\udcff"])
def test_a_lock_file_that_says_nothing_is_a_lock_all_the_same(tmp_path: Path, content: str) -> None:
    """It may just be being written; its words are for people, the lock is the system's."""
    path = tmp_path / "run.lock"
    path.write_text(content, errors="surrogateescape")
    with Lock(path):
        path.write_text(content, errors="surrogateescape")
        with pytest.raises(LockedError, match=f"{tmp_path} is in use by another process"):
            Lock(path)


def test_where_no_lock_can_be_is_told(tmp_path: Path) -> None:
    """A folder that is not there, a folder in the way."""
    (tmp_path / "run.lock").mkdir()
    for path in (tmp_path / "run.lock", tmp_path / "no" / "run.lock"):
        with pytest.raises(StoreError, match=r"run\.lock cannot be written"):
            Lock(path)
