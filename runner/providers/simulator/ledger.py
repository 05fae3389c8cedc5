"""What the simulated service counts: requests, billed answers, and how many are under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Body = dict[str, object]


@dataclass(slots=True)
class Ledger:
    """Counts since the service started. An answer is billed once it is made, whether or not it
    arrives: that is what tests of crashes and retries count."""

    requests: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    billed: Counter[str] = field(default_factory=Counter)
    tokens: int = 0

    @contextmanager
    def request(self) -> Iterator[None]:
        """One request, from its arrival to its reply."""
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    def bill(self, digest: str, tokens: int) -> int:
        """Counts an answer to the request with this digest; how often it was billed so far."""
        self.billed[digest] += 1
        self.tokens += tokens
        return self.billed[digest]

    def state(self) -> Body:
        """Everything as JSON."""
        return {
            "simulated": True,
            "requests": self.requests,
            "billed_answers": self.billed.total(),
            "different_answers": len(self.billed),
            "billed_tokens": self.tokens,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "commands": dict(sorted(self.commands.items())),
        }
