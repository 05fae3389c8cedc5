"""When the request itself is wrong: the same refusal, again and again."""

from __future__ import annotations

from dataclasses import dataclass

from runner.values.response import Failure, Response

MOST_ALIKE = 20
"""So many requests are refused for the same reason before nobody waits for another one."""


@dataclass(slots=True)
class Streak:
    """How many requests of a run were refused in a row, all for the same reason.

    One image may be one that the service cannot read; twenty in a row that it refuses in the same
    words are asked in a way that it never answers. An answer ends a streak, another reason begins a
    new one. Trouble of the service (a broken connection, a 503) says nothing about the request: it
    does neither. Nor does what was asked in a batch: there nothing is left to be saved.
    """

    most: int = MOST_ALIKE
    count: int = 0
    _reason: tuple[object, ...] | None = None

    def add(self, outcome: Response | Failure) -> str | None:
        """Takes the last outcome of a request into account; a sentence when the run should end."""
        if isinstance(outcome, Response):
            self.count, self._reason = 0, None
            return None
        if outcome.kind != "bad_request" or outcome.in_batch:
            return None
        reason = (outcome.status, outcome.code, outcome.message)
        self.count = self.count + 1 if reason == self._reason else 1
        self._reason = reason
        if self.count < self.most:
            return None
        return f"{self.count} requests in a row were refused for the same reason: {outcome.message}"
