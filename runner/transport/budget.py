"""Limits on money and requests that hold while requests are in flight, not only after."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from runner.roles import Ask
from runner.values.request import Request
from runner.values.response import Failure, Response


@dataclass(slots=True)
class Budget:
    """What may still be spent: `reserve` before a request, `settle` after it.

    `max_cost_usd` is compared with what was spent plus the estimates of what is in flight. A
    request of unknown price counts as free; the plan says so. `max_requests` counts every request
    that is sent, also a second try.
    """

    max_cost_usd: float | None = None
    max_requests: int | None = None
    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    sent: int = 0
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def reserve(self, estimate_usd: float) -> str | None:
        """Takes a request into account; a sentence instead when the money does not allow it.

        While others are in flight it waits: they may cost less than was estimated.
        """
        while not self._fits(estimate_usd):
            if self.reserved_usd <= 0:
                return (
                    f"the next request could pass max_cost_usd of ${self.max_cost_usd:g}: "
                    f"${self.spent_usd:.4f} is spent, it may cost ${estimate_usd:.4f}"
                )
            self._settled.clear()
            await self._settled.wait()
        self.reserved_usd += estimate_usd
        return None

    def settle(self, estimate_usd: float, cost_usd: float | None) -> None:
        """Replaces the estimate of a request by what it cost; an unknown cost stays the estimate."""
        self.reserved_usd = max(0.0, self.reserved_usd - estimate_usd)
        self.spent_usd += estimate_usd if cost_usd is None else cost_usd
        self._settled.set()

    def _fits(self, estimate_usd: float) -> bool:
        if self.max_cost_usd is None:
            return True
        return self.spent_usd + self.reserved_usd + estimate_usd <= self.max_cost_usd + 1e-12


def counted(ask: Ask, budget: Budget) -> Ask:
    """An `Ask` that sends no more than `max_requests` requests; the next one is a `quota` failure
    that stops the run. It stands under the retries, so that they count."""

    async def ask_if_allowed(request: Request) -> Response | Failure:
        if budget.max_requests is not None and budget.sent >= budget.max_requests:
            why = f"max_requests of {budget.max_requests:,} is reached"
            return Failure("quota", why, stops_run=True)
        budget.sent += 1
        return await ask(request)

    return ask_if_allowed
