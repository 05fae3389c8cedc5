"""Services with a quota, and whole runs against them on a virtual clock."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

from tests_virtual_clock import run

from runner.transport.pacing import Pacers, Quota, paced
from runner.transport.retry import retrying
from runner.values.event import Event
from runner.values.request import Policy, Request, TextPart
from runner.values.response import Failure, Response, Usage

MINUTE = 60.0
QUESTION = Request("interactions", "m", (TextPart("Hello"),))

Level = Callable[[float], float]
"""What is allowed a minute, at a time."""


def always(level: float) -> Level:
    return lambda now: level


def halved(level: float, since: float, until: float) -> Level:
    return lambda now: level / 2 if since <= now < until else level


class Counting(Protocol):
    """How a service counts its quota: None when a request gets through, else the seconds to wait."""

    level: Level

    def refuse(self, now: float, cost: float) -> float | None: ...


@dataclass
class ByTheClock:
    """Minutes that begin at fixed times, as a clock on the wall shows them."""

    level: Level
    phase: float = 0.0
    minute: float = -1.0
    used: float = 0.0

    def refuse(self, now: float, cost: float) -> float | None:
        minute = (now + self.phase) // MINUTE
        if minute != self.minute:
            self.minute, self.used = minute, 0.0
        if self.used + cost > self.level(now):
            return (minute + 1) * MINUTE - self.phase - now
        self.used += cost
        return None


@dataclass
class AnyMinute:
    """Every 60 seconds, wherever they begin; what is refused may count as well."""

    level: Level
    counts_refused: bool = False
    times: deque[float] = field(default_factory=deque)

    def refuse(self, now: float, cost: float) -> float | None:
        while self.times and self.times[0] <= now - MINUTE:
            self.times.popleft()
        if len(self.times) < self.level(now):
            self.times.append(now)
            return None
        if self.counts_refused:
            self.times.append(now)
        return self.times[len(self.times) - int(self.level(now))] + MINUTE - now


@dataclass
class Service:
    """Answers after a lognormal time around `latency` seconds. `hint`: a refusal says how long to
    wait, in whole seconds. `storm`: from when until when everything fails with 503. `cost` gives
    the tokens of a request by its number; a `tokens` service counts them instead of requests."""

    quota: Counting
    latency: float = 4.0
    hint: bool = True
    refusal_seconds: float = 0.3
    troubled: float = 0.005
    storm: tuple[float, float] | None = None
    tokens: bool = False
    cost: Callable[[int], int] = lambda number: 100
    seed: int = 1
    sent: list[tuple[float, int]] = field(default_factory=list)
    refused: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    async def ask(self, request: Request) -> Response | Failure:
        now = asyncio.get_running_loop().time()
        cost = self.cost(request.repeat)
        self.sent.append((now, cost))
        if self.storm and self.storm[0] <= now < self.storm[1]:
            await self._pause(0.5, 0.3)
            return self._trouble()
        wait = self.quota.refuse(now, cost if self.tokens else 1)
        if wait is not None:
            self.refused += 1
            await self._pause(self.refusal_seconds, 0.3)
            return self._refusal(wait)
        await self._pause(self.latency, 0.5)
        if self.random.random() < self.troubled:
            return self._trouble()
        return Response("", "complete", "completed", Usage(cost, 10), "m", b"{}")

    async def _pause(self, median: float, spread: float) -> None:
        await asyncio.sleep(median * self.random.lognormvariate(0, spread))

    def _trouble(self) -> Failure:
        self.failed += 1
        return Failure("overloaded", "Busy.", status=503)

    def _refusal(self, wait: float) -> Failure:
        code = "tokens_per_minute" if self.tokens else None
        wait_seconds = float(ceil(wait)) if self.hint else None
        return Failure("rate_limit", "Slow down.", 429, code, wait_seconds)


@dataclass
class Played:
    """What a run against a service came to."""

    service: Service
    seconds: float
    answers: int
    cost: int
    failures: Counter[str]
    events: list[Event]

    @property
    def goodput(self) -> float:
        """Per cent of what the quota allowed until the last answer, pauses of the service left out."""
        storm = self.service.storm or (0.0, 0.0)
        level, seconds = self.service.quota.level, int(self.seconds) + 1
        whole = sum(level(t) for t in range(seconds) if not storm[0] <= t < storm[1]) / MINUTE
        whole -= level(self.seconds) * (seconds - self.seconds) / MINUTE
        return 100 * (self.cost if self.service.tokens else self.answers) / whole

    @property
    def refused(self) -> float:
        """Per cent of all requests."""
        return 100 * self.service.refused / len(self.service.sent)

    def most_in_a_minute(self) -> tuple[int, int]:
        """The most requests, and the most tokens, in any 60 seconds."""
        window: deque[tuple[float, int]] = deque()
        requests = tokens = inside = 0
        for now, cost in self.service.sent:
            window.append((now, cost))
            inside += cost
            while window[0][0] <= now - MINUTE:
                inside -= window.popleft()[1]
            requests, tokens = max(requests, len(window)), max(tokens, inside)
        return requests, tokens


def play(
    service: Service,
    requests: int,
    *,
    parallel: int = 256,
    known: Quota | None = None,
    programs: int = 1,
    estimate: float = 1.0,
) -> Played:
    """A run of so many requests, by so many programs that know nothing of one another.

    `estimate` is by how much the tokens of a request are guessed wrong before it is sent.
    """
    numbers = iter(range(requests))
    dice = random.Random(service.seed)
    played = Played(service, 0.0, 0, 0, Counter(), [])

    async def program() -> None:
        clock = asyncio.get_running_loop().time
        in_turn = paced(
            service.ask,
            Pacers(clock, dice.random),
            "simulated",
            lambda request: round(service.cost(request.repeat) * estimate),
            quota=known,
            log=played.events.append,
        )
        ask = retrying(in_turn, Policy(), dice=dice.random, clock=clock)

        async def one_after_the_other() -> None:
            for number in numbers:
                request = Request("interactions", "m", QUESTION.parts, repeat=number)
                outcome = await ask(request)
                if isinstance(outcome, Response):
                    played.seconds = clock()
                    played.answers += 1
                    played.cost += outcome.usage.input_tokens
                else:
                    played.failures[outcome.kind] += 1

        await asyncio.gather(*(one_after_the_other() for _ in range(parallel)))

    async def programs_together() -> None:
        await asyncio.gather(*(program() for _ in range(programs)))

    run(programs_together())
    return played
