"""What a metric found: one number over the answers of a run, and what every answer adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Method = Literal["wilson", "bootstrap"]
"""wilson: of a share of cases that know nothing of one another · bootstrap: images drawn anew."""

Better = Literal["more", "less"] | None
"""None: nobody has said which way is better."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of what is there and of what was found, where only the same ones fit together."""

    there: frozenset[str]
    found: frozenset[str]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one answer adds to a metric: its parts by label (`""` where labels do not matter).

    `confused` is what is there and what was found instead, or the same. `lacking`: there was no
    usable answer, and it counts as wrong. `notes` are sentences about the measuring itself,
    `labels` what may have kept anything from being right. `there` counts the things of the truth
    where the metric is not defined unless one of them is met.
    """

    parts: Mapping[str, tuple[float, ...]]
    confused: tuple[str, str] | None = None
    lacking: bool = False
    notes: tuple[str, ...] = ()
    labels: Labels | None = field(default=None, compare=False)
    there: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class NotJudged:
    """An answer of which a metric can say nothing: one of few reasons."""

    why: str


@dataclass(frozen=True, slots=True)
class LabelMeasured:
    """A metric for one label; None when it is not defined for it."""

    label: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of one combination.

    `value` is None when nothing could be judged. `low` and `high` are the ends of its 95 % interval,
    made by `method`. `repeats` has the metric of every repeat by itself, `spread` their standard
    deviation. `judged` counts answers, `lacking` those of them that were not usable and count as
    wrong, `not_judged` the others by reason. `confusion` counts by what is there, then by what was
    found.
    """

    name: str
    metric: str
    combination: Mapping[str, object]
    better: Better
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None
    method: Method | None = None
    repeats: tuple[float | None, ...] = ()
    spread: float | None = None
    judged: int = 0
    lacking: int = 0
    not_judged: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[LabelMeasured, ...] = ()
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasuredAnswer:
    """What one answer added, to compare two runs pair by pair: a line of metrics.jsonl."""

    check: str
    case: str
    combination: Mapping[str, object]
    repeat: int
    added: Contribution | NotJudged
