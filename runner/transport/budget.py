"""A limit on money and requests that holds while requests are in flight, not only after."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """What may still be spent. `reserve` before a request, `settle` after it.

    `max_cost_usd` compares with what was spent plus the estimates of what is in flight. A request
    of unknown price counts as free; the plan says so.
    """

    max_cost_usd: float | None = None
    max_requests: int | None = None
    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    requests: int = 0

    def reserve(self, estimate_usd: float) -> str | None:
        """Takes a request into account; a sentence instead when the budget does not allow it."""
        if self.max_requests is not None and self.requests >= self.max_requests:
            return f"max_requests of {self.max_requests:,} is reached"
        expected = self.spent_usd + self.reserved_usd + estimate_usd
        if self.max_cost_usd is not None and expected > self.max_cost_usd:
            return (
                f"the next request could pass max_cost_usd of ${self.max_cost_usd:g} "
                f"(spent ${self.spent_usd:.4f}, in flight about ${self.reserved_usd:.4f})"
            )
        self.requests += 1
        self.reserved_usd += estimate_usd
        return None

    def settle(self, estimate_usd: float, cost_usd: float | None) -> None:
        """Replaces the estimate of a request by what it cost; unknown costs stay the estimate."""
        self.reserved_usd -= estimate_usd
        self.spent_usd += estimate_usd if cost_usd is None else cost_usd
