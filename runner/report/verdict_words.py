"""Verdicts in words: the same on the terminal, in annotations and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from runner.text.words import number
from runner.values.verdict import Verdict


def title(verdict: Verdict) -> str:
    """`finds a cat`, and in a matrix `finds a cat (model gemini-3.5-flash, thinking low)`."""
    axes = ", ".join(f"{axis} {value}" for axis, value in verdict.combination.items())
    return f"{verdict.name} ({axes})" if axes else verdict.name


def worst_cases(verdict: Verdict, most: int) -> Iterator[str]:
    """The first cases of a check that does not hold, each with its reason, but for the one that
    `why` tells already; and how many more there are."""
    if verdict.outcome not in ("failed", "warned"):
        return
    lines = [f"{case.case}: {case.why}" for case in verdict.cases]
    others = [line for line in lines if line not in verdict.why]
    yield from others[:most]
    if len(others) > most:
        yield f"and {number(len(others) - most, 'more case')}: see checks.json"
