"""What the simulated service allows a minute; beyond that it refuses as the real one does.

A limit is counted for each key and model, in minutes that begin with the first request after the
last one was over. What is refused does not count; whether it does with the real service is not
documented. Sources: ai.google.dev, rate limits (requests and input tokens a minute, by project and
model).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runner.providers.simulator import refusals

MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Minute:
    """What got through since it began."""

    begin: datetime
    requests: int = 0
    tokens: int = 0


@dataclass(slots=True)
class Quota:
    """So many requests and input tokens a minute; None allows any number."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    minutes: dict[tuple[str, str], Minute] = field(default_factory=dict)

    def take(self, now: datetime, key: str, model: str, tokens: int) -> None:
        """Counts a request that asks with so many tokens. Raises a 429 when it is one too many."""
        minute = self.minutes.get((key, model))
        if minute is None or now >= minute.begin + MINUTE:
            minute = self.minutes[key, model] = Minute(now)
        left = (minute.begin + MINUTE - now).total_seconds()
        if (most := self.requests_per_minute) is not None and minute.requests + 1 > most:
            raise refusals.exhausted(refusals.REQUESTS, model, most, left)
        if (most := self.tokens_per_minute) is not None and minute.tokens + tokens > most:
            raise refusals.exhausted(refusals.TOKENS, model, most, left)
        minute.requests += 1
        minute.tokens += tokens
