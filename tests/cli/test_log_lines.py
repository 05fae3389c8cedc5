"""What `--verbose` and `--log-format json` print: lines for people, lines for programs."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from runner.cli.log_lines import log_lines, words
from runner.transport.secret import Secret
from runner.values.batch import Part, RemoteBatch
from runner.values.event import (
    Event,
    EventName,
    answered,
    asked,
    batch,
    concluded,
    doubtful,
    event,
    halted,
    missed,
    problem,
    recalled,
    run_started,
    said,
    uploaded,
    waiting,
)
from runner.values.passing import KnownFile
from runner.values.problem import Problem
from runner.values.question import Question
from runner.values.response import Failure, Response, Usage
from runner.values.result import Detection, Result
from runner.values.tally import Tally

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUESTION = Question("k", 0, "a.jpg, find", 0.0053)
LOST = Failure("transport", "the connection broke", maybe_billed=True)
SLOWER = Failure("rate_limit", "slower", status=429)
RESPONSE = Response("[]", "complete", "STOP", Usage(1120, 60, 192), "m", b"", seconds=3.21)
FOUND = Result(0, "a.jpg", "find", {}, 1, (), "ok", detections=(Detection("[0]"),) * 3)
FAILED = Result(0, "a.jpg", "find", {}, 1, (), "failed", error="busy")
UPLOAD = KnownFile("files/x", "https://x/files/x", 3_000_000, 1_800_000_000.0)
TALLY = Tally(total=3, done=2, requests=4, session_usd=0.0012)
PART = Part(1, "gemini", "m", "askpix-1", "created", 40, batch="batches/b1")

SAID = [
    (run_started("cats", "runs/x", 1, "1.0", 100, None), "cats begins: 100 results planned"),
    (
        run_started("cats", "runs/x", 2, "1.0", 1, None),
        "cats begins, session 2: 1 result planned",
    ),
    (asked(QUESTION, 1, "m"), "a.jpg, find: asking m"),
    (asked(QUESTION, 2, "m"), "a.jpg, find: asking m, try 2"),
    (
        answered(QUESTION, 1, RESPONSE, 0.004),
        "a.jpg, find: answered in 3.2 s, 1,120 tokens in and 252 out, $0.0040",
    ),
    (missed(QUESTION, 1, SLOWER), "a.jpg, find: rate_limit 429: slower"),
    (
        missed(QUESTION, 1, LOST),
        "a.jpg, find: transport: the connection broke; it may have been paid for",
    ),
    (waiting(QUESTION, SLOWER, 1.25), "a.jpg, find: asked again in 1.2 s"),
    (uploaded(QUESTION, "a.jpg", UPLOAD, 1.5, again=False), "a.jpg: uploaded (3.0 MB)"),
    (
        uploaded(QUESTION, "a.jpg", UPLOAD, 1.5, again=True),
        "a.jpg: uploaded (3.0 MB) again: the file was gone",
    ),
    (batch(replace(PART, batch=None), "uploaded"), "askpix-1: uploaded (40 requests)"),
    (
        batch(PART, "failed", RemoteBatch("batches/b1", "failed", "", None, "busy", 40, 3, 1)),
        "batches/b1: failed (40 requests, 3 answered, 1 failed): busy",
    ),
    (concluded("a.jpg, find", FOUND, "asked"), "a.jpg, find: ok, 3 detections"),
    (
        concluded("a.jpg, find", FAILED, "asked", earlier=True),
        "a.jpg, find: failed: busy",
    ),
    (recalled(QUESTION, "asked"), "a.jpg, find: was answered before"),
    (recalled(QUESTION, "cache"), "a.jpg, find: the answer comes from the cache"),
    (
        recalled(QUESTION, "shared"),
        "a.jpg, find: another case asks exactly the same: its answer is taken",
    ),
    (
        doubtful(QUESTION),
        (
            "a.jpg, find: it was being asked when the session before was killed: it may be paid for"
            " twice (about $0.0053)"
        ),
    ),
    (event("rate", "m", "requests", 58.5, "slower"), "m: 58.5 requests a minute: slower"),
    (event("gate", "m", 7.25, "slower"), "m: nothing is sent for 7.2 s: slower"),
    (
        event("breaker", "m", 2.0, "busy"),
        "m: the service has trouble, one request at a time: busy",
    ),
    (event("breaker", "m", 0.0, "the service answers"), "m: the service works again"),
    (halted("interrupted", "interrupted"), "nothing more is asked: interrupted"),
    (
        problem(Problem("W140", "this name moves", severity="warning")),
        "warning[W140]: this name moves",
    ),
    (said("finishing what is under way"), "finishing what is under way"),
    (TALLY.ended(0, None, None, "x"), "done; 2 results, 4 requests sent, $0.0012"),
    (
        TALLY.ended(5, "limit", "max_requests of 4 is reached", "x"),
        "stopped: max_requests of 4 is reached; 2 results, 4 requests sent, $0.0012",
    ),
]


@pytest.mark.parametrize(("event", "line"), SAID, ids=lambda each: getattr(each, "name", ""))
def test_an_event_is_a_sentence(event: Event, line: str) -> None:
    """In the words of the rest of the program."""
    assert words(event) == line


def test_every_event_has_its_words() -> None:
    """The table above leaves none out."""
    assert {event.name for event, _ in SAID} == set(get_args(EventName))


def test_without_verbose_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The log stands in the run folder all the same."""
    log_lines("text", verbose=False, hide=str)(said("hello"))
    assert capsys.readouterr() == ("", "")


def test_a_line_for_people_begins_with_the_time_of_their_clock(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On stderr; what a model or a file name says is shown, never acted on; keys are hidden."""
    key = "0123456789abcdefghij"
    log = log_lines("text", verbose=True, hide=Secret.of(key).hidden, now=lambda: NOON)
    log(said(f"a\x1b[31m\nb {key}"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"{NOON.astimezone():%H:%M:%S} a\\x1b[31m\\nb [key]\n"


def test_a_line_for_programs_is_a_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as in log.jsonl, on stderr."""
    log_lines("json", verbose=False, hide=str, now=lambda: NOON, clock=lambda: 7.0)(said("hello"))
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {
        "time": "2026-11-20T12:00:00.000Z",
        "seconds": 0.0,
        "event": "said",
        "sentence": "hello",
    }


def test_what_a_session_before_had_is_told_to_programs_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of a run that goes on with 10,000 results, a person reads what is new."""
    for form in ("text", "json"):
        log = log_lines(form, verbose=True, hide=str, now=lambda: NOON, clock=lambda: 0.0)  # type: ignore[arg-type]
        for earlier in (True, False):
            log(concluded("a.jpg, find", FOUND, "asked", earlier=earlier))
    *text, _, _ = capsys.readouterr().err.splitlines()
    assert [line[9:] for line in text] == ["a.jpg, find: ok, 3 detections"]


def test_a_closed_stderr_stops_nothing() -> None:
    """`2>&-`, or a reader that went away."""
    code = (
        "import sys; from runner.cli.log_lines import log_lines; "
        "from runner.values.event import said; sys.stderr.close(); "
        "log_lines('json', verbose=True, hide=str)(said('hello')); print('on')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.stdout == b"on\n"


WITH_BAR = """
from runner.cli.log_lines import log_lines
from runner.cli.progress import progress
from runner.values.event import said
from runner.values.result import Result
from runner.values.tally import Tally
tally = Tally(total=3)
with progress(3, quiet=False, budget_usd=None) as watch:
    log = log_lines("text", verbose=True, hide=str)
    for number in range(3):
        log(said(f"event {number} [bold]:smile:"))
        tally.add(Result(number, "a.jpg", "find", {}, 1, (), "ok"))
        watch(tally)
"""


def test_lines_appear_above_the_bar_and_leave_it_whole() -> None:
    """On a terminal: each on a line of its own, nothing in them is markup, and the bar goes on."""
    terminal, its_end = pty.openpty()
    shown = b""
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        child = subprocess.Popen(
            [sys.executable, "-c", WITH_BAR],
            stdout=its_end,
            stderr=its_end,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80"},
        )
        os.close(its_end)
        while True:
            try:
                piece = screen.read(4096)
            except OSError:  # Linux: the other end is closed
                break
            if not piece:
                break
            shown += piece
        assert child.wait(timeout=30) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
    events = [line for line in lines if "event" in line]
    assert [line[9:] for line in events] == [f"event {n} [bold]:smile:" for n in range(3)]
    assert any("3/3" in line for line in lines if "event" not in line)


def test_mistakes_are_lines_for_a_program_too(tmp_path: Path) -> None:
    """With `--log-format json`, stderr holds nothing but JSON lines, also for an invalid workflow."""
    (tmp_path / "w.workflow.yaml").write_text(
        "version: 1\nimages: a.png\nsteps: [{id: a, prmpt: x}]\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "runner", "run", "w.workflow.yaml", "--log-format", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert (done.returncode, done.stdout) == (2, "")
    assert [(line["event"], line["code"], line["line"]) for line in lines] == [
        ("problem", "W201", 3)
    ]
