"""Verdicts in words: the same on the terminal, in annotations and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runner.text.words import number
from runner.values.verdict import Verdict


def title(verdict: Verdict) -> str:
    """`finds a cat`, and in a matrix `finds a cat (model gemini-3.5-flash, thinking low)`."""
    axes = ", ".join(f"{axis} {value}" for axis, value in verdict.combination.items())
    return f"{verdict.name} ({axes})" if axes else verdict.name


def untold(cases: Iterable[str], why: str) -> list[str]:
    """The lines of cases, but for the one that `why` ends with."""
    lines = list(cases)
    told = next((line for line in lines if f"; {why}".endswith(f"; {line}")), None)
    return [line for line in lines if line is not told]


def worst_cases(verdict: Verdict, most: int) -> Iterator[str]:
    """The first cases of a check that does not hold, each with its reason, but for the one that
    `why` tells already; and how many more there are."""
    if verdict.outcome not in ("failed", "warned"):
        return
    others = untold((f"{case.case}: {case.why}" for case in verdict.cases), verdict.why)
    yield from others[:most]
    if len(others) > most:
        yield f"and {number(len(others) - most, 'more case')}: see checks.json"
