"""Whether the truth and the answers have a word in common, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from runner.checks.words import listed, shown
from runner.values.measured import Labels

MOST = 1000
"""Labels that are kept of each side. Beyond them nobody can say that one never occurs."""

SHOWN = 3


@dataclass(slots=True)
class Vocabulary:
    """The labels of the truth and those of the answers, as far as they are compared."""

    there: dict[str, None] = field(default_factory=dict)
    found: dict[str, None] = field(default_factory=dict)

    def add(self, labels: Labels) -> None:
        """The labels of one answer."""
        for known, more in ((self.there, labels.there), (self.found, labels.found)):
            for label in more:
                if len(known) < MOST:
                    known.setdefault(label)

    def stranger(self) -> str | None:
        """A sentence when nothing can be right because nothing has the same name on both sides."""
        sides = self.there, self.found
        if not all(0 < len(side) < MOST for side in sides) or self.there.keys() & self.found.keys():
            return None
        there, found = map(_few, sides)
        return (
            f"no label of the truth ever occurs in the answers: the truth has {there}, the answers"
            f" have {found}"
        )


def _few(labels: Iterable[str]) -> str:
    every = sorted(labels)
    if len(every) <= SHOWN:
        return listed(every)
    first = ", ".join(map(shown, every[: SHOWN - 1]))
    return f"{first} and {len(every) - SHOWN + 1} others"
