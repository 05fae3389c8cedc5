"""The breaker: when the service has trouble, one request at a time finds out whether it still has."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

IN_A_ROW = 5
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(slots=True)
class Breaker:
    """Opens after five troubled requests in a row, with no answer in between: then single requests
    leave after pauses of 1, 2, 4 … 60 seconds, until one of them is answered."""

    in_a_row: int = 0
    pause_seconds: float = 0.0
    opened_at: float = 0.0
    probe_at: float = 0.0
    probe: int | None = None

    @property
    def is_open(self) -> bool:
        """One request at a time."""
        return self.pause_seconds > 0

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave; inf: not before one has come back."""
        if not self.is_open:
            return 0.0
        return inf if self.probe is not None else max(0.0, self.probe_at - now)

    def take(self, number: int) -> None:
        """Request `number` leaves."""
        if self.is_open:
            self.probe = number

    def troubled(self, now: float, number: int) -> bool:
        """Request `number` met trouble; whether there is a new pause because of it."""
        self.in_a_row += 1
        if self.is_open:
            if number != self.probe:  # it left before
                return False
            self.pause_seconds = min(2 * self.pause_seconds, LONGEST_PAUSE_SECONDS)
        elif self.in_a_row < IN_A_ROW:
            return False
        else:
            self.pause_seconds, self.opened_at = 1.0, now
        self.probe, self.probe_at = None, now + self.pause_seconds
        return True

    def answered(self, left: float) -> bool:
        """The service did its work for what left at `left`, whatever it said; whether that closes
        the breaker. What left before it opened proves nothing."""
        if self.is_open and left < self.opened_at:
            return False
        was_open, self.in_a_row = self.is_open, 0
        self.pause_seconds, self.probe = 0.0, None
        return was_open

    def vanished(self, number: int) -> None:
        """Nothing was learnt from request `number`: another one has to find out."""
        if number == self.probe:
            self.probe = None
