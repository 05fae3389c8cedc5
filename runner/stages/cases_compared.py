"""The cases of two runs: better, worse, changed, flaky or the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from runner.values.difference import (
    AnswerDifference,
    CaseDifference,
    CheckDifference,
    Differences,
    MetricDifference,
    Turn,
)
from runner.values.request import canonical_json

Answers = Mapping[str, Sequence[AnswerDifference]]
"""What changed in the answers, by case."""

Each = TypeVar("Each", AnswerDifference, CheckDifference, MetricDifference)


def cases_compared(
    firsts: Mapping[str, str],
    checks: Sequence[CheckDifference],
    metrics: Sequence[MetricDifference],
    answers: Answers,
) -> Iterator[CaseDifference]:
    """Each case with what the checks and metrics, and its answers, say of it; `firsts` names the one
    that it is one image with, of which any may be the one that was compared."""

    def one_of(cases: Iterable[str]) -> list[str]:
        return [firsts.get(case, case) for case in cases]

    better: dict[str, list[str]] = {}
    worse: dict[str, list[str]] = {}
    flaky: dict[str, list[str]] = {}
    unjudged: dict[str, list[str]] = {}
    for check in checks:
        unsteady = set(check.flaky)
        _add(better, one_of(case for case in check.fixed if case not in unsteady), check)
        _add(worse, one_of(case for case in check.broken if case not in unsteady), check)
        _add(flaky, one_of(check.flaky), check)
        _add(unjudged, one_of(check.unjudged), check)
    weighed = dict.fromkeys([*better, *worse, *flaky])  # checks say more than a metric does
    for metric in metrics:
        if metric.unit == "":
            for found, cases in (
                (better, metric.better),
                (worse, metric.worse),
                (flaky, metric.flaky),
            ):
                _add(found, [case for case in one_of(cases) if case not in weighed], metric)
    for case, first in firsts.items():
        told = tuple(answers.get(case, ()))
        turn = _turn(first in better, first in worse, first in flaky, told)
        why = [*worse.get(first, ()), *better.get(first, ())]
        if turn == "flaky":
            why = flaky[first]
        if turn == "same" and first in unjudged:
            turn = "changed"
        if turn == "changed":
            why += [f"{name}, not judged any more" for name in unjudged.get(first, ())]
        yield CaseDifference(case, turn, tuple(why), first in flaky, told)


def cases_in(
    combination: Mapping[str, object], found: Differences, firsts: Mapping[str, str]
) -> Iterator[CaseDifference]:
    """The same of one combination by itself, as far as both runs have it."""
    here = canonical_json(combination)
    answers = {case.case: [*_of(here, case.answers)] for case in found.cases}
    known = {
        case: first for case, first in firsts.items() if answers.get(case) or not found.has_answers
    }
    yield from cases_compared(
        known, [*_of(here, found.checks)], [*_of(here, found.metrics)], answers
    )


def _of(combination: str, every: Iterable[Each]) -> Iterator[Each]:
    return (each for each in every if canonical_json(each.combination) == combination)


def _turn(
    is_better: bool, is_worse: bool, is_flaky: bool, answers: Sequence[AnswerDifference]
) -> Turn:
    if is_better != is_worse:
        return "better" if is_better else "worse"
    if is_better:
        return "changed"
    if is_flaky:
        return "flaky"
    return "changed" if any(not each.is_same for each in answers) else "same"


def _add(
    found: dict[str, list[str]], cases: Iterable[str], by: CheckDifference | MetricDifference
) -> None:
    axes = ", ".join(f"{axis} {value}" for axis, value in by.combination.items())
    for case in cases:
        found.setdefault(case, []).append(f"{by.name} ({axes})" if axes else by.name)
