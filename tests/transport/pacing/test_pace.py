"""Even spacing, what a refusal teaches, and when more is tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.transport.pacing.pace import LATENESS_SECONDS, Pace


def times(pace: Pace, start: float, requests: int, cost: float = 1.0) -> list[float]:
    """When so many requests leave that all want to leave at `start`."""
    now, left = start, []
    for number in range(requests):
        now += pace.wait(now)
        pace.take(now, number, cost)
        left.append(round(now, 6))
    return left


def paced_at(per_minute: float) -> Pace:
    """A pace that was found out, not told."""
    return Pace(per_minute=per_minute)


def test_nothing_is_held_back_while_nothing_is_known() -> None:
    """The service has not refused anything."""
    assert times(Pace(), 5.0, 4) == [5.0] * 4


def test_requests_leave_at_even_distances() -> None:
    """30 a minute are one every two seconds, the first at once."""
    assert times(paced_at(30), 100.0, 4) == [100.0, 101.9, 103.9, 105.9]


def test_half_a_request_a_minute_is_one_every_two_minutes() -> None:
    """Paces below one are paces."""
    assert times(paced_at(0.5), 1000.0, 3) == [1000.0, 1119.9, 1239.9]


def test_what_was_not_used_is_not_made_up_for() -> None:
    """After an hour in which nothing left, the distances are the same."""
    pace = paced_at(30)
    times(pace, 0.0, 3)
    assert times(pace, 3600.0, 3) == [3600.0, 3601.9, 3603.9]


def test_tokens_are_paid_for_after_they_left() -> None:
    """6,000 tokens a minute are 100 a second; a request of 500 keeps the next one for 5 seconds."""
    assert times(paced_at(6000), 10.0, 3, cost=500) == [10.0, 14.9, 19.9]


def test_an_estimate_is_corrected_by_what_was_counted() -> None:
    """The next request waits for what the last one really cost."""
    pace = paced_at(6000)
    pace.take(10.0, 1, 500)
    pace.correct(1, 500, 800)
    assert pace.wait(10.0) == pytest.approx(8.0 - LATENESS_SECONDS)


def test_a_known_quota_is_used_to_98_per_cent_and_the_lower_of_two_holds() -> None:
    """Two workflows of one command may say something else of the same model."""
    pace = Pace()
    pace.keep_below(None)
    assert pace.per_minute is None
    pace.keep_below(1000)
    pace.keep_below(100)
    pace.keep_below(500)
    assert (pace.per_minute, pace.most) == (98, 98)


def busy(pace: Pace, seconds: int) -> Pace:
    """A pace after a request each second, none of them refused."""
    for second in range(seconds):
        pace.take(float(second), second, 1.0)
    return pace


def test_a_cut_goes_down_to_what_got_through_in_the_minute_before() -> None:
    """60 did, so there may be 58.8; what was refused did not."""
    pace = busy(Pace(), 100)
    pace.refuse(99)
    assert pace.cut(100.0, 99.0, 0.0, 1.0)
    assert pace.per_minute == pytest.approx(0.98 * 59)


def test_the_minute_that_counts_ends_when_the_service_says() -> None:
    """Told to wait for 31 seconds, a minute by the clock began 29 seconds ago (and one for their
    rounding): what left before that was of another minute."""
    pace = busy(Pace(), 100)
    assert pace.cut(100.0, 99.0, 31.0, 1.0)
    assert pace.per_minute == pytest.approx(0.98 * 30)


def test_nothing_is_learnt_from_a_minute_that_others_may_have_used() -> None:
    """A program that has just begun cannot know what was there before; one that was there from the
    beginning of the minute can."""
    pace = busy(Pace(), 20)
    assert not pace.cut(20.0, 19.0, 10.0, 1.0)
    assert pace.per_minute is None
    assert pace.cut(20.0, 19.0, 42.0, 1.0)
    assert pace.per_minute == pytest.approx(0.98 * 19)


def test_a_cut_never_goes_below_half_nor_below_one_such_request_a_minute() -> None:
    """Others may have used the quota up; and a request of 5,000 tokens must be able to leave."""
    pace = paced_at(100)
    pace.take(0.0, 1, 1.0)
    pace.patience.good = 100
    assert pace.cut(1000.0, 1000.0, 0.0, 1.0)
    assert pace.per_minute == 50
    tokens = Pace()
    tokens.take(0.0, 1, 700)
    assert tokens.cut(1000.0, 1000.0, 0.0, 5000)
    assert tokens.per_minute == 5000


def used_fully(pace: Pace, start: float, seconds: float) -> float:
    """Time after a pace was used fully for so long, with every request answered at once."""
    now, number = start, 0
    while now < start + seconds:
        now += pace.wait(now) or 0.01
        number += 1
        pace.take(now, number, 1.0)
        pace.grow(now)
    return now


def test_more_is_tried_after_a_while_in_steps_that_grow() -> None:
    """A minute of holding still, then some per cent every ten seconds, and soon more than that."""
    pace = paced_at(60)
    pace.patience.begin(0.0, 61)
    now = used_fully(pace, 0.0, 59)
    assert pace.per_minute == 60
    now = used_fully(pace, now, 4)
    assert pace.per_minute == pytest.approx(60 * 1.03)
    used_fully(pace, now, 180)
    assert pace.per_minute > 150


def test_a_limit_that_is_met_again_is_held_twice_as_long() -> None:
    """Each try costs refusals, and would find the same."""
    pace = paced_at(60)
    holds = []
    for good in (60, 61, 59, 60, 90, 91):
        pace.patience.begin(0.0, good)
        holds.append(pace.patience.hold_seconds)
    assert holds == [60, 120, 240, 480, 60, 120]


def test_sixty_answers_for_each_refusal_are_patience_enough() -> None:
    """At a thousand a minute nobody waits for a minute."""
    pace = paced_at(1200)
    pace.patience.begin(0.0, 1200)
    pace.patience.begin(0.0, 1200)
    pace.refuse(0)  # two by now
    used_fully(pace, 0.0, 5)
    assert pace.per_minute == 1200
    used_fully(pace, 5.0, 6)
    assert pace.per_minute == 1200 * 1.03


def test_a_pace_that_nobody_uses_does_not_grow() -> None:
    """An answer every ten seconds says nothing about 60 a minute."""
    pace = paced_at(60)
    for step in range(60):
        pace.take(10.0 * step, step, 1.0)
        pace.grow(10.0 * step)
    assert pace.per_minute == 60


def test_a_known_quota_is_never_passed() -> None:
    """Also not when it grows back after a cut."""
    pace = Pace()
    pace.keep_below(100)
    pace.take(0.0, 1, 1.0)
    pace.cut(100.0, 100.0, 0.0, 1.0)
    assert pace.per_minute == pytest.approx(1)
    used_fully(pace, 100.0, 3600)
    assert pace.per_minute == pytest.approx(98)


@given(
    quota=st.floats(0.1, 10_000),
    idle=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.001, 0.05, 1.0, 70.0]), max_size=300),
)
def test_no_minute_ever_holds_more_than_the_quota(quota: float, idle: list[float]) -> None:
    """Wherever it begins, whenever requests come, and however late they are sent."""
    pace, now, left = Pace(), 1000.0, []
    pace.keep_below(quota)
    for number, pause in enumerate(idle):
        now += pace.wait(now) + pause
        pace.take(now, number, 1.0)
        left.append(now)
    for first, begin in enumerate(left):
        inside = sum(1 for each in left[first:] if each < begin + 60)
        assert inside <= quota * 1.02 + 1


@given(
    costs=st.lists(st.tuples(st.integers(1, 5000), st.floats(0.5, 2)), max_size=100),
    quota=st.integers(10_000, 100_000),
)
def test_no_minute_ever_holds_more_tokens_than_the_quota_and_one_request(
    costs: list[tuple[int, float]], quota: int
) -> None:
    """When the estimates are right, or corrected at once."""
    pace, now, left = Pace(), 0.0, []
    pace.keep_below(quota)
    for number, (cost, wrong) in enumerate(costs):
        now += pace.wait(now)
        pace.take(now, number, cost * wrong)
        pace.correct(number, cost * wrong, cost)
        left.append((now, cost))
    for first, (begin, _) in enumerate(left):
        inside = sum(cost for each, cost in left[first:] if each < begin + 60)
        assert inside <= quota * 1.02 + 5000
