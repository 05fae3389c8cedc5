"""Whether a metric is good enough, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.checks.words import counted
from runner.values.measured import Measured


@dataclass(frozen=True, slots=True)
class Limits:
    """The least and the most that a metric may be."""

    at_least: float | None = None
    at_most: float | None = None

    @property
    def are_none(self) -> bool:
        """Whether anything holds."""
        return self.at_least is None and self.at_most is None

    @property
    def first(self) -> float:
        """The limit that a verdict names."""
        limits = (self.at_least, self.at_most)
        return next((limit for limit in limits if limit is not None), 0.0)

    def objection(self, value: float, unit: str = "") -> str | None:
        """What is wrong with a value; None when it is within the limits."""
        if self.at_least is not None and value < self.at_least - 1e-12:
            return f"at least {number(self.at_least, unit)} needed"
        if self.at_most is not None and value > self.at_most + 1e-12:
            return f"at most {number(self.at_most, unit)} allowed"
        return None


def number(value: float, unit: str = "") -> str:
    """A number as people compare it: `0.931`, `12.5 s`, `$0.0041`."""
    if unit == "USD":
        return f"${value:.4f}" if value < 1 else f"${value:,.2f}"
    shown = f"{value:,.0f}" if unit == "tokens" else f"{value:.4g}"
    return f"{shown} {unit}" if unit else shown


def value_told(measured: Measured) -> str:
    """The value with its interval and spread: `0.93 (95% interval 0.88 to 0.97)`."""
    unit = measured.unit
    if measured.value is None:
        return "nothing to judge"
    said = number(measured.value, unit)
    if measured.low is not None and measured.high is not None:
        said += f" (95% interval {number(measured.low, unit)} to {number(measured.high, unit)})"
    if measured.spread is not None:
        said += f" ±{number(measured.spread, unit)} over {len(measured.repeats)} repeats"
    return said


def remarks(measured: Measured) -> Iterator[str]:
    """Of how many answers it is, what was not judged and why, and what one must know of it."""
    yield counted(measured.judged, "answer", "answers")
    if measured.value is None and measured.judged:
        yield "it is not defined for them"
    if measured.lacking:
        yield f"{measured.lacking:,} without a usable answer counted as wrong"
    for why, count in sorted(measured.not_judged.items()):
        yield f"{count:,} not judged: {why}"
    yield from measured.notes
