"""Metrics of what is found against what is there: boxes, points, outlines, masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from runner.checks.metrics.gathered import Ranked, Summed
from runner.checks.metrics.metric import Combine, Gathered, LooksAt, not_judged
from runner.checks.things import (
    ROUNDING,
    Place,
    Placed,
    comparable,
    crowded,
    least,
    overlaps,
    place_of,
    things,
)
from runner.measures import sums
from runner.measures.matching import Match, matches
from runner.measures.precision import THRESHOLDS, ranked
from runner.roles import CaseResults
from runner.text.lookup import Missing
from runner.values.measured import Better, Contribution, Labels, NotJudged
from runner.values.reference import Reference

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Matrix = NDArray[float64]

NO_SCORES = (
    "answers without scores are ranked by their order, then by that of the images: shuffling can "
    "move mAP by about 1 %"
)


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of one case and how well they fit, 0 where labels differ. `lacking`: nothing is
    found because there is no usable answer. Crowds are not among those there; `in_crowds` says how
    much of each thing found lies in one."""

    there: tuple[Placed, ...]
    found: tuple[Placed, ...]
    place: Place
    ious: Matrix
    by_label: bool
    in_crowds: tuple[float, ...] = ()
    lacking: bool = False

    def matched(self, iou: float) -> tuple[Match, ...]:
        """The best one-to-one matching at this overlap."""
        return matches(self.ious, [least(each, self.place, iou) for each in self.there])

    @property
    def labels(self) -> Labels | None:
        """The labels of both sides, where they decide what fits together."""
        if not self.by_label or self.lacking:
            return None
        there, found = (
            frozenset(filter(None, (each.label for each in side)))
            for side in (self.there, self.found)
        )
        return Labels(there, found)

    def notes(self, iou: float) -> tuple[str, ...]:
        """Says so where a lower overlap is enough."""
        eased = any(least(each, self.place, iou) < iou for each in self.there)
        return (ROUNDING,) if eased else ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a metric of findings looks at: `of` against `against`, matched one-to-one."""

    of: Reference
    against: Reference
    iou: Sequence[float] = (0.5,)

    looks_at: ClassVar[LooksAt] = "things"
    better: ClassVar[Better] = "more"
    unit: ClassVar[str] = ""
    whole: ClassVar[bool] = False

    def _sides(self, case: CaseResults) -> Sides | NotJudged:
        return sides(self.of, self.against, case)


@dataclass(frozen=True, slots=True)
class _Counted(_Found):
    """A metric of how many are right, wrong and missed, at each overlap."""

    combine: ClassVar[Combine]

    def gathered(self, repeats: int) -> Gathered:
        """Sums of right, wrong and missed by label, for one threshold after the other."""
        return Summed(sums.at_each(type(self).combine, len(self.iou)), repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """Right, wrong and missed by label; without a usable answer everything there is missed."""
        found = self._sides(case)
        if isinstance(found, NotJudged):
            return found
        parts: dict[str, list[float]] = {}
        for step, iou in enumerate(self.iou):
            for label, three in _counts(found, iou).items():
                row = parts.setdefault(label, [0.0] * 3 * len(self.iou))
                row[3 * step : 3 * step + 3] = three
        notes = found.notes(max(self.iou))
        there = 0 if found.lacking else len(found.there)
        return Contribution(_frozen(parts), None, found.lacking, notes, found.labels, there)


@dataclass(frozen=True, slots=True)
class Precision(_Counted):
    """Of what was found, the share that is right."""

    combine: ClassVar[Combine] = staticmethod(sums.precision)


@dataclass(frozen=True, slots=True)
class Recall(_Counted):
    """Of what is there, the share that was found."""

    combine: ClassVar[Combine] = staticmethod(sums.recall)


@dataclass(frozen=True, slots=True)
class F1(_Counted):
    """Precision and recall in one number: their harmonic mean."""

    combine: ClassVar[Combine] = staticmethod(sums.f1)


@dataclass(frozen=True, slots=True)
class MeanIou(_Found):
    """How well those fit that were found: the mean overlap of matched pairs."""

    def gathered(self, repeats: int) -> Gathered:
        """Overlaps and pairs by label."""
        return Summed(sums.share, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """The overlaps of the pairs by label; without a usable answer there is none to judge."""
        found = self._sides(case)
        if isinstance(found, NotJudged) or found.lacking:
            return found if isinstance(found, NotJudged) else NotJudged("no usable answer")
        pairs = found.matched(min(self.iou))
        parts = _of_pairs(found, pairs, [each.iou for each in pairs])
        notes = found.notes(min(self.iou))
        return Contribution(parts, notes=notes, labels=found.labels, there=len(found.there))


@dataclass(frozen=True, slots=True)
class BoundaryF(_Found):
    """How well the edges of matched masks agree, within 2 ‰ of the image's diagonal."""

    looks_at: ClassVar[LooksAt] = "masks"

    def gathered(self, repeats: int) -> Gathered:
        """Agreements and pairs by label."""
        return Summed(sums.share, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """The agreement of each pair by label; without a usable answer there is none to judge."""
        from runner.postprocess.overlap import boundary_f

        found = self._sides(case)
        if isinstance(found, NotJudged) or found.lacking:
            return found if isinstance(found, NotJudged) else NotJudged("no usable answer")
        pairs = found.matched(min(self.iou))
        values = []
        for pair in pairs:
            there, other = found.there[pair.there].runs, found.found[pair.found].runs
            if there is None or other is None:
                return NotJudged("a thing has neither mask nor outline")
            values.append(boundary_f(there, other))
        parts = _of_pairs(found, pairs, values)
        return Contribution(parts, labels=found.labels, there=len(found.there))


@dataclass(frozen=True, slots=True)
class MeanAveragePrecision(_Found):
    """COCO's mAP: precision over all recalls, labels and overlaps."""

    iou: Sequence[float] = THRESHOLDS

    def gathered(self, repeats: int) -> Gathered:
        """Things of each label, ranked."""
        return Ranked(self.iou, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """Of each label what is there, and what was found with its score; without a usable answer
        nothing was found."""
        found = self._sides(case)
        if isinstance(found, NotJudged):
            return found
        parts = {}
        for label, rows, columns in _by_label(found):
            scores = [found.found[n].thing.score for n in columns]
            in_crowds = [found.in_crowds[n] for n in columns]
            parts[label] = ranked(found.ious[rows][:, columns], scores, self.iou, in_crowds)
        unscored = any(each.thing.score is None for each in found.found)
        notes = (NO_SCORES,) if unscored else ()
        return Contribution(parts, None, found.lacking, notes, found.labels)


@dataclass(frozen=True, slots=True)
class PointHit(_Found):
    """The share of points that lie in the thing they mean, a mask or else a box: each thing counts
    for one point, and a thing without a point, or a point too many, as a miss."""

    def gathered(self, repeats: int) -> Gathered:
        """Hits, and points or things, whichever are more."""
        return Summed(sums.share, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """Hits by label; without a usable answer every thing there is missed."""
        found = self._sides(case)
        if isinstance(found, NotJudged):
            return found
        parts: dict[str, list[float]] = {}

        def count(label: str | None, hits: float, of: float) -> None:
            row = parts.setdefault(label or "", [0.0, 0.0])
            row[0] += hits
            row[1] += of

        for label, rows, columns in _by_label(found):
            pairs = matches(found.ious[rows][:, columns], 0.5)
            hits, used = {pair.there for pair in pairs}, {columns[pair.found] for pair in pairs}
            for place, row in enumerate(rows):
                count(found.there[row].label, place in hits, 1)
            counted = [n for n in columns if n in used or not found.in_crowds[n]]
            if len(counted) > len(rows):
                count(label, 0, len(counted) - len(rows))
        return Contribution(_frozen(parts), lacking=found.lacking, labels=found.labels)


def sides(of: Reference, against: Reference, case: CaseResults) -> Sides | NotJudged:
    """Both sides of a case; why it cannot be judged."""
    import numpy as np

    every, found = things(against, case), things(of, case)
    if isinstance(every, Missing):
        return not_judged(every)
    crowds = tuple(each for each in every if each.is_crowd)
    there = tuple(each for each in every if not each.is_crowd)
    if isinstance(found, Missing):
        if found.kind != "unusable":
            return not_judged(found)
        return Sides(there, (), "box", np.zeros((len(there), 0)), by_label=True, lacking=True)
    place = place_of(of, found, every) or place_of(of, found) or "box"
    by_label = comparable(every, found)
    ious = overlaps(there, found, place)
    if isinstance(ious, str):
        return NotJudged(ious)
    if by_label:
        differs = np.array([[a.label != b.label for b in found] for a in there], dtype=bool)
        ious = np.where(differs.reshape(ious.shape), 0.0, ious)
    return Sides(there, found, place, ious, by_label, crowded(crowds, found, place, by_label))


def _counts(found: Sides, iou: float) -> Mapping[str, list[float]]:
    """Right, wrong and missed by label, at this overlap; in a crowd nothing is wrong."""
    counts: dict[str, list[float]] = {}

    def count(each: Placed, column: int) -> None:
        counts.setdefault(each.label or "", [0.0, 0.0, 0.0])[column] += 1

    pairs = found.matched(iou)
    right, used = {pair.there for pair in pairs}, {pair.found for pair in pairs}
    for row, each in enumerate(found.there):
        count(each, 0 if row in right else 2)
    for column, each in enumerate(found.found):
        if column not in used and found.in_crowds[column] < iou:
            count(each, 1)
    return counts


def _of_pairs(
    found: Sides, pairs: Sequence[Match], values: Sequence[float]
) -> Mapping[str, tuple[float, ...]]:
    """The values of pairs and their number, by the label of what is there."""
    parts: dict[str, list[float]] = {}
    for pair, value in zip(pairs, values, strict=True):
        row = parts.setdefault(found.there[pair.there].label or "", [0.0, 0.0])
        row[0] += value
        row[1] += 1
    return _frozen(parts)


def _by_label(found: Sides) -> list[tuple[str, list[int], list[int]]]:
    """The positions of what is there and what was found, by label when labels are compared."""
    if not found.by_label:
        return [("", list(range(len(found.there))), list(range(len(found.found))))]
    labels = sorted({each.label or "" for each in (*found.there, *found.found)})
    return [
        (
            label,
            [n for n, each in enumerate(found.there) if (each.label or "") == label],
            [n for n, each in enumerate(found.found) if (each.label or "") == label],
        )
        for label in labels
    ]


def _frozen(parts: Mapping[str, Sequence[float]]) -> Mapping[str, tuple[float, ...]]:
    return {label: tuple(each) for label, each in parts.items()}
