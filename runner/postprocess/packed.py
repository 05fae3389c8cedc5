"""Packed masks: 64 pixels of a column in one word, so that two masks are compared 64 pixels at a time.

Only the words around a mask are held: 40 kilobytes for one that covers 2 % of 12 megapixels. They are
worked out from the ends of its runs; no pixel is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from runner.postprocess.rle import Positions, Runs, by_column

Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A mask that is not empty: its words by row of words and column, and where in the frame the
    first of them stands. Row 0 of words holds the first 64 rows of pixels, the first in its lowest bit.
    """

    left: int
    top: int
    words: Words

    @property
    def extent(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom: columns, and rows of words; the last two are one beyond."""
        rows, columns = self.words.shape
        return self.left, self.top, self.left + columns, self.top + rows


def packed(runs: Runs) -> Packed:
    """The words of runs that are not empty.

    Within a column, rows s to e − 1 are the number 2^e − 2^s. Where a run goes on beyond a word, the
    subtraction has set its highest bit and borrows from the next word.
    """
    columns, tops, bottoms = by_column(runs)
    left, right = int(columns[0]), int(columns[-1]) + 1
    top, bottom = int(tops.min()) >> 6, (int(bottoms.max()) >> 6) + 1
    words = np.zeros((bottom - top, right - left), dtype=np.uint64)
    flat = words.reshape(-1)
    for change, rows in ((np.add, bottoms), (np.subtract, tops)):
        places = ((rows >> 6) - top) * (right - left) + (columns - left)
        change.at(flat, places, np.uint64(1) << (rows & 63).view(np.uint64))
    for above, here in pairwise(words):
        here -= above >> np.uint64(63)
    return Packed(left, top, words)


def shared_pixels(ones: Sequence[Packed], others: Sequence[Packed]) -> Positions:
    """How many pixels each of some masks has in common with each of others. All are of one frame."""
    counts = np.zeros((len(ones), len(others)), dtype=np.int64)
    extents = np.array([other.extent for other in others], dtype=np.int64).reshape(-1, 4)
    for row, one in enumerate(ones):
        firsts = np.maximum(extents[:, :2], one.extent[:2])
        beyond = np.minimum(extents[:, 2:], one.extent[2:])
        near = np.flatnonzero((firsts < beyond).all(axis=1))
        if len(near):
            counts[row, near] = _in(
                one, [others[each] for each in near.tolist()], firsts[near], beyond[near]
            )
    return counts


def _in(one: Packed, others: Sequence[Packed], firsts: Positions, beyond: Positions) -> Positions:
    """How many pixels a mask has in common with each of some others, in the part where they meet."""
    stops = np.cumsum((beyond - firsts).prod(axis=1))
    both = np.empty(stops[-1], dtype=np.uint64)
    start = 0
    for other, (x, y), (right, bottom), stop in zip(
        others, firsts.tolist(), beyond.tolist(), stops.tolist(), strict=True
    ):
        np.bitwise_and(
            one.words[y - one.top : bottom - one.top, x - one.left : right - one.left],
            other.words[y - other.top : bottom - other.top, x - other.left : right - other.left],
            out=both[start:stop].reshape(bottom - y, right - x),
        )
        start = stop
    starts = np.append(0, stops[:-1])
    counts: Positions = np.add.reduceat(np.bitwise_count(both), starts, dtype=np.int64)
    return counts
