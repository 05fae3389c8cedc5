"""Average precision in COCO's way: how many of the things there are found, and how many found are
there, over all thresholds of score and of overlap."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

    Matrix = NDArray[float64]
    Hits = NDArray[bool_]

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""COCO's overlaps, 0.50:0.95."""

RECALLS = 101
"""COCO reads the precision at this many recalls, 0 to 1."""

MOST_FOUND = 100
"""COCO looks at the best 100 of one label in one image."""

CELLS = 2_000_000
"""Numbers that are held at once while resampling."""


def ranked(
    ious: Matrix,
    scores: Sequence[float | None],
    thresholds: Sequence[float] = THRESHOLDS,
    crowded: Sequence[float] = (),
) -> tuple[float, ...]:
    """What one image adds for one label, given the overlaps of those there (rows) with those found
    (columns, in the order of the answer): how many are there, and of each found, the surest first,
    its score and at which thresholds it is right, as the bits of a number. Without a score it is 1.

    `crowded` says how much of each found lies in a crowd: where that is enough and it is not right,
    it does not count, which is told by as many bits more.
    """
    import numpy as np

    order = np.argsort([-1.0 if s is None else -s for s in scores], kind="stable")[:MOST_FOUND]
    hits = _hits(ious[:, order], thresholds)
    bits = (hits << np.arange(len(thresholds))[:, None]).sum(axis=0)
    if any(crowded):
        enough = np.asarray(crowded)[order] >= _least(thresholds)[:, None]
        places = np.arange(len(thresholds), 2 * len(thresholds))
        bits += ((enough & ~hits) << places[:, None]).sum(axis=0)
    known = (scores[place] for place in order)
    pairs = zip((1.0 if s is None else float(s) for s in known), bits, strict=True)
    return (float(ious.shape[0]), *(float(each) for pair in pairs for each in pair))


@dataclass(slots=True)
class Precision:
    """Collects images, one by one; holds a few numbers for each thing found, and no image.

    An answer without scores has no order of certainty of its own: then the order in which the things
    stand in the answer counts, and among images the order in which they are added. Shuffling images
    can then move the result by a percent; state it with the number.
    """

    thresholds: Sequence[float] = THRESHOLDS
    repeats: int = 1
    images: int = 0
    there: dict[str, array[float]] = field(default_factory=dict)
    found: dict[str, array[float]] = field(default_factory=dict)

    def add(self, label: str, ious: Matrix, scores: Sequence[float | None]) -> None:
        """The things of one label in one image that is not looked at again."""
        self.put(label, ranked(ious, scores, self.thresholds), self.images)

    def put(self, label: str, parts: Sequence[float], image: int, repeat: int = 0) -> None:
        """What `ranked` says of one label in one image; `image` and `repeat` count from 0."""
        there, *pairs = parts
        self.images = max(self.images, image + 1)
        self.there.setdefault(label, array("d")).extend((image, repeat, there))
        found = self.found.setdefault(label, array("d"))
        for start in range(0, len(pairs), 2):
            found.extend((image, repeat, *pairs[start : start + 2]))

    @property
    def count(self) -> int:
        """How many things were found."""
        return sum(len(found) for found in self.found.values()) // 4

    def of(self, label: str) -> tuple[float, ...]:
        """The average precision of one label at every threshold, 0–1; empty when nothing of it is
        there, as COCO leaves it out of the mean."""
        import numpy as np

        rows = self.told_apart().get(label)
        if rows is None:
            return ()
        values = self._at(*rows, self._ones())[0]
        return () if np.isnan(values).all() else tuple(float(value) for value in values)

    def mean(self) -> float | None:
        """The mean over labels and thresholds: mAP; None when nothing is there at all."""
        import numpy as np

        value = float(self.at(self._ones())[0])
        return None if np.isnan(value) else value

    def at(self, weights: Matrix) -> Matrix:
        """mAP when every answer counts so much: from (resamples, images, repeats) to (resamples,).

        A weight is a multiple of 1 / `repeats`. They are summed as whole numbers: three thirds that
        end below 1 would never reach the last recall."""
        import numpy as np

        whole = np.rint(weights * self.repeats)
        each = [self._at(*rows, whole).mean(axis=1) for rows in self.told_apart().values()]
        table = np.array(each).reshape(len(each), len(weights))
        known = ~np.isnan(table)
        sums, counts = np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0)
        mean: Matrix = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
        return mean

    def told_apart(self) -> Mapping[str, tuple[array[float], array[float]]]:
        """The rows of `there` and of `found` by label; all of them under `""` where nothing that is
        there, or nothing that was found, has a label. An image on which nothing was found cannot tell,
        so this is seen over all of them."""
        labels = (
            {label for label, rows in self.there.items() if any(rows[2::3])},
            {label for label, rows in self.found.items() if rows},
        )
        if {""} not in labels:
            return {label: (rows, self.found[label]) for label, rows in self.there.items()}
        there, found = (
            array("d", chain.from_iterable(side.values())) for side in (self.there, self.found)
        )
        return {"": (there, found)}

    def _ones(self) -> Matrix:
        import numpy as np

        return np.ones((1, max(1, self.images), self.repeats))

    def _at(self, rows: array[float], pairs: array[float], weights: Matrix) -> Matrix:
        """(resamples, thresholds); NaN where nothing of the label is there."""
        import numpy as np

        image, repeat, count = _columns(rows, 3)
        there = weights[:, image.astype(int), repeat.astype(int)] @ count
        image, repeat, score, bits = _columns(pairs, 4)
        if not score.size:
            return np.where(there > 0, 0.0, np.nan)[:, None].repeat(len(self.thresholds), axis=1)
        order = np.argsort(-score, kind="stable")
        places = image[order].astype(int), repeat[order].astype(int)
        steps = len(self.thresholds)
        flags = (bits[order].astype(int) >> np.arange(2 * steps)[:, None]) & 1 > 0
        averages = [
            _averages(flags[:steps], flags[steps:], weights[part][:, *places], there[part])
            for part in _parts(len(weights), len(order))
        ]
        return np.concatenate(averages)


def _parts(resamples: int, found: int) -> Iterator[slice]:
    at_once = max(1, CELLS // max(1, found))
    yield from (slice(start, start + at_once) for start in range(0, resamples, at_once))


def _columns(rows: array[float], width: int) -> Matrix:
    import numpy as np

    return np.array(rows, dtype=np.float64).reshape(-1, width).T


def _hits(ious: Matrix, thresholds: Sequence[float]) -> Hits:
    """Which of the found are right: (thresholds, found). Each, the most certain first, takes the one
    that it overlaps most of those that are not taken, if it overlaps it enough.

    Source: pycocotools `cocoeval.py`, evaluateImg, without areas; crowds come after."""
    import numpy as np

    hits = np.zeros((len(thresholds), ious.shape[1]), dtype=bool)
    if not ious.size:
        return hits
    least = _least(thresholds)
    free = np.ones((len(thresholds), ious.shape[0]), dtype=bool)  # by itself for each threshold
    for column in np.flatnonzero(ious.max(axis=0) >= least.min()):
        backwards = np.where(free, ious[:, column], -1.0)[:, ::-1]
        best = ious.shape[0] - 1 - backwards.argmax(axis=1)  # of equals COCO takes the last
        rows = np.flatnonzero(backwards.max(axis=1) >= least)
        hits[rows, column] = True
        free[rows, best[rows]] = False
    return hits


def _least(thresholds: Sequence[float]) -> Matrix:
    """What is enough at each threshold: all of it is, though it be rounded."""
    import numpy as np

    least: Matrix = np.minimum(thresholds, 1 - 1e-10)
    return least


def _averages(hits: Hits, ignored: Hits, weights: Matrix, there: Matrix) -> Matrix:
    """The mean of the precision at 101 recalls, each the best at that recall or a higher one, of
    things in the order of certainty: (resamples, thresholds).

    `hits` and `ignored` are (thresholds, found), `weights` says how much each counts, (resamples,
    found).
    """
    import numpy as np

    recalls = np.linspace(0, 1, RECALLS)
    every = np.cumsum(weights, axis=1)
    values = np.full((len(weights), len(hits)), np.nan)
    known = there > 0
    for row, (hit, left_out) in enumerate(zip(hits, ignored, strict=True)):
        seen = np.cumsum(weights * ~left_out, axis=1) if left_out.any() else every
        right = np.cumsum(weights * hit, axis=1)
        precision = np.divide(right, seen, out=np.zeros_like(right), where=seen > 0)
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = np.divide(right.T, there, out=np.zeros_like(right.T), where=known).T
        reached = np.searchsorted(recalls, recall, side="right")
        values[known, row] = (best * np.diff(reached, axis=1, prepend=0)).sum(axis=1)[known]
    return values / RECALLS
