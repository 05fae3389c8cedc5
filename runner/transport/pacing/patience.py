"""When to try more than what is known to get through, and how much more.

Every try ends in refusals, so few are made: in the long run one request in a hundred, or fewer, is
refused, however small the quota is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp2

STEP_SECONDS, BUSY = 10.0, 0.8
"""A pace may grow every 10 seconds, while 80 % of it is used: what nobody needs teaches nothing."""

FIRST_GROWTH, LAST_GROWTH, DOUBLING_SECONDS = 0.03, 0.3, 60.0
"""The first steps up are small, and twice as large a minute later: little is refused near the
limit, and a limit that was raised is found soon."""

PATIENCE = 60
"""So many requests get through for each one that was refused, before a pace grows again."""

SHORTEST_HOLD_SECONDS = 60.0
"""After this long a pace grows all the same: it may have been cut far too low."""

SAME = 0.1
"""Two limits that differ by less are one that was met twice: each time it is held twice as long."""


@dataclass(slots=True)
class Patience:
    """What a pace remembers since it was cut last."""

    good: float = 0.0
    """What got through in the minute before."""
    cut_at: float = 0.0
    hold_seconds: float = SHORTEST_HOLD_SECONDS
    refused: int = 0
    passed: int = 0
    growing_since: float | None = None
    step_at: float = 0.0
    used: float = 0.0
    """What left since the last step."""

    def begin(self, now: float, good: float) -> None:
        """A limit was met when so much had got through in a minute."""
        is_same = abs(good - self.good) <= SAME * self.good
        self.hold_seconds = 2 * self.hold_seconds if is_same else SHORTEST_HOLD_SECONDS
        self.good, self.cut_at, self.refused, self.passed = good, now, 1, 0
        self.growing_since, self.step_at, self.used = None, now, 0.0

    def factor(self, now: float, per_second: float) -> float:
        """By how much a pace of so many a second may grow now; 1 when it may not."""
        seconds = now - self.step_at
        if seconds < STEP_SECONDS:
            return 1.0
        is_busy = self.used >= BUSY * per_second * seconds
        self.step_at, self.used = now, 0.0
        is_early = self.passed < PATIENCE * self.refused and now < self.cut_at + self.hold_seconds
        if is_early or not is_busy:
            return 1.0
        if self.growing_since is None:
            self.growing_since = now
        doublings = min((now - self.growing_since) / DOUBLING_SECONDS, 10.0)
        return 1 + min(FIRST_GROWTH * exp2(doublings), LAST_GROWTH)
