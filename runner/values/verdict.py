"""What a check found: held or not, over how many cases, and which ones failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from runner.values.measured import Measured
from runner.values.problem import Place

Outcome = Literal["passed", "failed", "warned", "skipped"]
"""warned: failed, but the check says `level: warning` · skipped: there was nothing to judge."""


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """One case: did the check hold? `why` is a sentence with the value that was found.

    `passed` is None when the case was not judged (a step before it did not run).
    """

    case: str
    passed: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check over one combination.

    `needed` and `reached` are shares of the judged cases, 0–1. `cases` holds every case that did
    not pass, in the order of the plan; `judged` counts all that were looked at. `place` is the
    check's line in the workflow.

    Of a metric `measured` is what it found, `reached` its value and `needed` its limit; `judged` and
    `passed` count the labels or images for which the limits must hold one by one, and `cases` are
    those of them that did not pass.

    `definition` is what is looked at, as plain data, without its limits: two runs whose checks say the
    same there can be compared.
    """

    name: str
    outcome: Outcome
    combination: Mapping[str, object]
    judged: int
    passed: int
    skipped: int
    reached: float
    needed: float
    why: str
    cases: tuple[CaseVerdict, ...] = ()
    place: Place | None = None
    seconds: float = field(default=0.0)
    measured: Measured | None = None
    definition: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """What a check said of one case in one repeat, to compare two runs pair by pair: a line of
    checks.jsonl. `passed` None: it was not judged."""

    check: str
    case: str
    combination: Mapping[str, object]
    repeat: int
    passed: bool | None
