"""When a run gives up on a request that the service refuses again and again."""

from __future__ import annotations

from dataclasses import replace

from runner.transport.streak import Streak
from runner.values.response import Failure, Response, Usage

NO = Failure("bad_request", "Unknown field.", status=400, code="INVALID_ARGUMENT")
OTHER = replace(NO, message="Unable to process input image.")
YES = Response("yes", "complete", "completed", Usage(), "m", b"{}")
BUSY = Failure("overloaded", "Busy.", status=503)


def ends(streak: Streak, *outcomes: Response | Failure) -> list[bool]:
    return [streak.add(outcome) is not None for outcome in outcomes]


def test_twenty_refusals_in_the_same_words_end_a_run() -> None:
    """Not one earlier; the sentence gives the words of the service."""
    streak = Streak()
    assert ends(streak, *[NO] * 19) == [False] * 19
    assert streak.add(NO) == (
        "20 requests in a row were refused for the same reason: Unknown field."
    )


def test_an_answer_ends_a_streak() -> None:
    """What is answered now and then is asked in the right way."""
    assert ends(Streak(most=2), NO, YES, NO, YES, NO) == [False] * 5


def test_another_reason_begins_a_streak_of_its_own() -> None:
    """Words, status and code must all be the same."""
    assert ends(Streak(most=2), NO, OTHER, NO, replace(NO, status=422), OTHER) == [False] * 5
    assert ends(Streak(most=2), OTHER, NO, NO) == [False, False, True]


def test_trouble_of_the_service_says_nothing_about_the_request() -> None:
    """It neither ends a streak nor makes one longer."""
    assert ends(Streak(most=2), NO, BUSY, BUSY, NO) == [False, False, False, True]
    assert ends(Streak(most=2), *[BUSY] * 30) == [False] * 30
