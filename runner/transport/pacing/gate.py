"""The gate: after a refusal nothing leaves for a while, for nobody."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

LONGEST_SECONDS = 60.0
"""The longest wait when the service does not say how long."""

TRIAL_SECONDS = 0.5
"""When the gate opens, one request goes ahead so far: a refusal comes back quickly."""


@dataclass(slots=True)
class Gate:
    """Shut until a time. `strikes` counts the times it was shut since a request got through."""

    until: float = 0.0
    strikes: int = 0
    shut_at: float = -inf
    trial: bool = False

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave."""
        return max(0.0, self.until - now)

    def take(self, now: float) -> bool:
        """A request leaves; whether it is the trial for the others, which follow a little later."""
        is_trial, self.trial = self.trial, False
        if is_trial:
            self.until = now + TRIAL_SECONDS
        return is_trial

    def is_news(self, left: float) -> bool:
        """Whether a refusal of what left then tells something that is not known yet."""
        return left >= self.shut_at

    def shut(self, now: float, left: float, asked: float | None, share: float) -> float:
        """What left at `left` was refused: shuts for the seconds that the service asks for, or else
        for 1, 2, 4 … 60; the seconds from now, 0 when this changes nothing.

        `share`, a random number 0–1, keeps several programs from coming back together. Who refuses
        again although the wait was waited in full is believed less.
        """
        is_news = self.is_news(left)
        if is_news:
            self.strikes, self.shut_at = self.strikes + 1, now
        elif asked is None:
            return 0.0
        backoff = min(2.0 ** min(self.strikes - 1, 10), LONGEST_SECONDS)
        seconds = backoff
        if asked is not None:
            seconds = max(asked + share, backoff if self.strikes > 1 else 0.0)
        if now + seconds <= self.until:
            return 0.0
        self.until, self.trial = now + seconds, True
        return seconds

    def passed(self, left: float) -> None:
        """What left at `left` got through."""
        if self.is_news(left):
            self.strikes = 0
