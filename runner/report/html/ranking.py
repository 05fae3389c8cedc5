"""Ranking: which cases one should look at first, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runner.checks.metrics.limits import number as amount
from runner.checks.metrics.metric import Metric
from runner.report.html.marks import Mark, in_order, rank
from runner.roles import CaseResults
from runner.stages.definition import metric_defined
from runner.values.difference import CaseDifference
from runner.values.request import canonical_json
from runner.values.result import USABLE
from runner.values.standing import MetricStanding, Standing

TINY = 1e-9

Key = tuple[str, str]
"""A case in a combination: its name, and the combination as canonical JSON."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A metric for one case by itself: its value as it is read, and how much it lacks, 0 for all
    right, and where nobody knows what is right."""

    metric: int
    told: str
    lacks: float


@dataclass(slots=True)
class Item:
    """A case in one combination: what is known of it before its answers are looked at. `checks` has by
    the number of a check in how many repeats it held, and in how many not."""

    case: str
    combination: Mapping[str, object]
    statuses: set[str] = field(default_factory=set)
    checks: dict[int, tuple[int, int]] = field(default_factory=dict)
    scores: list[Scored] = field(default_factory=list)
    warned: bool = False
    failed: bool = False
    change: CaseDifference | None = None

    @property
    def key(self) -> Key:
        """What it is found again by."""
        return self.case, canonical_json(self.combination)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What one should know of it, the worst first."""
        return in_order(self._marks())

    @property
    def rank(self) -> tuple[float, ...]:
        """Sorts the worst to the front."""
        return rank(self.marks, sum(score.lacks for score in self.scores))

    def _marks(self) -> Iterator[Mark]:
        turn = self.change.turn if self.change else "same"
        if turn != "same":
            yield turn
        if self.failed:
            yield "fails"
        if self.warned:
            yield "warns"
        if any(score.lacks > TINY for score in self.scores):
            yield "mistakes"
        if self.statuses & {"partial", "truncated"}:
            yield "partly"
        if self.statuses - {*USABLE, "skipped", "truncated"}:
            yield "no answer"


def ranked(
    cases: Iterable[CaseResults],
    standing: Standing,
    warned: Sequence[bool],
    changes: Mapping[Key, CaseDifference] | None = None,
) -> list[Item]:
    """Every case in every combination, the worst first. `warned` says of each check of the standing
    whether it only warns."""
    items: dict[Key, Item] = {}
    for case in cases:
        key = case.case, canonical_json(case.combination)
        item = items.setdefault(key, Item(case.case, case.combination))
        item.statuses.update(result.status for result in case.steps.values())
    _add_checks(items, standing, warned)
    _add_scores(items, standing)
    for key, item in items.items():
        item.change = (changes or {}).get(key)
    return sorted(items.values(), key=lambda item: item.rank)


def _add_checks(items: Mapping[Key, Item], standing: Standing, warned: Sequence[bool]) -> None:
    for number, check in enumerate(standing.checks):
        combination = canonical_json(check.combination)
        for case, votes in check.votes.items():
            item = items.get((case, combination))
            if item is None:
                continue
            item.checks[number] = votes.passed, votes.failed
            if votes.held is False:
                item.warned |= warned[number]
                item.failed |= not warned[number]


def _add_scores(items: Mapping[Key, Item], standing: Standing) -> None:
    for number, standing_of_one in enumerate(standing.metrics):
        metric = metric_defined(standing_of_one.definition)
        if metric is None or standing_of_one.unit or not standing_of_one.is_own:
            continue
        combination = canonical_json(standing_of_one.combination)
        for case in standing_of_one.parts:
            item = items.get((case, combination))
            value = _alone(metric, standing_of_one, case)
            if item is not None and value is not None:
                lacks = {"more": 1 - value, "less": value, None: 0.0}[metric.better]
                item.scores.append(Scored(number, amount(value), max(0.0, lacks)))


def _alone(metric: Metric, standing: MetricStanding, case: str) -> float | None:
    """The value of one case by itself; None where it is not defined for it."""
    repeats = standing.parts[case]
    gathered = metric.gathered(len(repeats))
    for repeat, parts in enumerate(repeats):
        if parts is not None:
            gathered.put(parts, 0, repeat)
    return gathered.value()
