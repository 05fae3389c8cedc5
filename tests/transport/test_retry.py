"""Asking again: how often, how long apart, and when it ends. On a clock that costs no time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.transport.retry import Progress, next_wait, retrying
from runner.values.request import Policy, Request, TextPart
from runner.values.response import Failure, Response, Usage

HELLO = Request("interactions", "m", (TextPart("Hello"),))
YES = Response("yes", "complete", "completed", Usage(), "m", b"{}")
BUSY = Failure("overloaded", "Busy.", status=503)
BROKEN = Failure("transport", "Broken.", maybe_billed=True)
RATE = Failure("rate_limit", "Slow down.", status=429)


@dataclass
class World:
    """A service that answers from a list (its last answer again and again), and a clock that only
    moves when somebody sleeps or asks."""

    answers: list[Response | Failure]
    seconds_an_attempt: float = 1.0
    dice: float = 0.5
    now: float = 100.0
    waits: list[float] = field(default_factory=list)

    async def ask(self, request: Request) -> Response | Failure:
        self.now += self.seconds_an_attempt
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def outcome(self, policy: Policy | None = None) -> Response | Failure:
        ask = retrying(
            self.ask,
            policy or Policy(),
            sleep=self.sleep,
            dice=lambda: self.dice,
            clock=lambda: self.now,
        )
        return asyncio.run(ask(HELLO))  # type: ignore[arg-type]


def test_an_answer_is_not_asked_for_again() -> None:
    """One try, no wait."""
    world = World([YES])
    assert world.outcome() == YES
    assert world.waits == []


def test_a_busy_service_is_asked_again_after_growing_random_waits() -> None:
    """Full jitter: a random share of 1, 2, 4, 8 seconds."""
    world = World([BUSY, BUSY, BUSY, BUSY, YES])
    assert world.outcome() == replace(YES, attempts=5)
    assert world.waits == [0.5, 1.0, 2.0, 4.0]


def test_it_is_asked_as_often_as_the_policy_says() -> None:
    """`retries` counts the tries after the first; the failure says how many there were."""
    world = World([BUSY])
    assert world.outcome(Policy(retries=2)) == replace(BUSY, attempts=3)
    assert World([BUSY]).outcome(Policy(retries=0)) == BUSY


def test_what_the_service_asks_to_wait_is_waited() -> None:
    """When it is longer than our own wait."""
    world = World([replace(BUSY, wait_seconds=30.0), replace(BUSY, wait_seconds=0.1), YES])
    world.outcome()
    assert world.waits == [30.0, 1.0]


def test_a_rate_limit_uses_no_attempt_and_is_asked_again_at_once() -> None:
    """It waits further in, with all the others. Nine of them, then an answer, with no retry allowed."""
    world = World([replace(RATE, wait_seconds=22.9)] * 4 + [RATE] * 5 + [YES])
    assert world.outcome(Policy(retries=0)) == replace(YES, attempts=10)
    assert set(world.waits) == {0.1}


def test_a_rate_limit_without_end_becomes_a_quota() -> None:
    """After 15 minutes in which nothing got through; it can be resumed another day."""
    world = World([replace(RATE, wait_seconds=60.0)], seconds_an_attempt=60.0)
    outcome = world.outcome()
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.stops_run, outcome.attempts) == ("quota", True, 15)
    assert outcome.message == (
        "no request got through for 15 minutes; the service says: Slow down."
    )


def test_a_rate_limit_is_waited_out_while_others_get_through() -> None:
    """A small quota serves many requests, each in its turn: that is no reason to stop."""
    world, turns = World([]), 0

    async def ask(request: Request) -> Response | Failure:
        nonlocal turns
        turns += 1
        world.now += 60.0
        await asyncio.sleep(0)
        return YES if request.repeat == 2 or turns > 60 else RATE

    async def both() -> Response | Failure:
        asks = retrying(ask, Policy(), sleep=asyncio.sleep, clock=lambda: world.now)

        async def other() -> None:
            for _ in range(60):
                await asks(replace(HELLO, repeat=2))

        _, outcome = await asyncio.gather(other(), asks(HELLO))
        return outcome

    assert isinstance(asyncio.run(both()), Response)
    assert world.now - 100 > 15 * 60


@pytest.mark.parametrize("failure", [replace(BUSY, status=500), Failure("unreadable", "<html>")])
def test_what_seldom_heals_is_asked_three_times(failure: Failure) -> None:
    """A 500 may mean that the input is too long; each unreadable answer may have been paid for."""
    outcome = World([failure]).outcome(Policy(retries=9))
    assert outcome == replace(failure, attempts=3)


@pytest.mark.parametrize(
    "failure",
    [
        Failure("bad_request", "No."),
        Failure("too_large", "No."),
        Failure("file_gone", "No."),
        Failure("image", "No."),
        Failure("credentials", "No.", stops_run=True),
        Failure("quota", "No.", stops_run=True),
        Failure("unreadable", "A redirect.", stops_run=True),
        Failure("connect", "Not a web address.", stops_run=True),
        replace(BUSY, wait_seconds=3600.0),
    ],
)
def test_what_asking_cannot_change_is_asked_once(failure: Failure) -> None:
    """The failure is told as it is."""
    world = World([failure])
    assert world.outcome() == failure
    assert world.waits == []


def test_a_failure_remembers_that_an_earlier_try_may_have_been_paid_for() -> None:
    """The bill is told as an upper bound."""
    outcome = World([BROKEN, BUSY]).outcome(Policy(retries=1))
    assert outcome == replace(BUSY, attempts=2, maybe_billed=True)


def test_a_connection_cut_twice_while_sending_means_too_large() -> None:
    """Servers that refuse large requests early look like a broken network."""
    cut = Failure("transport", "Cut.", code="cut_while_sending")
    outcome = World([cut]).outcome()
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.attempts) == ("too_large", 2)
    assert World([cut, BUSY, cut, YES]).outcome() == replace(YES, attempts=4)


failures = st.builds(
    Failure,
    st.sampled_from(["connect", "transport", "overloaded", "unreadable", "rate_limit", "quota"]),
    st.just("No."),
    status=st.sampled_from([None, 429, 500, 503]),
    wait_seconds=st.none() | st.floats(0.001, 1e9),
)


@given(failures, st.integers(1, 60), st.floats(0, 1e6), st.floats(0, 0.999))
def test_a_wait_is_never_endless_and_never_shorter_than_asked_for(
    failure: Failure, failed: int, starved: float, share: float
) -> None:
    """Whatever happened before; a rate limit is not waited for here."""
    wait = next_wait(failure, Progress(failed, failed, starved), Policy(retries=100), share)
    asked = 0.0 if failure.kind == "rate_limit" else failure.wait_seconds or 0.0
    assert wait is None or asked <= wait <= 15 * 60
