"""Every event says what `FIELDS` promises of it, in that order."""

from __future__ import annotations

from typing import get_args

import pytest

from runner.transport.pacing import Pacer
from runner.values.batch import Part, RemoteBatch
from runner.values.event import (
    FIELDS,
    Event,
    EventName,
    answered,
    asked,
    batch,
    concluded,
    doubtful,
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
from runner.values.problem import Place, Problem
from runner.values.question import Question
from runner.values.response import Failure, Response, Usage
from runner.values.result import Result
from runner.values.tally import Tally

QUESTION = Question("k1", 0, "a.jpg, find", 0.0053)
RESPONSE = Response("[]", "complete", "STOP", Usage(1120, 60, 192), "m", b"", seconds=3.21049)
RESULT = Result(0, "a.jpg", "find", {}, 1, (), "failed", error="no" * 1000, request_key="k1")
BUSY = Failure("overloaded", "busy", status=503, seconds=0.2)
SLOWER = Failure("rate_limit", "slower", status=429, wait_seconds=7.0)
PART = Part(1, "gemini", "m", "askpix-1", "created", 40, batch="batches/b1")

MADE = [
    run_started("cats", "runs/x", 2, "1.0", 100, None),
    Tally(total=1).ended(0, None, None, "runs/x"),
    asked(QUESTION, 1, "m"),
    answered(QUESTION, 1, RESPONSE, 0.0041),
    missed(QUESTION, 1, BUSY),
    waiting(QUESTION, BUSY, 1.23456),
    uploaded(QUESTION, "a.jpg", KnownFile("files/a", "https://x/files/a", 9, 0.0), 0.5, again=True),
    batch(PART, "running", RemoteBatch("batches/b1", "running", answered=3)),
    concluded("a.jpg, find", RESULT, "asked"),
    recalled(QUESTION, "cache"),
    doubtful(QUESTION),
    halted("interrupted", "interrupted"),
    problem(Problem("W201", "unknown key", Place("a.yaml", 6, 5))),
    problem(Problem("W500", "no key")),
    said("finishing what is under way"),
]


def paced() -> list[Event]:
    """The events of a pacer whose service refuses, breaks down and works again."""
    pacer, events = Pacer("m"), []
    for second, outcome in enumerate([*[RESPONSE] * 60, SLOWER, *[BUSY] * 5, RESPONSE]):
        turn = pacer.take(float(second), 1000)
        events += pacer.told(float(second), turn, outcome, 0.5)
    return events


@pytest.mark.parametrize("event", [*MADE, *paced()], ids=lambda event: event.name)
def test_an_event_has_the_fields_of_its_name(event: Event) -> None:
    """All of them, and in that order: it is the order of its line."""
    assert tuple(event.fields) == FIELDS[event.name]


def test_every_name_is_made_by_somebody() -> None:
    """No name stands in the list that nothing ever logs; every one has its fields."""
    assert {event.name for event in [*MADE, *paced()]} == set(get_args(EventName)) == set(FIELDS)


def test_no_field_hides_the_head_of_a_line() -> None:
    """`time`, `seconds` and `event` stand in every line."""
    used = {field for fields in FIELDS.values() for field in fields}
    assert used.isdisjoint({"time", "seconds", "event"})


def test_numbers_are_short_and_long_messages_are_cut() -> None:
    """Milliseconds are enough; the whole error stands in the results."""
    assert dict(answered(QUESTION, 1, RESPONSE, 0.0041).fields) == {
        "name": "a.jpg, find",
        "key": "k1",
        "attempt": 1,
        "model": "m",
        "finish": "complete",
        "input_tokens": 1120,
        "output_tokens": 60,
        "thought_tokens": 192,
        "cost_usd": 0.0041,
        "took_seconds": 3.21,
    }
    assert concluded("a.jpg, find", RESULT, "asked").fields["error"] == "no" * 500
