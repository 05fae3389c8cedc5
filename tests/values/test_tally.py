"""The totals of a run: what was asked, what was there already, what was paid and what was saved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runner.values.event import asked, doubtful, missed
from runner.values.question import Question
from runner.values.response import Failure
from runner.values.result import Result, Status
from runner.values.tally import Tally

QUESTION = Question("k", 0, "a.jpg find", 0.0002)


def result(status: Status = "ok", cost: float | None = 0.001, **more: Any) -> Result:
    usage = {"input_tokens": 1000, "output_tokens": 50, "thought_tokens": 10}
    return Result(
        ordinal=0, case="a.jpg", step="find", combination={}, repeat=1, images=(), status=status,
        usage=usage if status != "failed" else {}, cost_usd=cost, model="gemini-3.5-flash", **more,
    )  # fmt: skip


def test_only_what_this_run_asked_for_cost_something() -> None:
    """A cached answer, and one that another case asks for too, are counted as saved."""
    tally = Tally(total=5)
    tally.add(result())
    tally.add(result(), earlier=True)
    tally.add(result(), "cache")
    tally.add(result(), "shared")
    tally.add(result("failed"))
    assert (tally.cost_usd, tally.session_usd, tally.saved_usd) == (0.002, 0.001, 0.002)
    assert (tally.by_origin, tally.earlier) == ({"asked": 1, "cache": 1, "shared": 1}, 1)
    assert (tally.input_tokens, tally.output_tokens, tally.thought_tokens) == (2000, 100, 20)
    assert tally.models == {"gemini-3.5-flash": 4}


def test_each_model_has_its_own_bill() -> None:
    """What was paid for, by the model that answered; a sum with a part that nobody knows is marked."""
    tally, other = Tally(total=5), {"input_tokens": 10, "image_tokens": 7, "cached_tokens": 4}
    tally.add(result())
    tally.add(result(), earlier=True)
    tally.add(result(), "cache")
    tally.add(replace(result(cost=None), model="b", usage=other))
    tally.add(replace(result(cost=0.5), model="b", usage={**other, "output_tokens": 3}))
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


def test_an_unknown_price_matters_only_where_something_was_bought() -> None:
    """What came from the cache cost nothing, whatever its price."""
    tally = Tally(total=2)
    tally.add(result(cost=None), "cache")
    assert tally.unpriced == 0
    tally.add(result(cost=None))
    assert tally.unpriced == 1


def test_an_answer_that_does_not_say_what_it_used_is_of_unknown_cost() -> None:
    """It counts as an answer; the cost is told as incomplete."""
    tally = Tally(total=1)
    tally.add(replace(result(cost=None), usage={}))
    assert (tally.by_origin, tally.unpriced, tally.cost_usd) == ({"asked": 1}, 1, 0.0)


def test_requests_are_counted_as_they_leave() -> None:
    """Two tries of one question, the first of which met a rate limit."""
    tally = Tally(total=1)
    tally.note(asked(QUESTION, 1, "m"))
    tally.note(missed(QUESTION, 1, Failure("rate_limit", "slower", status=429)))
    tally.note(asked(QUESTION, 2, "m"))
    assert (tally.requests, tally.retried, tally.rate_limited) == (2, 1, 1)
    assert (tally.doubtful, tally.doubtful_usd) == (0, 0.0)


def test_what_may_have_been_paid_for_without_an_answer_is_doubtful() -> None:
    """A lost response of this session, and one that an earlier session was killed over."""
    tally = Tally(total=1)
    tally.note(missed(QUESTION, 1, Failure("transport", "reset", maybe_billed=True)))
    tally.note(doubtful(Question("l", 1, "b.jpg find", 0.0003)))
    assert (tally.doubtful, tally.doubtful_names) == (2, ["a.jpg find", "b.jpg find"])
    assert round(tally.doubtful_usd, 9) == 0.0005


def test_the_end_of_a_session_is_an_event() -> None:
    """With the totals that its summary shows."""
    tally = Tally(total=3)
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
        "cost_usd": 0.001,
        "session_usd": 0.001,
        "saved_usd": 0.0,
        "doubtful": 0,
        "folder": "runs/a",
    }
