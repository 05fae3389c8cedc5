"""The gate, the breaker and the start: what each holds back, and for how long."""

from __future__ import annotations

from math import inf

import pytest

from runner.transport.pacing.breaker import Breaker
from runner.transport.pacing.gate import Gate
from runner.transport.pacing.start import Start


def test_the_gate_shuts_for_as_long_as_the_service_asks_and_a_little_more() -> None:
    """Up to a second more, so that several programs do not come back together."""
    gate = Gate()
    assert gate.shut(100.0, 99.0, 22.9, 0.5) == pytest.approx(23.4)
    assert gate.wait(101.0) == pytest.approx(22.4)


def test_the_longest_wait_that_was_asked_for_holds() -> None:
    """Those that were under way are refused one after the other, each with a wait of its own."""
    gate = Gate()
    gate.shut(100.0, 99.0, 20.0, 0.0)
    assert gate.shut(101.0, 99.5, 10.0, 0.0) == 0
    assert gate.shut(102.0, 99.6, 30.0, 0.0) == 30
    assert gate.until == 132


def test_without_a_wait_the_gate_shuts_for_1_2_4_up_to_60_seconds() -> None:
    """One step for each time that it opens and a request is refused again."""
    gate, now, waits = Gate(), 100.0, []
    for _ in range(8):
        waits.append(gate.shut(now, now, None, 0.7))
        assert gate.shut(now + 0.3, now - 1, None, 0.7) == 0  # was under way
        now = gate.until + 0.3
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_an_answer_starts_the_waits_again() -> None:
    """But none to what left before the gate was shut."""
    gate = Gate()
    gate.shut(100.0, 100.0, None, 0.0)
    gate.passed(99.0)
    assert gate.shut(102.0, 102.0, None, 0.0) == 2
    gate.passed(105.0)
    assert gate.shut(106.0, 106.0, None, 0.0) == 1


def test_a_wait_that_was_too_short_is_believed_less() -> None:
    """Half a second, asked for again and again."""
    gate, now, waits = Gate(), 0.0, []
    for _ in range(5):
        waits.append(gate.shut(now, now, 0.5, 0.25))
        now = gate.until
    assert waits == [0.75, 2, 4, 8, 16]


def test_when_the_gate_opens_one_goes_ahead() -> None:
    """The others follow half a second later: by then a refusal would have come back."""
    gate = Gate()
    gate.shut(100.0, 100.0, 10.0, 0.0)
    assert gate.take(110.0) is True
    assert gate.wait(110.0) == 0.5
    assert gate.take(110.5) is False
    assert gate.wait(110.5) == 0


def test_five_failures_in_a_row_open_the_breaker() -> None:
    """An answer in between starts the count again."""
    breaker = Breaker()
    for number in range(4):
        assert not breaker.troubled(1.0, number)
    assert not breaker.answered(0.0)
    opened = [breaker.troubled(2.0, number) for number in range(10, 15)]
    assert opened == [False, False, False, False, True]
    assert (breaker.is_open, breaker.wait(2.0)) == (True, 1.0)


def opened(now: float) -> Breaker:
    breaker = Breaker()
    for number in range(5):
        breaker.troubled(now, number)
    return breaker


def test_one_request_at_a_time_finds_out_after_growing_pauses() -> None:
    """1, 2, 4 … 60 seconds; while it is under way, nothing else leaves."""
    breaker, now, pauses = opened(0.0), 0.0, []
    for number in range(10, 19):
        pauses.append(breaker.wait(now))
        now += breaker.wait(now)
        breaker.take(number)
        assert breaker.wait(now) == inf
        breaker.troubled(now, number)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_was_under_way_neither_closes_the_breaker_nor_makes_it_wait_longer() -> None:
    """It left before, when nobody knew."""
    breaker = opened(10.0)
    assert not breaker.troubled(10.5, 99)
    assert not breaker.answered(9.0)
    assert (breaker.is_open, breaker.wait(10.5)) == (True, 0.5)


def test_the_first_answer_closes_the_breaker() -> None:
    """Whatever the service says, it works."""
    breaker = opened(0.0)
    breaker.take(9)
    assert breaker.answered(1.0) is True
    assert (breaker.is_open, breaker.wait(1.0), breaker.in_a_row) == (False, 0.0, 0)


def test_when_the_one_that_finds_out_is_cancelled_another_one_goes() -> None:
    """Nobody waits for an answer that will never come."""
    breaker = opened(0.0)
    breaker.take(9)
    breaker.vanished(9)
    assert breaker.wait(1.0) == 0


def test_the_start_opens_with_answers_and_with_time() -> None:
    """Four at first, one more for twenty answers, twice as many every five seconds."""
    start = Start()
    assert start.room(100.0) == 4
    start.answers = 80
    assert start.room(100.0) == 8
    assert start.room(110.0) == 32
    assert start.room(1e9) > 1e6
