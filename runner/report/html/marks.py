"""Marks: what a reader should know about a case at first sight, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Mark = Literal[
    "worse",  # than in the run that it is compared with
    "fails",  # a check does not hold
    "no answer",  # refused, malformed, failed or not run
    "warns",  # a check with `level: warning` does not hold
    "partly",  # cut off, or some items could not be used
    "mistakes",  # a metric says that the answer is not the right one
    "flaky",  # right in some repeats only, or now and then
    "changed",  # another answer than before, neither better nor worse
    "better",
    "fine",
]

ORDER: tuple[Mark, ...] = (
    "worse", "fails", "no answer", "warns", "partly", "mistakes", "flaky", "changed", "better", "fine",
)  # fmt: skip

SIGNS: dict[Mark, str] = {
    "worse": "▼", "fails": "✗", "no answer": "⊘", "warns": "!", "partly": "◐", "mistakes": "≠",
    "flaky": "≈", "changed": "~", "better": "▲", "fine": "✓",
}  # fmt: skip
"""No mark is told by its colour alone."""


def in_order(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Each once, the worst first; `fine` when there is none."""
    return tuple(sorted(set(marks), key=ORDER.index)) or ("fine",)


def rank(marks: tuple[Mark, ...], shortfall: float) -> tuple[float, ...]:
    """What sorts cases, the worst first: their marks, then how much the metrics lack."""
    return (*map(ORDER.index, marks), len(ORDER), -shortfall)
