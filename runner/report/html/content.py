"""The content of a page: what is told of a run beside its cases, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.values.difference import Differences, Matrix
from runner.values.standing import Standing


@dataclass(frozen=True, slots=True)
class StepTold:
    """A step: what was asked."""

    id: str
    title: str | None = None
    prompt: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class CheckTold:
    """A check or metric as checks.json tells of it; `number` is its place in the standing's list of its
    kind. `reasons` are those of cases for which it does not hold."""

    name: str
    outcome: str
    combination: Mapping[str, object]
    number: int
    is_metric: bool
    judged: int
    passed: int
    needed: float
    why: str
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    """A run, and what it is compared with. `unusable` counts answers, `without_answer` the cases (in
    each combination) that have such answers."""

    standing: Standing
    started: str
    cases: int
    unusable: int
    combinations: Sequence[Mapping[str, object]]
    steps: Sequence[StepTold]
    checks: Sequence[CheckTold]
    differences: Differences | None = None
    matrix: Matrix | None = None
    without_answer: int = 0
    remarks: Sequence[str] = ()
    """What a reader must know of the page itself."""
