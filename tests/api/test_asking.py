"""`runner.run` and `runner.plan`: by the same functions as the command line."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import runner
from runner.cli import group

KEY = "AIzaCANARY-python-0123456789"


def test_a_run_is_the_run_of_the_command_line(folder: Path) -> None:
    """The same results, byte for byte; the callback hears of each."""
    seen: list[runner.Progress] = []
    run = runner.run("shapes.workflow.yaml", provider="simulator", progress=seen.append)
    assert [(one.done, one.total) for one in seen] == [(n, 4) for n in (1, 2, 3, 4)]
    words = ["run", "shapes.workflow.yaml", "--provider", "simulator", "--out", "others", "--quiet"]
    assert CliRunner().invoke(group, words, catch_exceptions=False).exit_code == 0
    (other,) = Path("others").iterdir()
    assert (run.folder / "results.jsonl").read_bytes() == (other / "results.jsonl").read_bytes()
    assert (run.folder / "checks.json").read_bytes() == (other / "checks.json").read_bytes()


def test_a_workflow_that_is_loaded_may_be_changed_for_a_run(folder: Path) -> None:
    """A plan of it, too; it stays as it was."""
    workflow = runner.load("shapes.workflow.yaml", provider="simulator")
    assert (runner.plan(workflow).requests, runner.plan(workflow, limit=1).requests) == (4, 2)
    run = runner.run(workflow, limit=1, vars={"thing": "disc"})
    assert run.counts == {"ok": 2}
    resolved = (run.folder / "resolved.yaml").read_text()
    assert "disc" in resolved
    assert workflow.vars == {"thing": "shape"}


def test_where_a_loop_runs_a_run_has_a_thread_of_its_own(folder: Path) -> None:
    """As in Jupyter; the call waits for it."""
    threads: set[bool] = set()

    def progress(news: runner.Progress) -> None:
        threads.add(threading.current_thread() is threading.main_thread())

    async def cell() -> runner.Run:
        return runner.run("shapes.workflow.yaml", provider="simulator", progress=progress)

    assert asyncio.run(cell()).is_fine
    assert threads == {False}


def test_a_key_that_is_given_is_used_and_written_nowhere(
    folder: Path, served: Callable[..., str]
) -> None:
    """Not in the run folder, not in a recording, not in a repr."""
    address = served(frozenset({KEY}))
    run = runner.run("shapes.workflow.yaml", base_url=address, key=KEY, record="kept", cache="off")
    assert run.is_fine
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    replayed = runner.run("shapes.workflow.yaml", replay="kept")
    assert [each.answer for each in replayed] == [each.answer for each in run]


def test_a_key_that_is_refused_is_an_error(folder: Path, served: Callable[..., str]) -> None:
    """Nothing ran: not a run without results; and the key is not told."""
    address = served(frozenset({"another-key-0123"}))
    with pytest.raises(runner.Rejected) as rejected:
        runner.run("shapes.workflow.yaml", base_url=address, key=KEY, cache="off")
    assert "key" in str(rejected.value)
    assert KEY not in str(rejected.value)
    trace = rejected.value.__traceback__
    while trace is not None:
        assert KEY not in repr({k: v for k, v in trace.tb_frame.f_locals.items() if k not in LOCAL})
        trace = trace.tb_next


LOCAL = ("key", "address", "rejected", "monkeypatch", "files")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "error: no key for the Gemini API.\n  set GEMINI_API_KEY"),
        ({"replay": "nothing"}, "error: nothing: nothing is recorded here"),
        ({"record": "a", "replay": "b"}, "error: a run is recorded or replayed, not both"),
        ({"base_url": "http://127.0.0.9/?key=a"}, "error: base_url: an address holds no key"),
        (
            {"provider": "simulator", "begin": "resume"},
            "error: there is no run of this plan in runs",
        ),
        ({"provider": "simulator", "out": "shapes.workflow.yaml"}, "error: cannot write to"),
        ({"batch": True, "replay": "nothing"}, "error: recordings hold single requests"),
        (
            {"provider": "simulator", "begin": "frehs"},
            "error: begin: there is no 'frehs'; there are: auto, resume, fresh, retry_failed",
        ),
        ({"record": "a", "record_mode": "al"}, "error: record_mode: there is no 'al'; there are"),
        ({"provider": "simulator", "progress": 3}, "error: progress: write a function"),
    ],
)
def test_what_keeps_a_run_from_beginning_is_told(
    options: dict[str, object], message: str, folder: Path
) -> None:
    """In the words of the command line; nothing is left behind."""
    with pytest.raises(runner.Rejected) as rejected:
        runner.run("shapes.workflow.yaml", **options)  # type: ignore[arg-type]
    assert str(rejected.value).startswith(message)
    assert not (folder / "runs").exists()


def test_images_that_are_not_there_are_told_with_their_place(folder: Path) -> None:
    """By a plan and by a run."""
    for path in folder.glob("photos/*"):
        path.unlink()
    for asks in (runner.plan, runner.run):
        with pytest.raises(runner.Rejected, match=r"shapes\.workflow\.yaml:3:") as rejected:
            asks("shapes.workflow.yaml", provider="simulator")
        assert [problem.code for problem in rejected.value.problems] == ["W401"]


def test_what_a_person_should_read_goes_to_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Warnings of the file, and that a run goes on."""
    with caplog.at_level(logging.WARNING, "askpix"):
        for begin in ("auto", "resume"):
            runner.run("shapes.workflow.yaml", provider="simulator", begin=begin)  # type: ignore[arg-type]
    assert [record.message[:13] for record in caplog.records] == ["going on with"]


@pytest.mark.parametrize("error", [LookupError("mine"), KeyboardInterrupt("mine")])
@pytest.mark.parametrize("beside", [False, True])
def test_a_callback_that_fails_loses_nothing(
    error: BaseException, beside: bool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own error is raised when what was under way is kept; the same call goes on with the run."""

    def fail(news: runner.Progress) -> None:
        raise error

    def ask() -> runner.Run:
        return runner.run("shapes.workflow.yaml", provider="simulator", progress=fail)

    async def cell() -> runner.Run:
        return ask()

    with pytest.raises(type(error), match="mine"):
        asyncio.run(cell()) if beside else ask()
    (folder_of_run,) = (folder / "runs").iterdir()
    stopped = runner.open_run("last")
    assert (stopped.status, stopped.why) == (
        "interrupted",
        f"`progress` raised {type(error).__name__}",
    )
    assert runner.run("shapes.workflow.yaml", provider="simulator").is_fine
    assert [path.name for path in (folder / "runs").iterdir()] == [folder_of_run.name]
    assert [record.message[:13] for record in caplog.records] == ["going on with"]


SCRIPT = """\
import asyncio, sys, runner

def ask():
    return runner.run("shapes.workflow.yaml", base_url=sys.argv[2], cache="off", parallel=1,
                      progress=lambda news: print("done", news.done, flush=True))

async def cell():
    return ask()

try:
    asyncio.run(cell()) if sys.argv[1] == "loop" else ask()
except KeyboardInterrupt as end:
    print("interrupted:", end, flush=True)
"""


@pytest.mark.parametrize("where", ["plain", "loop"])
def test_an_interrupt_keeps_what_was_answered(where: str, folder: Path) -> None:
    """Ctrl-C in a script and in a cell: KeyboardInterrupt, and the same call goes on."""
    (folder / "script.py").write_text(SCRIPT)
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
    serve = [sys.executable, "-m", "runner", "simulate", "--port", "0", "--latency", "0.5"]
    with subprocess.Popen(
        serve, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
    ) as server:
        try:
            address = _address(server)
            script = [sys.executable, "script.py", where, address]
            process = subprocess.Popen(
                script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "done 1\n"
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=60)
        finally:
            server.send_signal(signal.SIGINT)
    assert process.returncode == 0, told
    assert re.search(r"interrupted: runs/\S+ keeps what was answered; the same call goes on", told)
    assert "Traceback" not in told
    run = runner.open_run("last")
    assert run.status == "interrupted"
    assert 0 < len(list(run)) < 4
    stored = json.loads((run.folder / "run.json").read_text())["counts"]["results"]
    assert stored == len(list(run))


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if found := re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline()):
            return found[0]
    raise AssertionError("it did not start")
