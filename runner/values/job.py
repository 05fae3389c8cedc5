"""One case in one combination, asked once: the unit of a run. Its steps run one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.values.case import CaseImages


@dataclass(frozen=True, slots=True)
class Job:
    """`number` counts the jobs of a plan from 0; `repeat` counts from 1."""

    number: int
    case: CaseImages
    combination: Mapping[str, str | int | float | bool]
    repeat: int
