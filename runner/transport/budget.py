"""Limits on money and requests that hold while requests are in flight, not only after."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from runner.roles import Ask
from runner.transport.quote import Quote
from runner.values.request import Request
from runner.values.response import Failure, Response

MARGIN = 1.25
"""An answer whose length nothing limits is taken to cost at most so many times the dearest one
that its model has given in this run."""

ROUNDING_USD = 1e-9

NEVER_LEFT = frozenset({"not_sent", "image"})
"""Failures of requests that were never on their way: they count for nothing."""


@dataclass(slots=True)
class Budget:
    """What may still be spent: `reserve` before an attempt, `settle` after it.

    At every moment what was spent and what is reserved stay within `max_cost_usd` together. With
    `max_output_tokens` a reserve is the most that the attempt can cost, so the limit is never
    passed. Without it, nobody knows how long an answer gets. Then a model's first answer is waited
    for alone, unless even answers as long as the model can make them fit; later ones are taken to
    cost `MARGIN` times the dearest so far. The limit can be passed by what the answers in flight
    cost beyond that, and by no more.

    `max_requests` counts every attempt, also the second one of a request. A resumed run begins with
    what its earlier sessions spent and sent. A request of unknown price counts as free.

    Requests that wait in batches are `held` apart: nobody waits for them, it may be for a day.
    """

    max_cost_usd: float | None = None
    max_requests: int | None = None
    spent_usd: float = 0.0
    sent: int = 0
    reserved_usd: float = field(default=0.0, init=False)
    in_flight: int = field(default=0, init=False)
    held_usd: float = field(default=0.0, init=False)
    held: int = field(default=0, init=False)
    _models: dict[str, _Seen] = field(
        default_factory=lambda: defaultdict(_Seen), init=False, repr=False
    )
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)
    _settled: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)

    async def reserve(
        self, quote: Quote, stopped: Callable[[], bool] = lambda: False
    ) -> float | Failure:
        """The dollars that are set aside for an attempt; a failure when it must not be sent.

        First come, first served. While others are in flight it waits: they may cost less than was
        set aside for them. The last one never waits, so nobody waits for ever.
        """
        async with self._turn:
            while True:
                if stopped():
                    return Failure("not_sent", "the run ended before it was sent")
                allowed = self._allowed(quote)
                if not isinstance(allowed, Failure):
                    return self._reserved(quote, allowed)
                if not self.in_flight or self._is_worn_out:
                    return allowed
                self._settled.clear()
                await self._settled.wait()

    def set_aside(self, quote: Quote) -> float | Failure | None:
        """The same for a request that is answered by a batch, much later: it waits for nobody. None
        when it has to be asked for again, after those that are held."""
        allowed = self._allowed(quote)
        if isinstance(allowed, Failure):
            return None if self.held else allowed
        self.hold(quote.model, 1, allowed)
        return allowed

    def hold(self, model: str, requests: int, dollars: float) -> None:
        """Sets dollars aside until the answers of a batch are `released`; nobody waits for them."""
        self.held += requests
        self.held_usd += dollars
        self.sent += requests
        self._models[model].in_flight += requests

    def release(self, quote: Quote, held_usd: float, cost_usd: float, *, sent: bool = True) -> None:
        """Replaces what was held for a request by what it cost."""
        self.held -= 1
        self.held_usd = self.held_usd - held_usd if self.held else 0.0
        self.spent_usd += cost_usd
        self.sent -= not sent
        self._models[quote.model].in_flight -= 1

    def settle(
        self, quote: Quote, reserved_usd: float, cost_usd: float, *, sent: bool = True
    ) -> None:
        """Replaces the reserve of an attempt by what it cost. Unless it was `sent`, it never was."""
        self.in_flight -= 1
        self.reserved_usd = self.reserved_usd - reserved_usd if self.in_flight else 0.0
        self.spent_usd += cost_usd
        self.sent -= not sent
        self._models[quote.model].in_flight -= 1
        self._settled.set()

    def learn(self, quote: Quote, cost_usd: float) -> None:
        """Remembers what an answer of this model cost."""
        seen = self._models[quote.model]
        if not quote.is_bounded:
            seen.dearest_usd = max(cost_usd, seen.dearest_usd or 0.0)
        if quote.most_usd > 0:
            seen.beyond = max(seen.beyond, cost_usd / quote.most_usd)

    def _allowed(self, quote: Quote) -> float | Failure:
        """The dollars that an attempt needs now; a failure when they, or the attempt, are too many."""
        if self._is_worn_out:
            why = f"max_requests of {self.max_requests or 0:,} is reached"
            return Failure("quota", why, stops_run=True)
        dollars = self._needed(quote)
        if dollars <= self._room():
            return dollars
        return Failure("quota", self._refusal(quote, dollars), stops_run=True)

    @property
    def _is_worn_out(self) -> bool:
        return self.max_requests is not None and self.sent >= self.max_requests

    def _reserved(self, quote: Quote, dollars: float) -> float:
        self.in_flight += 1
        self.reserved_usd += dollars
        self.sent += 1
        self._models[quote.model].in_flight += 1
        return dollars

    def _needed(self, quote: Quote) -> float:
        """The dollars to set aside for an attempt: the most that it can cost, if that is known."""
        seen = self._models[quote.model]
        most = quote.most_usd * seen.beyond
        if quote.is_bounded:
            return most
        if seen.dearest_usd is not None:
            return min(most, max(quote.likely_usd, seen.dearest_usd * MARGIN))
        if seen.in_flight or most <= self._room():
            return most
        return quote.likely_usd  # alone: it shows what answers of this model cost

    def _room(self) -> float:
        if self.max_cost_usd is None:
            return float("inf")
        return self.max_cost_usd - self.spent_usd - self.reserved_usd - self.held_usd + ROUNDING_USD

    def _refusal(self, quote: Quote, dollars: float) -> str:
        bound = " with all of its max_output_tokens" if quote.is_bounded else ""
        return (
            f"the next request could pass max_cost_usd of ${self.max_cost_usd:g}: "
            f"${self.spent_usd:.4f} is spent, it may cost ${dollars:.4f}{bound}"
        )


@dataclass(slots=True)
class _Seen:
    """What a model has shown: requests in flight, the dearest answer whose length nothing limited,
    and by how much an answer was dearer than it could be (1: none was)."""

    in_flight: int = 0
    dearest_usd: float | None = None
    beyond: float = 1.0


def within(
    ask: Ask,
    budget: Budget,
    quote: Callable[[Request], Quote],
    stopped: Callable[[], bool] = lambda: False,
    note: Callable[[float], None] = lambda reserved_usd: None,
) -> Ask:
    """An `Ask` that keeps to a budget, attempt by attempt; it stands under the retries. `note` is told
    what is set aside for an attempt, before it is made.

    What would pass a limit is a `quota` failure that stops the run. An attempt whose response was
    lost, or that was cut short, may have been paid for: its reserve stays spent. What waits here
    when the run is `stopped` is `not_sent`.
    """

    async def ask_within(request: Request) -> Response | Failure:
        price = quote(request)
        reserved = await budget.reserve(price, stopped)
        if isinstance(reserved, Failure):
            return reserved
        note(reserved)
        cost, sent = reserved, True  # until better is known
        try:
            outcome = await ask(request)
            if isinstance(outcome, Response):
                if (paid := price.of(outcome.usage)) is not None:
                    cost = paid
                    budget.learn(price, paid)
            else:
                cost = reserved if outcome.maybe_billed else 0.0
                sent = outcome.maybe_billed or outcome.kind not in NEVER_LEFT
            return outcome
        finally:
            budget.settle(price, reserved, cost, sent=sent)

    return ask_within
