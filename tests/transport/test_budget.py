"""Limits on money and requests hold while requests are in flight."""

from __future__ import annotations

import asyncio

from runner.transport.budget import Budget, counted
from runner.transport.retry import retrying
from runner.values.request import Policy, Request, TextPart
from runner.values.response import Failure, Response

REQUEST = Request("interactions", "m", (TextPart("What?"),))


def test_without_a_limit_everything_is_allowed() -> None:
    """No `max_cost_usd`: any estimate is taken."""
    assert asyncio.run(Budget().reserve(1e9)) is None


def test_what_was_spent_and_the_next_estimate_stay_below_the_limit() -> None:
    """The third request of one cent does not fit into 2.5 cents; the sentence says why."""

    async def story() -> list[str | None]:
        budget = Budget(max_cost_usd=0.025)
        said = []
        for _ in range(3):
            said.append(await budget.reserve(0.01))
            budget.settle(0.01, 0.01)
        return said

    assert asyncio.run(story()) == [
        None,
        None,
        "the next request could pass max_cost_usd of $0.025: $0.0200 is spent, it may cost $0.0100",
    ]


def test_a_request_waits_for_those_in_flight_before_it_is_refused() -> None:
    """They may cost less than was estimated: then there is room for it after all."""

    async def story() -> tuple[bool, str | None]:
        budget = Budget(max_cost_usd=0.02)
        await budget.reserve(0.015)
        waiting = asyncio.ensure_future(budget.reserve(0.015))
        await asyncio.sleep(0)
        was_waiting = not waiting.done()
        budget.settle(0.015, 0.001)
        return was_waiting, await waiting

    assert asyncio.run(story()) == (True, None)


def test_an_unknown_cost_stays_the_estimate() -> None:
    """A request that may have been paid for counts as paid for."""
    budget = Budget(max_cost_usd=1)
    asyncio.run(budget.reserve(0.2))
    budget.settle(0.2, None)
    assert (budget.spent_usd, budget.reserved_usd) == (0.2, 0.0)


def test_second_tries_are_requests_too() -> None:
    """`max_requests: 3` against a service that always fails: three requests, then the run stops."""
    sent = 0

    async def overloaded(request: Request) -> Response | Failure:
        nonlocal sent
        sent += 1
        return Failure("overloaded", "busy", status=503)

    async def no_wait(seconds: float) -> None:
        return

    budget = Budget(max_requests=3)
    ask = retrying(counted(overloaded, budget), Policy(retries=10), sleep=no_wait)
    outcome = asyncio.run(ask(REQUEST))  # type: ignore[arg-type]
    assert sent == 3
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.stops_run, outcome.message) == (
        "quota",
        True,
        "max_requests of 3 is reached",
    )


def test_nobody_asks_again_once_the_run_is_stopped() -> None:
    """A halt during the wait ends the retries; the last failure is what is told."""
    stopped = False

    async def overloaded(request: Request) -> Response | Failure:
        return Failure("overloaded", "busy", status=503)

    async def halted_meanwhile(seconds: float) -> None:
        nonlocal stopped
        stopped = True

    ask = retrying(overloaded, Policy(), sleep=halted_meanwhile, stopped=lambda: stopped)
    outcome = asyncio.run(ask(REQUEST))  # type: ignore[arg-type]
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.attempts) == ("overloaded", 1)
