"""Steps whose requests got no usable answer: what a reader of junit.xml must not miss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.values.result import FINE, Result

NAMED = 20
"""So many cases without an answer are named for each step; results.jsonl has all."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """How many results a step has, how many of them without a usable answer, and the first of those
    in words."""

    step: str
    results: int
    count: int
    named: tuple[str, ...]


def unanswered(steps: Sequence[str], results: Iterable[Result]) -> tuple[Unanswered, ...]:
    """One for each of these steps, in their order, also for those that were answered in full.
    `results` are read once, and none is kept."""
    totals = dict.fromkeys(steps, 0)
    counts = dict.fromkeys(steps, 0)
    named: dict[str, list[str]] = {step: [] for step in steps}
    for result in results:
        totals[result.step] += 1
        for words in _failures(result):
            counts[result.step] += 1
            if len(named[result.step]) < NAMED:
                named[result.step].append(words)
    return tuple(Unanswered(step, totals[step], counts[step], tuple(named[step])) for step in steps)


def _failures(result: Result) -> Iterator[str]:
    """The result itself, or those entries of its list (`for_each`) that have no usable answer."""
    if result.status not in FINE:
        yield f"{_name(result)}: {result.status}: {result.error or 'no reason is known'}"
        return
    for number, entry in enumerate(result.entries, 1):
        for lacking in entry.lacking[:1]:
            why = f"{lacking.status}: {lacking.error or 'no reason is known'}"
            yield f"{_name(result)}, entry {number}: {why}"


def _name(result: Result) -> str:
    axes = [f"{axis}={value}" for axis, value in result.combination.items()]
    repeat = [f"repeat {result.repeat}"] if result.repeat > 1 else []
    return ", ".join([result.case, *axes, *repeat])
