"""So many a minute, evenly; and how many that should be, learnt from what the service refuses.

The spacing is the generic cell rate algorithm (ATM Forum, Traffic Management 4.0) with next to no
burst: a limit that is counted by the minute is then met in every minute, wherever it starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.transport.pacing.patience import Patience

MINUTE = 60.0
HEAD = 0.98
"""The share of a quota that is used: what is left takes up the imprecision of two clocks."""

LATENESS_SECONDS = 0.1
"""So much of a turn that nobody was there to take may still be taken: timers ring late."""

ROUNDING_SECONDS = 1.0
"""A service may tell a wait in whole seconds."""

DEEPEST_CUT = 0.5


@dataclass(slots=True)
class Pace:
    """The pace of requests, or of their tokens: a cost is 1, or the tokens of a request.

    `per_minute` None holds nothing back: nothing is known yet. `most` is never passed.
    """

    per_minute: float | None = None
    most: float | None = None
    free_at: float = 0.0
    since: float | None = None
    """When the first request left."""
    recent: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Of each request of the last minute that was not refused: when it left, and its cost."""
    patience: Patience = field(default_factory=Patience)

    def keep_below(self, quota: float | None) -> None:
        """A quota that is known. The lower of two holds."""
        if quota is not None:
            self.most = min(HEAD * quota, self.most or HEAD * quota)
            self.per_minute = min(self.most, self.per_minute or self.most)

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave."""
        return 0.0 if self.per_minute is None else max(0.0, self.free_at - now)

    def take(self, now: float, number: int, cost: float) -> None:
        """Request `number` leaves now."""
        self._forget_before(now - MINUTE - ROUNDING_SECONDS)
        self.since = now if self.since is None else self.since
        self.recent[number] = (now, cost)
        self.patience.used += cost
        if self.per_minute is not None:
            start = max(self.free_at, now - LATENESS_SECONDS)
            self.free_at = start + cost * MINUTE / self.per_minute

    def correct(self, number: int, estimate: float, cost: float) -> None:
        """Request `number` cost that; when it left, there was only an estimate."""
        if number in self.recent:
            self.recent[number] = (self.recent[number][0], cost)
        if self.per_minute is not None:
            self.free_at += (cost - estimate) * MINUTE / self.per_minute

    def refuse(self, number: int) -> None:
        """Request `number` did not get through."""
        self.recent.pop(number, None)
        self.patience.refused += 1

    def cut(self, now: float, left: float, wait_seconds: float, cost: float) -> bool:
        """A request of this cost that left at `left` was refused, and is to wait for so long: the
        pace becomes what got through in the minute that ends then, but no less than half of what it
        was, and no less than one such request a minute.

        False when nothing is learnt: that minute began before the first request left, and who knows
        what others had used of it.
        """
        begin = left + min(max(0.0, wait_seconds - ROUNDING_SECONDS), MINUTE) - MINUTE
        if self.since is None or self.since > begin + ROUNDING_SECONDS:
            return False
        through = sum(each for at, each in self.recent.values() if begin < at <= left)
        least = DEEPEST_CUT * min(self.per_minute or 0.0, self.patience.good)
        self.per_minute = self._allowed(max(HEAD * through, least, cost))
        self.patience.begin(now, through)
        return True

    def grow(self, now: float) -> bool:
        """A request got through: tries a little more, when it is time; whether it did."""
        self.patience.passed += 1
        if self.per_minute is None or self.per_minute == self.most:
            return False
        factor = self.patience.factor(now, self.per_minute / MINUTE)
        self.per_minute = self._allowed(factor * self.per_minute)
        return factor > 1

    def _allowed(self, per_minute: float) -> float:
        return per_minute if self.most is None else min(per_minute, self.most)

    def _forget_before(self, when: float) -> None:
        while self.recent:
            number, (left, _) = next(iter(self.recent.items()))
            if left >= when:
                return
            del self.recent[number]
