"""What is wrong with the rows of a truth file: counted, and the first of them kept."""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT = 5


@dataclass(slots=True)
class Flaws:
    """Rows that are left out. Each is told by its place in the file and what is wrong there."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, where: str, why: str) -> None:
        """One row that is left out: `boxes.csv, line 3, column x_min`, and why."""
        if len(self.first) < KEPT:
            self.first.append(f"{where}: {why}")
        self.count += 1
