"""Requests wait for their turn, one after the other."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf

from runner.roles import Ask, Log, no_log
from runner.transport.pacing.pacer import Pacer, Quota, Turn
from runner.transport.retry import Sleep
from runner.values.request import Request
from runner.values.response import Failure, Response

SHORTEST_SLEEP_SECONDS = 1e-4
"""On an exact clock a sleep of 1e-17 seconds never ends."""

LONGEST_SLEEP_SECONDS = 1.0
"""The turn of another run of the same command may change what this one waits for."""


@dataclass(frozen=True, slots=True)
class Pacers:
    """A pacer for each model of each provider, made when it is first needed. All the runs of a
    command share them, whatever event loop they run on: a quota is the project's."""

    clock: Callable[[], float] = time.monotonic
    dice: Callable[[], float] = random.random
    pacers: dict[tuple[str, str], Pacer] = field(default_factory=dict)

    def of(self, provider: str, model: str) -> Pacer:
        """The one pacer of this model."""
        return self.pacers.setdefault((provider, model), Pacer(model))


def paced(
    ask: Ask,
    pacers: Pacers,
    provider: str,
    tokens: Callable[[Request], int],
    *,
    quota: Quota | None = None,
    sleep: Sleep = asyncio.sleep,
    stopped: Callable[[], bool] = lambda: False,
    log: Log = no_log,
) -> Ask:
    """An `Ask` in which every request waits for its turn: first come, first served, and one of
    them at a time watches the clock.

    `quota` is what is known; of two workflows that say something else of one model, the lower holds.
    `tokens` estimates the input of a request. Who meets a rate limit may ask again at once: the wait is
    here. What waits when the run is `stopped` is `not_sent`; `sleep` may end early for that.
    """
    queues: dict[str, asyncio.Lock] = {}
    returned = asyncio.Event()

    async def turn_of(request: Request, pacer: Pacer) -> Turn | None:
        async with queues.setdefault(request.model, asyncio.Lock()):
            while not stopped():
                returned.clear()
                wait = pacer.wait(pacers.clock())
                if wait <= 0:
                    return pacer.take(pacers.clock(), tokens(request))
                if wait == inf:
                    await _first(sleep(LONGEST_SLEEP_SECONDS), returned.wait())
                else:
                    await sleep(min(max(wait, SHORTEST_SLEEP_SECONDS), LONGEST_SLEEP_SECONDS))
        return None

    async def ask_in_turn(request: Request) -> Response | Failure:
        pacer = pacers.of(provider, request.model)
        pacer.keep_below(quota or Quota())
        turn = await turn_of(request, pacer)
        if turn is None:
            return Failure("not_sent", "the run was halted before this request was sent")
        outcome: Response | Failure | None = None
        try:
            outcome = await ask(request)
        finally:
            events = tuple(pacer.told(pacers.clock(), turn, outcome, pacers.dice()))
            returned.set()
            for event in events:
                log(event)
        return outcome

    return ask_in_turn


async def _first(*waits: Awaitable[object]) -> None:
    """Until one of these is over; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
