"""Outlines as SVG paths: exact rings of a mask have a corner at every pixel, far more than one sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runner.values.geometry import Polygon, Size

FINEST = 640
"""Steps along the long side of an image; corners are told as far as they stand out by one of them. The
stairs along the pixels of a mask do not, in images of more than 450 pixels."""

Corners = NDArray[np.float64]


def path_of(rings: Sequence[Polygon], size: Size) -> str:
    """The `d` of a path in pixels of the original, to be filled by the even-odd rule."""
    step = max(size.width, size.height) / FINEST
    return "".join(_closed(simplified(_corners(ring), step), step) for ring in rings)


def simplified(corners: Corners, most: float) -> Corners:
    """The ring with no more corners than it takes to stay within `most` pixels of it.

    Douglas and Peucker 1973, from the two corners that are farthest apart along x or y.
    """
    if len(corners) < 5:
        return corners
    ends = sorted({int(corners.sum(axis=1).argmin()), int(corners.sum(axis=1).argmax())})
    if len(ends) < 2:
        return corners
    turned = np.roll(corners, -ends[0], axis=0)
    kept = np.zeros(len(turned) + 1, dtype=np.bool_)
    line = np.concatenate([turned, turned[:1]])
    middle = ends[1] - ends[0]
    kept[[0, middle, len(turned)]] = True
    stretches = [(0, middle), (middle, len(turned))]
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        away = _distances(line[first + 1 : last], line[first], line[last])
        worst = int(away.argmax())
        if away[worst] > most:
            at = first + 1 + worst
            kept[at] = True
            stretches += [(first, at), (at, last)]
    return line[:-1][kept[:-1]]


def _distances(points: Corners, start: Corners, end: Corners) -> Corners:
    along = end - start
    length = float(np.hypot(*along))
    away = points - start
    if length == 0:
        flat: Corners = np.hypot(away[:, 0], away[:, 1])
        return flat
    found: Corners = np.abs(away[:, 0] * along[1] - away[:, 1] * along[0]) / length
    return found


def _corners(ring: Polygon) -> Corners:
    return np.array([(point.x, point.y) for point in ring.points], dtype=np.float64).reshape(-1, 2)


def _closed(corners: Corners, step: float) -> str:
    digits = 0 if step >= 1 else 1
    told = " ".join(f"{round(x, digits):g} {round(y, digits):g}" for x, y in corners.tolist())
    return f"M{told}Z" if told else ""
