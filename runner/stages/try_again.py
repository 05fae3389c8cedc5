"""Downloading again: how long to wait after a download that failed, by the rule of requests."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace

from runner.sources.fetch import Again, Passing
from runner.transport.retry import Progress, next_wait
from runner.transport.waits import retry_after
from runner.values.request import Policy
from runner.values.response import Failure

HEARD_SECONDS = 0.1
"""So soon a wait ends when the run is stopped meanwhile."""


def try_again(
    policy: Policy,
    *,
    stopped: Callable[[], bool] = lambda: False,
    waits: Callable[[Passing, float], None] = lambda failure, seconds: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    dice: Callable[[], float] = random.random,
) -> Again:
    """Waits as before a request is sent again, and says whether there is to be another try: up to
    `retries` of them, and no wait that is longer than a request would wait.

    Where nobody answers at all there is one: a wrong address and a network that is gone do not pass.
    It ends early, and says no, when the run is `stopped`. `waits` is told before it waits.
    """

    def again(failure: Passing) -> bool:
        allowed = (
            policy if failure.has_answered else replace(policy, retries=min(1, policy.retries))
        )
        progress = Progress(tries=failure.tries, failed=failure.tries)
        seconds = next_wait(_as_failure(failure), progress, allowed, dice())
        if seconds is None or stopped():
            return False
        waits(failure, seconds)
        end = clock() + seconds
        while not stopped() and (left := end - clock()) > 0:
            sleep(min(left, HEARD_SECONDS))
        return not stopped()

    return again


def _as_failure(failure: Passing) -> Failure:
    """As a request would have met it. No pacer holds back downloads, so that a limit is an attempt
    like any other."""
    wait = retry_after(failure.headers)
    return Failure("overloaded", failure.issue.why, status=failure.status, wait_seconds=wait)
