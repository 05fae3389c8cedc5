"""Work that is done apart: what comes of it comes back, and its end is not the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from runner.apart import Crashed, apart, end
from runner.sources.opening import Unreadable, open_file

ROOT = Path(__file__).parents[2]


def test_what_comes_of_work_comes_back() -> None:
    """From another process, which stays for the next work."""
    first, second = apart("a", os.getpid), apart("a", os.getpid)
    assert first == second != os.getpid()


def test_an_error_comes_back_as_what_it_is(tmp_path: Path) -> None:
    """With its fields, and where it was raised; the process stays."""
    process = apart("a", os.getpid)
    with pytest.raises(Unreadable) as caught:
        apart("a", open_file, tmp_path / "none.png")
    assert caught.value.issue.code == "image_missing"
    assert "open_file" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match="Odd"):
        apart("a", exec, "class Odd(ValueError): pass\nraise Odd")
    assert apart("a", os.getpid) == process


def test_work_starts_in_the_folder_of_its_asker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative paths mean the same there."""
    assert apart("a", os.getcwd) == os.getcwd()
    monkeypatch.chdir(tmp_path)
    assert apart("a", os.getcwd) == str(tmp_path)


def test_what_work_prints_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    """Not into its answer, and not onto the terminal."""
    assert apart("a", os.system, "echo noise; echo more noise >&2") == 0
    assert apart("a", os.write, 1, b"noise") == 5
    assert capfd.readouterr() == ("", "")


def test_no_key_is_there() -> None:
    """A decoder needs none."""
    code = (
        "from runner.apart import apart; import os; print(apart('a', os.getenv, 'GEMINI_API_KEY'))"
    )
    environ = {**os.environ, "GEMINI_API_KEY": "AIzaNone", "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert told.stdout == "None\n"


@pytest.mark.skipif(os.name == "nt", reason="signals have names on Unix")
def test_a_crash_ends_that_work_and_is_not_tried_again() -> None:
    """It is told how; the next work gets another process."""
    before = apart("b", os.getpid)
    for _ in range(2):
        with pytest.raises(Crashed, match=r"^the image crashed its decoder \(SIGABRT\)$"):
            apart("crashing", os.abort)
    with pytest.raises(Crashed, match="SIGABRT"):
        apart("crashing", os.getpid)
    with pytest.raises(Crashed, match=r"exit code 3"):
        apart("leaving", os._exit, 3)
    assert apart("b", os.getpid) not in (before, os.getpid())


@pytest.mark.skipif(os.name == "nt", reason="signals are those of Unix")
def test_a_process_that_is_killed_while_it_waits_is_nobodys_crash() -> None:
    """The next work gets another."""
    idle = apart("c", os.getpid)
    os.kill(idle, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while is_alive(idle):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert apart("c", os.getpid) != idle


@pytest.mark.skipif(os.name == "nt", reason="signals are those of Unix")
def test_what_has_crashed_is_not_tried_again_though_no_process_is_left(tmp_path: Path) -> None:
    """Not for a while."""
    tries = tmp_path / "tries"
    for _ in range(3):
        with pytest.raises(Crashed, match="SIGABRT"):
            apart("of one crash", crashing, tries)
        end()
    assert tries.read_text() == "x"


def crashing(tries: Path) -> None:
    """What a decoder may do."""
    with tries.open("a") as file:
        file.write("x")
    os.abort()


@pytest.mark.skipif(os.name == "nt", reason="signals are those of Unix")
def test_ctrl_c_while_a_process_starts_is_nobodys_crash() -> None:
    """It is in no group with us, so that what a terminal sends does not reach it."""
    child = apart("e", os.getpid)
    assert os.getpgid(child) == child != os.getpgid(0)


def test_where_no_process_starts_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has Python within it may have no `python` to start."""
    end()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert apart("f", os.getpid) == os.getpid()
    monkeypatch.undo()
    assert apart("f", os.getpid) != os.getpid()


@pytest.mark.skipif(os.name == "nt", reason="signals are those of Unix")
def test_what_has_nothing_to_do_can_be_ended() -> None:
    """With the thread that watches it; the next work gets another process."""
    end()
    threads = threading.active_count()
    idle = apart("d", os.getpid)
    assert threading.active_count() == threads + 1
    end()
    assert not is_alive(idle)
    assert threading.active_count() == threads
    assert apart("d", os.getpid) != idle


@pytest.mark.skipif(os.name == "nt", reason="signals are those of Unix")
def test_no_process_outlives_the_one_that_started_it() -> None:
    """Not even one that is killed. What a terminal sends to all of them is for the parent alone."""
    code = (
        "from runner.apart import apart; import os, time\n"
        "print(apart('a', os.getpid), flush=True); time.sleep(100)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(child, sent)
        assert is_alive(child)
        parent.kill()
    deadline = time.monotonic() + 30
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(process: int) -> bool:
    """Whether it runs; one that nobody has waited for yet does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
