"""Average precision in COCO's way: how many of the things there are found, and how many found are
there, over all thresholds of score and of overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Matrix = NDArray[float64]

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""COCO's overlaps, 0.50:0.95."""

RECALLS = 101
"""COCO reads the precision at this many recalls, 0 to 1."""

MOST_FOUND = 100
"""COCO looks at the best 100 of one label in one image."""


@dataclass(slots=True)
class Precision:
    """Collects images, one by one; holds a few numbers for each thing found, and no image.

    An answer without scores has no order of certainty of its own: then the order in which the things
    stand in the answer counts, and among images the order in which they are added (`has_scores` is
    False). Shuffling images can then move the result by a percent; state it with the number.
    """

    thresholds: Sequence[float] = THRESHOLDS
    has_scores: bool = False
    there: dict[str, int] = field(default_factory=dict)
    found: dict[str, list[tuple[Matrix, NDArray]]] = field(default_factory=dict)  # type: ignore[type-arg]

    def add(self, label: str, ious: Matrix, scores: Sequence[float | None]) -> None:
        """The things of one label in one image: overlaps of those there (rows) with those found
        (columns), in the order of the answer, and the scores of those found."""
        import numpy as np

        self.has_scores = self.has_scores or any(score is not None for score in scores)
        order = np.argsort([-1.0 if s is None else -s for s in scores], kind="stable")[:MOST_FOUND]
        self.there[label] = self.there.get(label, 0) + ious.shape[0]
        if order.size:
            best = np.array([1.0 if s is None else s for s in scores])[order]
            hits = _hits(ious[:, order], self.thresholds)
            self.found.setdefault(label, []).append((best, hits))

    def of(self, label: str) -> tuple[float, ...]:
        """The average precision of one label at every threshold, 0–1; empty when nothing of it is
        there, as COCO leaves it out of the mean."""
        import numpy as np

        there = self.there.get(label, 0)
        if there == 0:
            return ()
        found = self.found.get(label)
        if not found:
            return (0.0,) * len(self.thresholds)
        scores = np.concatenate([scores for scores, _ in found])
        hits = np.concatenate([hits for _, hits in found], axis=1)
        ranked = hits[:, np.argsort(-scores, kind="stable")]
        return tuple(_average(row, there) for row in ranked)

    def mean(self) -> float | None:
        """The mean over labels and thresholds: mAP; None when nothing is there at all."""
        each: Mapping[str, tuple[float, ...]] = {label: self.of(label) for label in self.there}
        values = [value for found in each.values() for value in found]
        return sum(values) / len(values) if values else None


def _hits(ious: Matrix, thresholds: Sequence[float]) -> NDArray:  # type: ignore[type-arg]
    """Which of the found are right: (thresholds, found). Each, the most certain first, takes the one
    that it overlaps most of those that are not taken, if it overlaps it enough.

    Source: pycocotools `cocoeval.py`, evaluateImg, without crowds and areas."""
    import numpy as np

    hits = np.zeros((len(thresholds), ious.shape[1]), dtype=bool)
    for row, threshold in enumerate(thresholds):
        free = np.ones(ious.shape[0], dtype=bool)
        for column in range(ious.shape[1]):
            open_ious = np.where(free, ious[:, column], -1.0)
            if not open_ious.size:
                break
            best = (
                len(open_ious) - 1 - int(np.argmax(open_ious[::-1]))
            )  # of equals COCO takes the last
            if open_ious[best] >= min(threshold, 1 - 1e-10):
                hits[row, column], free[best] = True, False
    return hits


def _average(hits: NDArray, there: int) -> float:  # type: ignore[type-arg]
    """The mean of the precision at 101 recalls, each the best at that recall or a higher one."""
    import numpy as np

    right = np.cumsum(hits)
    recall = right / there
    precision = right / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, RECALLS), side="left")
    return float(np.where(at < len(best), best[np.minimum(at, len(best) - 1)], 0.0).mean())
