"""When the next request to a model may leave, and what every outcome teaches about that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from runner.transport.classify import TOKENS, decide
from runner.transport.pacing.breaker import Breaker
from runner.transport.pacing.gate import Gate
from runner.transport.pacing.pace import Pace
from runner.transport.pacing.start import Start
from runner.values.event import Event, event
from runner.values.response import Failure, Response

TROUBLE = frozenset({"overloaded", "connect", "transport"})
"""The service, or the way to it, does not work."""

NEVER_LEFT = frozenset({"not_sent", "image"})
"""Failures of this side: they say nothing about the service."""

LEARNING = 0.1
"""The weight of the last answer in what is known about estimates."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What a service allows a minute, as far as its user knows."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that left: its number, when, the tokens that were estimated, and the tokens that it
    was taken for.

    `is_trial`: it was the first after a gate. When it is refused, the gate was too short, not the
    pace too fast.
    """

    number: int
    left: float
    estimate: int
    tokens: float
    is_trial: bool


@dataclass(slots=True)
class Pacer:
    """The pace of one model. It reads no clock, sleeps never and sends nothing: `now` is in seconds
    of a clock that only goes forward, `share` a random number 0–1."""

    model: str
    requests: Pace = field(default_factory=Pace)
    tokens: Pace = field(default_factory=Pace)
    gate: Gate = field(default_factory=Gate)
    breaker: Breaker = field(default_factory=Breaker)
    start: Start = field(default_factory=Start)
    number: int = 0
    in_flight: int = 0
    scale: float = 1.0
    """How many tokens the service counts for each one that is estimated."""

    def keep_below(self, quota: Quota) -> None:
        """A quota that is known. The lower of two holds."""
        self.requests.keep_below(quota.requests_per_minute)
        self.tokens.keep_below(quota.tokens_per_minute)

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave; inf: not before one has come back."""
        waits = (self.gate, self.breaker, self.requests, self.tokens)
        wait = max(each.wait(now) for each in waits)
        if wait <= 0 and self.requests.per_minute is None:
            return 0.0 if self.in_flight < self.start.room(now) else inf
        return wait

    def take(self, now: float, estimate: int) -> Turn:
        """The next request leaves now, with about so many tokens of input."""
        tokens = self.scale * estimate
        self.number += 1
        self.in_flight += 1
        self.requests.take(now, self.number, 1.0)
        self.tokens.take(now, self.number, tokens)
        self.breaker.take(self.number)
        return Turn(self.number, now, estimate, tokens, self.gate.take(now))

    def told(
        self, now: float, turn: Turn, outcome: Response | Failure | None, share: float
    ) -> Iterator[Event]:
        """What came of a request, None when it was cancelled; gives what this changed."""
        self.in_flight -= 1
        match outcome:
            case Response():
                yield from self._works(turn)
                yield from self._passed(now, turn, outcome)
            case Failure(kind=kind) if kind in TROUBLE:
                if self.breaker.troubled(now, turn.number):
                    yield self._breaker(outcome.message)
            case Failure(kind=kind) if kind not in NEVER_LEFT:
                yield from self._works(turn)
                if decide(outcome) == "throttle":
                    yield from self._refused(now, turn, outcome, share)
            case _:
                self.breaker.vanished(turn.number)

    def _works(self, turn: Turn) -> Iterator[Event]:
        if self.breaker.answered(turn.left):
            self.start = Start()  # a service that has just recovered is not to be run over
            yield self._breaker("the service works again")

    def _passed(self, now: float, turn: Turn, response: Response) -> Iterator[Event]:
        self.start.answers += 1
        self.gate.passed(turn.left)
        if counted := response.usage.input_tokens:
            self.tokens.correct(turn.number, turn.tokens, counted)
            self.scale += LEARNING * (counted / max(turn.estimate, 1) - self.scale)
        if self.requests.grow(now):
            yield self._rate("requests", self.requests, "nothing is refused")
        if self.tokens.grow(now):
            yield self._rate("tokens", self.tokens, "nothing is refused")

    def _refused(self, now: float, turn: Turn, failure: Failure, share: float) -> Iterator[Event]:
        """Of all the refusals that answer what left before the first of them, one counts."""
        self.requests.refuse(turn.number)
        self.tokens.refuse(turn.number)
        if self.gate.is_news(turn.left):
            self.start = Start()
            yield from self._learnt(now, turn, failure)
        if seconds := self.gate.shut(now, turn.left, failure.wait_seconds, share):
            yield event("gate", self.model, round(seconds, 3), failure.message)

    def _learnt(self, now: float, turn: Turn, failure: Failure) -> Iterator[Event]:
        of, pace, cost = "requests", self.requests, 1.0
        if failure.code == TOKENS:
            of, pace, cost = "tokens", self.tokens, turn.tokens
        asked = failure.wait_seconds or 0.0
        if not turn.is_trial and pace.cut(now, turn.left, asked, cost):
            yield self._rate(of, pace, failure.message)

    def _rate(self, of: str, pace: Pace, why: str) -> Event:
        return event("rate", self.model, of, round(pace.per_minute or 0.0, 2), why)

    def _breaker(self, why: str) -> Event:
        return event("breaker", self.model, self.breaker.pause_seconds, why)
