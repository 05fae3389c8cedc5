"""Matching: which of the things found is which of those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Matrix = NDArray[float64]


@dataclass(frozen=True, slots=True)
class Match:
    """The thing there at position `there` is the one found at position `found`; they overlap by
    `iou`, 0–1."""

    there: int
    found: int
    iou: float


def box_ious(there: Sequence[Sequence[float]], found: Sequence[Sequence[float]]) -> Matrix:
    """Intersection over union of every box that is there (rows) with every one found (columns).

    Boxes are `[x_min, y_min, x_max, y_max]` in pixels. A box without area overlaps nothing.
    """
    import numpy as np

    rows = np.asarray(there, dtype=np.float64).reshape(-1, 1, 4)
    columns = np.asarray(found, dtype=np.float64).reshape(1, -1, 4)
    low = np.maximum(rows[..., :2], columns[..., :2])
    high = np.minimum(rows[..., 2:], columns[..., 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [
        np.prod(np.clip(each[..., 2:] - each[..., :2], 0, None), axis=2) for each in (rows, columns)
    ]
    union = areas[0] + areas[1] - shared
    ious: Matrix = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ious


def matches(ious: Matrix, least: float | Sequence[float]) -> tuple[Match, ...]:
    """The best one-to-one matching in which every pair overlaps by at least `least`: as many pairs
    as can be, and among such matchings the one with the greatest sum of overlaps; by `there`.
    `least` may be a number for each thing that is there.

    Unlike greedy matching it does not depend on the order of either list. An assignment problem,
    solved by shortest augmenting paths (Jonker and Volgenant 1987; Crouse 2016).
    """
    import numpy as np

    if not ious.size:
        return ()
    enough = np.broadcast_to(np.asarray(least, dtype=np.float64), ious.shape[:1])
    fits = ious >= np.maximum(enough, 1e-12)[:, None]
    worth = np.where(fits, ious + 2.0 * min(ious.shape), 0.0)  # one pair more beats any overlap
    turned = worth.shape[0] > worth.shape[1]
    columns = _assigned(-(worth.T if turned else worth))
    pairs = [(column, row) if turned else (row, column) for row, column in enumerate(columns)]
    return tuple(Match(r, c, float(ious[r, c])) for r, c in sorted(pairs) if fits[r, c])


def _assigned(costs: Matrix) -> list[int]:
    """The column of every row at the least total cost; there are at least as many columns as rows."""
    import numpy as np

    rows, columns = costs.shape
    of_row, of_column = np.zeros(rows), np.zeros(columns)  # prices that make every cost reduced ≥ 0
    row_of = np.full(columns, -1)
    for start in range(rows):
        shortest = np.full(columns, np.inf)
        before = np.full(columns, -1)
        done = np.zeros(columns, dtype=bool)
        row, reached = start, 0.0
        while True:
            reduced = reached + costs[row] - of_row[row] - of_column
            shorter = ~done & (reduced < shortest)
            shortest[shorter], before[shorter] = reduced[shorter], row
            column = int(np.argmin(np.where(done, np.inf, shortest)))
            reached = float(shortest[column])
            done[column] = True
            if row_of[column] < 0:
                break
            row = int(row_of[column])
        inner = done.copy()
        inner[column] = False
        of_row[start] += reached
        of_row[row_of[inner]] += reached - shortest[inner]
        of_column[done] -= reached - shortest[done]
        while True:  # turn the path around
            row = int(before[column])
            if row == start:
                row_of[column] = row
                break
            earlier = int(np.flatnonzero(row_of == row)[0])
            row_of[column] = row
            column = earlier
    found = [0] * rows
    for column, row in enumerate(row_of):
        if row >= 0:
            found[int(row)] = column
    return found
