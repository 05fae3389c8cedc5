"""How well masks lie on one another: their pixels, and their edges."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, hypot, isqrt

import numpy as np
from numpy.typing import NDArray

from runner.postprocess.rle import Positions, Runs, bits_in, tight_box
from runner.values.geometry import PixelBox

NEAR = 0.002
"""How far edges may lie apart and still count as the same, as a share of the diagonal."""


def shared_pixels(one: Runs, other: Runs) -> int:
    """How many pixels belong to both masks of one frame; no pixel is drawn."""
    if not len(one.starts) or not len(other.starts):
        return 0
    return int((_covered(other, one.stops) - _covered(other, one.starts)).sum())


def mask_ious(there: Sequence[Runs], found: Sequence[Runs]) -> NDArray[np.float64]:
    """Intersection over union of every mask that is there (rows) with every one found (columns).

    An empty mask overlaps nothing. All are of one frame.
    """
    ious = np.zeros((len(there), len(found)))
    for row, one in enumerate(there):
        for column, other in enumerate(found):
            shared = shared_pixels(one, other)
            ious[row, column] = shared / (one.area + other.area - shared) if shared else 0.0
    return ious


def boundary_f(there: Runs, found: Runs, near: float = NEAR) -> float:
    """How well the edges of two masks of one frame agree, 0–1: the harmonic mean of the share of
    one edge that lies near the other, and the reverse (Martin, Fowlkes and Malik 2004; DAVIS).

    An edge is the pixels of a mask with a neighbour, of four, that is not in it; the end of the
    frame is none. `near` is a share of the diagonal of the frame, never less than one pixel.
    """
    distance = max(1.0, near * hypot(there.size.width, there.size.height))
    edges = [_edge(each) for each in (there, found)]
    if not len(edges[0]) or not len(edges[1]):
        return float(len(edges[0]) == len(edges[1]))
    stride = there.size.height + 2 * ceil(distance) + 1
    keys = [np.sort(edge[:, 0] * stride + edge[:, 1]) for edge in edges]
    recall, precision = (
        _share_near(edge, other, stride, distance)
        for edge, other in zip(edges, reversed(keys), strict=True)
    )
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


def _covered(runs: Runs, positions: Positions) -> Positions:
    """How many true pixels stand before each of these positions."""
    before = np.concatenate([[0], np.cumsum(runs.stops - runs.starts)])
    at = runs.starts.searchsorted(positions, side="right") - 1
    inside = np.where(at >= 0, np.minimum(positions, runs.stops[at]) - runs.starts[at], 0)
    covered: Positions = before[np.maximum(at, 0)] + inside
    return covered


def _edge(runs: Runs) -> Positions:
    """The edge pixels of a mask as (column, row)."""
    box = tight_box(runs)
    if box is None:
        return np.empty((0, 2), dtype=np.int64)
    size = runs.size
    part = PixelBox(
        max(0, box.x_min - 1), max(0, box.y_min - 1),
        min(size.width, box.x_max + 1), min(size.height, box.y_max + 1),
    )  # fmt: skip
    bits = np.pad(bits_in(runs, part), 1, mode="edge")
    inner = bits[:-2, 1:-1] & bits[2:, 1:-1] & bits[1:-1, :-2] & bits[1:-1, 2:]
    rows, columns = np.nonzero(bits[1:-1, 1:-1] & ~inner)
    return np.stack([columns + part.x_min, rows + part.y_min], axis=1)


def _share_near(edge: Positions, keys: Positions, stride: int, distance: float) -> float:
    """The share of the edge's pixels with one of the others, given as sorted column · stride + row,
    no further away than this."""
    near = np.zeros(len(edge), dtype=bool)
    for step in range(-int(distance), int(distance) + 1):
        reach = isqrt(int(distance * distance) - step * step)
        middle = (edge[:, 0] + step) * stride + edge[:, 1]
        first = keys.searchsorted(middle - reach)
        near |= keys.searchsorted(middle + reach, side="right") > first
    return float(near.mean())
