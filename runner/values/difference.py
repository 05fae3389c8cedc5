"""Differences: what has changed from one run to another, and what of it is more than chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from runner.values.measured import Better
from runner.values.result import Detection

Finding = Literal["not worse", "worse", "not enough evidence", "not comparable"]

Turn = Literal["better", "worse", "changed", "flaky", "same"]
"""changed: another answer, of which no check or metric says that it is better or worse. flaky: what
moved is no more than what the repeats of a run differ in among themselves."""


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """A setting by its place (`steps.find.thinking`); None where it is not set."""

    name: str
    before: object
    now: object


@dataclass(frozen=True, slots=True)
class CheckDifference:
    """A per-image check. `broken` held before and fails now, `fixed` is the reverse, of `pairs`
    images that both runs judged; `chance` is how likely so uneven a split is by chance alone.
    `change` is that of the share that holds, and `low` to `high` its 95 % interval. `needed`: about
    how many images would decide. `flaky`: images of which the repeats of a run do not agree; they
    may stand in `broken` and `fixed`, too, by what most of their repeats say. `unjudged`: images that
    were judged before and are not now, because a step is skipped or a list is empty."""

    name: str
    combination: Mapping[str, object]
    finding: Finding
    pairs: int = 0
    broken: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    chance: float = 1.0
    low: float | None = None
    high: float | None = None
    needed: int | None = None
    why: str = ""
    unjudged: tuple[str, ...] = ()

    @property
    def change(self) -> float | None:
        """How much the share that holds has changed."""
        return (len(self.fixed) - len(self.broken)) / self.pairs if self.pairs else None


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """A metric over the `pairs` of images that both runs have. `change` is `now` − `before`, and `low`
    to `high` is its 95 % interval. `margin` is how much worse it may be, None when nobody said: then
    nothing depends on the finding, and without a `goal` there is none. `better` and `worse` are the
    images by themselves, where all repeats of now lie on one side of all repeats of before; `flaky`
    those that moved otherwise."""

    name: str
    combination: Mapping[str, object]
    goal: Better
    unit: str
    finding: Finding | None
    pairs: int = 0
    before: float | None = None
    now: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    needed: int | None = None
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    is_own: bool = True
    why: str = ""

    @property
    def change(self) -> float | None:
        """How much it has changed."""
        return None if self.before is None or self.now is None else self.now - self.before


@dataclass(frozen=True, slots=True)
class AnswerDifference:
    """The answers of one step about one case. `matched` counts things that both found, `overlap` is
    their mean intersection over union, 0–1; `gone` and `new` are found by one run only."""

    step: str
    combination: Mapping[str, object]
    status_before: str
    status_now: str
    is_same: bool
    matched: int = 0
    overlap: float | None = None
    gone: tuple[Detection, ...] = ()
    new: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case that both runs have, with the same images. `why` names the checks and metrics."""

    case: str
    turn: Turn
    why: tuple[str, ...] = ()
    is_flaky: bool = False
    answers: tuple[AnswerDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs: what it took. `seconds` None: not known."""

    run: str
    simulated: bool
    models: tuple[str, ...]
    cost_usd: float | None
    tokens: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Differences:
    """Two runs. `only_before` and `only_now` are cases that only one of them has, `other_images` those
    whose images are not the same; none of these is compared. `twins` show what another case shows, and
    count once with it. `files` are those that changed."""

    before: Side
    now: Side
    pairs: int
    settings: tuple[SettingDifference, ...]
    files: tuple[str, ...]
    checks: tuple[CheckDifference, ...]
    metrics: tuple[MetricDifference, ...]
    cases: tuple[CaseDifference, ...]
    only_before: tuple[str, ...] = ()
    only_now: tuple[str, ...] = ()
    other_images: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    is_mixed: bool = False
    """One of them is simulated and the other is not."""
    has_answers: bool = False
    """The answers were compared, too: else a case is the same as far as checks and metrics know."""

    @property
    def is_worse(self) -> bool:
        """Whether a check, or a metric that has a margin, is worse by more than chance."""
        judged = [each.finding for each in self.metrics if each.margin is not None]
        return "worse" in [*judged, *(each.finding for each in self.checks)]


@dataclass(frozen=True, slots=True)
class Reached:
    """What a combination reaches in a metric, over all of its images, with the 95 % interval."""

    name: str
    goal: Better
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A combination of a matrix: what it reaches and takes. `cost_usd` and `tokens` are per case.
    `metrics` are those of `reached` compared with the first combination, image by image.
    `pays`: no other one is as good for less."""

    combination: Mapping[str, object]
    reached: tuple[Reached, ...]
    metrics: tuple[MetricDifference, ...]
    cost_usd: float | None
    tokens: float | None
    held: tuple[tuple[str, int, int], ...]
    """Of each check: its name, how many cases held, and of how many."""
    pays: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """What an axis of a matrix does when it goes from one value to another and all else stays, over
    `pairs` of combinations that differ in nothing else; image by image, the pairs together."""

    axis: str
    before: object
    now: object
    pairs: int
    checks: tuple[CheckDifference, ...]
    metrics: tuple[MetricDifference, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A run with a matrix, compared within itself."""

    run: Side
    choices: tuple[Choice, ...]
    effects: tuple[Effect, ...]
