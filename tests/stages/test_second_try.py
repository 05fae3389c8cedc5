"""What is asked when an answer was cut off for its length, and when it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.stages.second_try import is_out_of_room, second_tries, with_earlier_try
from runner.values.request import Request, Settings, TextPart
from runner.values.response import Failure, Finish, Response, Usage
from runner.values.result import Issue, Result

HELLO = Request("interactions", "m", (TextPart("Hello"),), settings=Settings(temperature=0.0))


def asked(room: int | None) -> Request:
    return replace(HELLO, settings=replace(HELLO.settings, max_output_tokens=room))


@pytest.mark.parametrize(
    ("room", "limit", "tries"),
    [
        (100, 65_536, [200, 400, 800]),
        (1000, 3000, [2000, 3000]),
        (2999, 3000, [3000]),
        (3000, 3000, []),
        (9000, 3000, []),
        (None, 65_536, []),
    ],
)
def test_every_try_has_twice_the_room(room: int | None, limit: int, tries: list[int]) -> None:
    """At most three, never beyond what the model can say; nothing else of the request changes."""
    assert second_tries(asked(room), limit) == tuple(asked(more) for more in tries)


@given(st.integers(1, 1 << 20), st.integers(1, 1 << 20))
def test_every_try_is_a_request_of_its_own(room: int, limit: int) -> None:
    """Its room grows, so it has a key of its own: it is stored and found again like any other."""
    tries = second_tries(asked(room), limit)
    rooms = [request.settings.max_output_tokens or 0 for request in tries]
    assert rooms == sorted(set(rooms))
    assert all(room < more <= min(limit, room * 8) for more in rooms)
    assert len({asked(room).key, *(request.key for request in tries)}) == len(tries) + 1


@pytest.mark.parametrize(
    ("finish", "reason", "more"),
    [
        ("cut_off", "incomplete", True),
        ("cut_off", "length", True),
        ("cut_off", "MAX_TOKENS", True),
        ("cut_off", "budget_exceeded", False),
        ("cut_off", "requires_continuation", False),
        ("cut_off", "CONTINUATION", False),
        ("complete", "completed", False),
        ("refused", "MAX_TOKENS", False),
        ("failed", "failed", False),
    ],
)
def test_only_an_answer_that_met_its_limit_is_asked_again(
    finish: Finish, reason: str, more: bool
) -> None:
    """Nothing else gets better with more room."""
    assert is_out_of_room(Response("[", finish, reason, Usage(), "m", b"{}")) is more


def test_a_failure_is_not_asked_again_with_more_room() -> None:
    """It is retried, or not, for what it is."""
    assert not is_out_of_room(Failure("transport", "the answer is cut off"))


DOUBT = Issue("maybe_billed", "the request may have been executed and paid for")
CUT = Result(
    0,
    "a.png",
    "find",
    {},
    1,
    (),
    "truncated",
    answer=["a"],
    usage={"input_tokens": 100, "output_tokens": 50},
    cost_usd=0.25,
    request_key="first",
)
WHOLE = replace(
    CUT,
    status="ok",
    answer=["a", "b"],
    usage={"input_tokens": 100, "output_tokens": 70, "image_tokens": 9},
    cost_usd=0.5,
    request_key="second",
)
FAILED = replace(
    CUT, status="failed", answer=None, error="Busy.", usage={}, cost_usd=None, issues=(DOUBT,)
)


def test_a_second_try_costs_what_both_cost() -> None:
    """The answer is that of the second try; tokens and dollars are those of both."""
    why = "an answer before this one was cut off; asked again with more room"
    assert with_earlier_try(WHOLE, CUT) == replace(
        WHOLE,
        usage={"input_tokens": 200, "output_tokens": 120, "image_tokens": 9},
        cost_usd=0.75,
        issues=(Issue("asked_again", why),),
    )
    assert with_earlier_try(replace(WHOLE, cost_usd=None), CUT).cost_usd is None


def test_a_second_try_that_fails_leaves_the_first_answer() -> None:
    """It was paid for; that the second one may be, too, is not forgotten."""
    why = "asked again with more room, which failed: Busy."
    kept = with_earlier_try(FAILED, CUT)
    assert kept == replace(CUT, issues=(DOUBT, Issue("asked_again", why)))


def test_without_an_earlier_try_a_result_is_its_own() -> None:
    """Nothing is added."""
    assert with_earlier_try(WHOLE, None) == WHOLE
