"""How well the edges of two masks agree; what their pixels have in common is in `regions`."""

from __future__ import annotations

from math import ceil, hypot, isqrt

import numpy as np

from runner.postprocess.rle import Positions, Runs, bits_in, tight_box
from runner.values.geometry import PixelBox

NEAR = 0.002
"""How far edges may lie apart and still count as the same, as a share of the diagonal."""


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
