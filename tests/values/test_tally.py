"""The totals of a run: what was asked, what was there already, what was paid and what was saved."""

from __future__ import annotations

from typing import Any

from runner.values.event import answered, asked, missed
from runner.values.question import Question
from runner.values.response import Failure, Response, Usage
from runner.values.result import Result, Status
from runner.values.tally import Tally
from runner.values.totals import Spent, Totals

QUESTION = Question("k", 0, "a.jpg find", 0.0002)


def result(status: Status = "ok", cost: float | None = 0.001, **more: Any) -> Result:
    usage = {"input_tokens": 1000, "output_tokens": 50, "thought_tokens": 10}
    return Result(
        ordinal=0, case="a.jpg", step="find", combination={}, repeat=1, images=(), status=status,
        usage=usage if status != "failed" else {}, cost_usd=cost, model="gemini-3.5-flash", **more,
    )  # fmt: skip


TOTALS = Totals(
    attempts=9,
    sent=9,
    cost_usd=0.502,
    session_usd=0.001,
    bound_usd=0.6,
    doubtful=2,
    doubtful_usd=0.0005,
    doubtful_names=("a.jpg, find", "b.jpg, find"),
    by_model={
        "b": Spent(2, 20, 14, 8, 3, 0, 0.5, 1),
        "gemini-3.5-flash": Spent(2, 2000, None, 0, 100, 20, 0.002, 0),
    },
)


def test_answers_are_counted_by_where_they_came_from() -> None:
    """A cached answer, and one that another case asks for too, are counted as saved; a request that
    failed brought none. What was paid is no property of the results that stand."""
    tally = Tally(total=5)
    tally.add(result())
    tally.add(result(), earlier=True)
    tally.add(result(), "cache")
    tally.add(result(cost=None), "shared")
    tally.add(result("failed"))
    assert (tally.by_origin, tally.earlier) == ({"asked": 1, "cache": 1, "shared": 1}, 1)
    assert (tally.saved_usd, tally.cost_usd, tally.input_tokens) == (0.001, 0.0, 0)
    assert tally.models == {"gemini-3.5-flash": 4}


def test_dollars_tokens_and_doubts_are_those_of_the_ledger() -> None:
    """Of every session, answers that were replaced included; by model, and a price that nobody knows
    is marked."""
    tally = Tally(total=5)
    tally.account(TOTALS)
    assert (tally.cost_usd, tally.session_usd, tally.unpriced) == (0.502, 0.001, 1)
    assert (tally.input_tokens, tally.output_tokens, tally.thought_tokens) == (2020, 103, 20)
    assert (tally.doubtful, tally.doubtful_usd) == (2, 0.0005)
    assert tally.doubtful_names == ("a.jpg, find", "b.jpg, find")
    assert tally.spent_as_json() == {
        "b": {
            "answers": 2,
            "input": 20,
            "image": 14,
            "cached": 8,
            "output": 3,
            "thought": 0,
            "cost_usd": 0.5,
            "cost_complete": False,
        },
        "gemini-3.5-flash": {
            "answers": 2,
            "input": 2000,
            "image": None,  # these answers did not tell
            "cached": 0,
            "output": 100,
            "thought": 20,
            "cost_usd": 0.002,
            "cost_complete": True,
        },
    }


def test_what_is_answered_is_paid_at_once() -> None:
    """A progress line does not wait for the ledger."""
    tally = Tally(total=5)
    tally.account(TOTALS)
    response = Response("", "complete", "", Usage(1000, 50, 10), "m", b"")
    for cost in (0.25, None):
        tally.note(answered(QUESTION, 1, response, cost))
    assert (tally.cost_usd, tally.session_usd) == (0.752, 0.251)
    assert (tally.input_tokens, tally.output_tokens, tally.thought_tokens) == (4020, 203, 40)


def test_requests_are_counted_as_they_leave() -> None:
    """Two tries of one question, the first of which met a rate limit."""
    tally = Tally(total=1)
    tally.note(asked(QUESTION, 1, "m"))
    tally.note(missed(QUESTION, 1, Failure("rate_limit", "slower", status=429)))
    tally.note(asked(QUESTION, 2, "m"))
    assert (tally.requests, tally.retried, tally.rate_limited) == (2, 1, 1)


def test_the_end_of_a_session_is_an_event() -> None:
    """With the totals that its summary shows."""
    tally = Tally(total=3)
    tally.account(TOTALS)
    tally.add(result())
    tally.add(result("failed"))
    tally.note(asked(QUESTION, 1, "m"))
    assert dict(tally.ended(5, "limit", "max_requests of 1 is reached", "runs/a").fields) == {
        "exit_code": 5,
        "stopped": "limit",
        "why": "max_requests of 1 is reached",
        "results": 2,
        "unusable": 1,
        "not_asked": 1,
        "requests": 1,
        "cost_usd": 0.502,
        "session_usd": 0.001,
        "saved_usd": 0.0,
        "doubtful": 2,
        "folder": "runs/a",
    }
