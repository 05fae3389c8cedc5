"""Asking again: how long to wait after a failure, and when to stop asking.

Full jitter after Amazon's "Exponential Backoff And Jitter": a random share of a doubling span, so
that requests which failed together do not come back together.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from runner.roles import Ask
from runner.transport.breakage import CUT_WHILE_SENDING
from runner.transport.classify import PATIENCE_SECONDS, decide
from runner.values.request import Policy, Request
from runner.values.response import Failure, Response

LONGEST_BACKOFF_SECONDS = 60.0
PAUSE_SECONDS = 0.1
"""Before what is to be asked again at once: where nobody paces, in a replay, the loop breathes."""

FEW_RETRIES = 2
"""For failures that repeat themselves more often than not: a 500 may mean that the input is too
long, an answer that nobody can read may have been paid for."""

Sleep = Callable[[float], Awaitable[None]]
Dice = Callable[[], float]
"""A random number from 0 up to 1."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one request has been through: every try, those that used an attempt, and for how many
    seconds nobody got anything through."""

    tries: int = 0
    failed: int = 0
    starved_seconds: float = 0.0


def retrying(
    ask: Ask,
    policy: Policy,
    *,
    sleep: Sleep = asyncio.sleep,
    dice: Dice = random.random,
    clock: Callable[[], float] = time.monotonic,
    stopped: Callable[[], bool] = lambda: False,
    waits: Callable[[Failure, float], None] = lambda failure, seconds: None,
) -> Ask:
    """An `Ask` that asks again where that may help, and says in its outcome how often it asked.

    It does not ask again once `stopped` is true; `sleep` may end early for that. `waits` is told
    before every wait after which it asks again: why, and for how many seconds.

    A rate limit uses no attempt and is asked again at once: the pacer further in holds it back, with
    all the others. When no request has got through for 15 minutes, it is a `quota` failure that stops
    the run.
    """
    last_success = clock()

    async def ask_again(request: Request) -> Response | Failure:
        nonlocal last_success
        start, progress, before = clock(), Progress(), None
        while True:
            outcome = await ask(request)
            tries = progress.tries + 1
            if isinstance(outcome, Response):
                last_success = clock()
                return replace(outcome, attempts=tries)
            failure = _with_history(outcome, before, tries)
            progress = _next(progress, failure, clock() - max(start, last_success))
            wait = next_wait(failure, progress, policy, dice())
            if wait is None:
                return _final(failure)
            before = failure
            if wait:
                waits(failure, wait)
            await sleep(wait or PAUSE_SECONDS)
            if stopped():
                return failure

    return ask_again


def next_wait(failure: Failure, progress: Progress, policy: Policy, share: float) -> float | None:
    """Seconds to wait before asking again, None to stop. `share` is a random number 0–1.

    `progress` counts this failure already. What the service asks for is waited in full, here or, for
    a rate limit, in the pacer.
    """
    asked = failure.wait_seconds or 0.0
    match decide(failure):
        case "throttle":
            return 0.0 if progress.starved_seconds <= PATIENCE_SECONDS else None
        case "retry" if _may_retry(failure, progress, policy) and asked <= PATIENCE_SECONDS:
            span = min(LONGEST_BACKOFF_SECONDS, 2.0 ** (progress.failed - 1))
            return max(asked, span * share)
        case _:
            return None


def _may_retry(failure: Failure, progress: Progress, policy: Policy) -> bool:
    few = failure.kind == "unreadable" or failure.status == 500
    return progress.failed <= (min(policy.retries, FEW_RETRIES) if few else policy.retries)


def _next(progress: Progress, failure: Failure, starved_seconds: float) -> Progress:
    return Progress(
        tries=progress.tries + 1,
        failed=progress.failed + (decide(failure) != "throttle"),
        starved_seconds=starved_seconds,
    )


def _with_history(failure: Failure, before: Failure | None, tries: int) -> Failure:
    """The failure with what the tries before it cost, and as what the second of its kind means."""
    failure = replace(
        failure,
        attempts=tries,
        maybe_billed=failure.maybe_billed or (before is not None and before.maybe_billed),
    )
    if before is not None and before.code == failure.code == CUT_WHILE_SENDING:
        why = "the service hung up twice while the request was being sent: it is probably too large"
        return replace(failure, kind="too_large", message=f"{why}; {failure.message}")
    return failure


def _final(failure: Failure) -> Failure:
    """The failure to report: one that met nothing but rate limits has run into a quota."""
    if decide(failure) != "throttle":
        return failure
    minutes = PATIENCE_SECONDS / 60
    why = f"no request got through for {minutes:g} minutes; the service says: {failure.message}"
    return replace(failure, kind="quota", message=why, stops_run=True)
