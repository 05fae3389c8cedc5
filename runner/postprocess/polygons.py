"""Polygons and masks: rings of corners → run lengths, and masks → rings along their pixel edges.

A pixel belongs to a polygon when its centre does, by the even-odd rule over all rings: holes are
rings in rings. Drawing routines of image libraries do not follow it; they let small shapes grow
(OpenCV's fillPoly by a third at a radius of 5 pixels).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from runner.postprocess.rle import Bits, Positions, Runs, bits_in, decode, empty, joined, tight_box
from runner.values.geometry import PixelBox, Point, Polygon, Size
from runner.values.mask import Mask

_CENTRE = 0.5 + 1e-9
"""Of a pixel. What lies less beyond it than sums of coordinates are exact lies on it, so that an outline
holds the same pixels wherever its window lies in the image."""

_CROSSINGS_AT_ONCE = 4_000_000
"""Bounds the memory for outlines with very many long edges: about 100 MB."""


def rasterised(rings: Sequence[Polygon], size: Size, window: PixelBox | None = None) -> Runs:
    """The pixels whose centres the rings enclose; what lies outside the frame, or outside a window
    of it, is cut away.

    For every edge and every column of pixel centres that it crosses, the row of the crossing;
    sorted, each pair of crossings is a run. No canvas is filled.
    """
    edges = [_edges(ring) for ring in rings if len(ring.points) >= 3]
    if not edges:
        return empty(size)
    corners = np.concatenate(edges)
    part = window or size.box
    first = np.clip(np.ceil(corners[:, 0] - _CENTRE), part.x_min, part.x_max).astype(np.int64)
    beyond = np.clip(np.ceil(corners[:, 2] - _CENTRE), part.x_min, part.x_max).astype(np.int64)
    parts = [
        _runs_between(corners, np.maximum(first, start), np.minimum(beyond, stop), size, part)
        for start, stop in _column_ranges(int((beyond - first).sum()), part)
    ]
    starts = np.concatenate([part[0] for part in parts])
    stops = np.concatenate([part[1] for part in parts])
    return joined(size, starts, stops)


def _edges(ring: Polygon) -> NDArray[np.float64]:
    """Each edge as x, y of its left end and x, y of its right end; upright ones cross no centre."""
    here = np.array([(point.x, point.y) for point in ring.points], dtype=np.float64)
    there = np.roll(here, -1, axis=0)
    leftward = here[:, 0] > there[:, 0]
    left, right = here.copy(), there.copy()
    left[leftward], right[leftward] = there[leftward], here[leftward]
    both = np.concatenate([left, right], axis=1)
    slanted: NDArray[np.float64] = both[both[:, 0] != both[:, 2]]
    return slanted


def _column_ranges(crossings: int, window: PixelBox) -> Iterator[tuple[int, int]]:
    parts = min(window.width, crossings // _CROSSINGS_AT_ONCE + 1)
    bounds = [window.x_min + window.width * part // parts for part in range(parts + 1)]
    yield from pairwise(bounds)


def _runs_between(
    corners: NDArray[np.float64], first: Positions, beyond: Positions, size: Size, window: PixelBox
) -> tuple[Positions, Positions]:
    counts = np.maximum(beyond - first, 0)
    edge = np.repeat(np.arange(len(corners)), counts)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    column = within + first[edge]
    x_left, y_left, x_right, y_right = corners[edge].T
    y = y_left + (column + 0.5 - x_left) * (y_right - y_left) / (x_right - x_left)
    row = np.clip(np.ceil(y - _CENTRE), window.y_min, window.y_max).astype(np.int64)
    # One more place than pixels in a column: a crossing below the frame stays in its column.
    places = np.sort(column * (size.height + 1) + row)
    starts, stops = places[0::2], places[1::2]
    longer = stops > starts  # equal pairs enclose no centre
    return _position(starts[longer], size), _position(stops[longer], size)


def _position(places: Positions, size: Size) -> Positions:
    column, row = np.divmod(places, size.height + 1)
    return column * size.height + row


def rings(mask: Mask) -> tuple[Polygon, ...]:
    """The outline of a mask along its pixel edges: every part and every hole, exactly.

    Outer rings run clockwise as seen on the screen, holes the other way round; filled by the
    even-odd or the non-zero rule they give the same pixels. Pixels that touch only at a corner are
    not joined there: rings may touch in a point but never cross. In order of their topmost, then
    leftmost corner.
    """
    runs = decode(mask.rle)
    box = tight_box(runs)
    if box is None:
        return ()
    return tuple(
        Polygon(tuple(Point(float(x + box.x_min), float(y + box.y_min)) for x, y in ring))
        for ring in _rings_of(bits_in(runs, box))
    )


def _rings_of(bits: Bits) -> Iterator[list[tuple[int, int]]]:
    """Rings of a bitmap by its corners: every corner has one partner beside and one above it.

    Sorted row by row the corners pair up along horizontal edges, column by column along vertical
    ones. Where two pixels touch only at a corner there are two corners in one place.
    """
    x, y, swapped, filled_below = _corners(bits)
    by_row = np.lexsort((x, y))
    beside = _partners(by_row)
    above = _partners(np.lexsort((swapped, y, x)))
    seen = np.zeros(len(x), dtype=np.bool_)
    for start in by_row.tolist():
        if seen[start]:
            continue
        ring = []
        at = start
        while not seen[at]:
            seen[at] = True
            ring.append((int(x[at]), int(y[at])))
            at = int(beside[at])
            seen[at] = True
            ring.append((int(x[at]), int(y[at])))
            at = int(above[at])
        yield ring if filled_below[start] else [ring[0], *reversed(ring[1:])]


def _partners(order: Positions) -> Positions:
    partners = np.empty_like(order)
    partners[order[0::2]], partners[order[1::2]] = order[1::2], order[0::2]
    return partners


def _corners(bits: Bits) -> tuple[Positions, Positions, Positions, Bits]:
    """Every corner: x, y, its rank among two in one place column by column, filled below right.

    Corners in one place keep their order from left to right (lexsort is stable). Column by column
    the upper one comes first: the other of the two when the upper right pixel is filled.
    """
    frame = np.pad(bits, 1)
    top_left, top_right = frame[:-1, :-1], frame[:-1, 1:]
    bottom_left, bottom_right = frame[1:, :-1], frame[1:, 1:]
    filled = top_left.astype(np.uint8) + top_right + bottom_left + bottom_right
    touching = (filled == 2) & (top_left == bottom_right)
    y, x = np.nonzero((filled & 1).astype(np.bool_) | touching)
    twice = touching[y, x]
    times = 1 + twice.astype(np.int64)
    place = np.repeat(np.arange(len(x)), times)
    second = np.diff(place, prepend=-1) == 0
    y, x = y[place], x[place]
    right_on_top = top_right[y, x] & touching[y, x]
    rank = np.where(right_on_top, ~second, second).astype(np.int64)
    return x, y, rank, bottom_right[y, x]
