"""The outline of a region: a ring on pixel edges, with few corners; and its mask as a PNG."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner.providers.simulator.components import Bits, label
from runner.providers.simulator.vision import Region
from runner.values.geometry import NORM

MOST_CORNERS = 59
MASK_SIDE = 256
"""The side of the PNG masks that Gemini 2.5 was seen to send."""

Ring: TypeAlias = NDArray[np.float64]
"""Corners as n × 2, x first."""

_AHEAD = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, down, left, up; a turn to the right is +1


@lru_cache(maxsize=512)
def polygon(region: Region, most: int = MOST_CORNERS) -> tuple[tuple[int, int], ...]:
    """The outline as corners (x, y) in whole thousandths, at most `most` (3 or more) of them."""
    ring = simplified(outer_ring(_largest_part(region.bits)), most)
    scale = np.array([NORM / region.frame.width, NORM / region.frame.height])
    corners = np.rint((ring + np.array([region.left, region.top])) * scale).astype(int)
    fresh = np.any(corners != np.roll(corners, 1, axis=0), axis=1)
    kept = corners[fresh]
    if len(kept) < 3:  # smaller than a thousandth: the box stands in for it
        box = [int(edge) for edge in region.box.as_list()]
        y_min, x_min, y_max, x_max = box
        return ((x_min, y_min), (x_max, y_min), (x_max, y_max), (x_min, y_max))[:most]
    return tuple((int(x), int(y)) for x, y in kept)


def png_mask(region: Region) -> str:
    """The shape within its box as a `data:` URI of a 256 × 256 grey PNG with values 0 and 255."""
    box = region.box
    step = (np.arange(MASK_SIDE) + 0.5) / MASK_SIDE
    ys = (box.y_min + step * (box.y_max - box.y_min)) / NORM * region.frame.height - region.top
    xs = (box.x_min + step * (box.x_max - box.x_min)) / NORM * region.frame.width - region.left
    rows = np.clip(np.floor(ys).astype(int), 0, region.size.height - 1)
    columns = np.clip(np.floor(xs).astype(int), 0, region.size.width - 1)
    grey = np.where(region.bits[np.ix_(rows, columns)], 255, 0).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(grey).save(content, "PNG", optimize=False, compress_level=9)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def outer_ring(bits: Bits) -> Ring:
    """The corners of the outer edge of a 4-connected shape, clockwise, on pixel edges.

    Crack following: walks along pixel edges with the shape on the right hand.
    """
    inside = np.pad(bits, 1)
    x, y = _first_pixel(bits)
    heading = 0
    corners = [(x, y)]
    while True:
        dx, dy = _AHEAD[heading]
        x, y = x + dx, y + dy
        right = inside[_pixel(x, y, heading, 1)]
        left = inside[_pixel(x, y, heading, 0)]
        turn = 1 if not right else -1 if left else 0
        if turn:
            if (x, y) == corners[0] and (heading + turn) % 4 == 0:
                return np.array(corners, dtype=np.float64)
            corners.append((x, y))
            heading = (heading + turn) % 4


def simplified(ring: Ring, most: int = MOST_CORNERS) -> Ring:
    """The ring with at most `most` corners, each dropped corner as near to it as can be.

    Source: Douglas and Peucker 1973, with the tolerance raised until few enough corners are left.
    """
    tolerance = 0.75  # in pixels: the stairs of a slanted edge
    while True:
        kept = _kept(ring, tolerance)
        if len(kept) <= most:
            return ring[kept]
        tolerance *= 1.3


def _largest_part(bits: Bits) -> Bits:
    """The largest 4-connected part: pieces that were joined over a gap may be several."""
    labels, count = label(np.where(bits, 0, -1))
    if count > 1:
        bits = labels == np.bincount(labels[bits]).argmax()
    return bits


def _first_pixel(bits: Bits) -> tuple[int, int]:
    """Column and row of the first pixel in reading order: its top left corner is one of the ring."""
    row, column = np.unravel_index(int(bits.argmax()), bits.shape)
    return int(column), int(row)


def _pixel(x: int, y: int, heading: int, side: int) -> tuple[int, int]:
    """Row and column (in the padded shape) of the pixel ahead of a corner: 1 right, 0 left."""
    dx, dy = _AHEAD[heading]
    sx, sy = _AHEAD[(heading + 1) % 4] if side else _AHEAD[(heading - 1) % 4]
    return y + (dy + sy - 1) // 2 + 1, x + (dx + sx - 1) // 2 + 1


def _kept(ring: Ring, tolerance: float) -> list[int]:
    far = int(((ring - ring[0]) ** 2).sum(axis=1).argmax())
    kept = {0, far}
    spans = [(0, far), (far, len(ring))]
    closed = np.vstack([ring, ring[:1]])
    while spans:
        start, end = spans.pop()
        if end - start < 2:
            continue
        away = _distance(closed[start + 1 : end], closed[start], closed[end])
        worst = int(away.argmax())
        if away[worst] > tolerance:
            middle = start + 1 + worst
            kept.add(middle)
            spans += [(start, middle), (middle, end)]
    return sorted(kept)


def _distance(points: Ring, start: NDArray[np.float64], end: NDArray[np.float64]) -> Ring:
    """How far each point is from the line between two others, which may be the same place."""
    along = end - start
    length = float(np.hypot(*along))
    if length == 0:
        from_start: Ring = np.hypot(*(points - start).T)
        return from_start
    offset = points - start
    away: Ring = np.abs(along[0] * offset[:, 1] - along[1] * offset[:, 0]) / length
    return away
