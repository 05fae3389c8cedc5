"""The start: as long as no limit is known, few requests at first, then more and more."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp2

FIRST = 4
PER_ANSWER = 1 / 20
DOUBLING_SECONDS = 5.0
"""A refusal comes back quickly: what was not refused for so long may be doubled."""


@dataclass(slots=True)
class Start:
    """A service of any speed opens up within half a minute, a quick one in a moment; and one that
    refuses has not been sent hundreds before it could say so."""

    answers: int = 0
    began: float | None = None

    def room(self, now: float) -> float:
        """How many requests may be in flight: 4, one more for 20 answers, and twice as many every
        5 seconds. All of them may be refused when the limit is met."""
        if self.began is None:
            self.began = now
        doublings = min((now - self.began) / DOUBLING_SECONDS, 30.0)
        return (FIRST + PER_ANSWER * self.answers) * exp2(doublings)
