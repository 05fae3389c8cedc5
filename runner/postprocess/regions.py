"""Regions: what masks have in common, and parts of them, worked out on their runs alone.

No pixel is ever drawn here, so a mask of a 12-megapixel image costs as much as its outline is long.
The runs of a mask are `rle.decode(mask.rle)`, and `masks.mask_of` makes a mask of runs again. Its
area and its box are `runs.area` and `rle.tight_box`; `rle.bits_in` gives the pixels of a part of it,
`polygons.rings` its outline with holes. Runs that are put together must be of one frame: otherwise
these functions raise ValueError.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runner.postprocess.rle import Positions, Runs, by_column, cropped, joined, tight_box
from runner.values.geometry import PixelBox, Size

Matrix = NDArray[np.float64]
"""One row for each of some masks, one column for each of others."""


def union(first: Runs, *others: Runs) -> Runs:
    """The pixels of at least one of them."""
    return _inside((first, *others), [1] * (1 + len(others)), least=1)


def intersection(first: Runs, *others: Runs) -> Runs:
    """The pixels of all of them."""
    return _inside((first, *others), [1] * (1 + len(others)), least=1 + len(others))


def difference(first: Runs, *others: Runs) -> Runs:
    """The pixels of the first that are in none of the others."""
    return _inside((first, *others), [1] + [-1] * len(others), least=1)


def shared(one: Sequence[Runs], others: Sequence[Runs]) -> Matrix:
    """How many pixels each of one has in common with each of the others."""
    pixels = np.zeros((len(one), len(others)))
    _check_frames([*one, *others])
    boxes = np.array([_box(runs) for runs in others], dtype=np.int64).reshape(-1, 4)
    for row, runs in enumerate(one):
        near = np.flatnonzero(_meet(boxes, _box(runs)))
        if len(near):
            pixels[row, near] = _shared_with(runs, [others[each] for each in near.tolist()])
    return pixels


def ious(one: Sequence[Runs], others: Sequence[Runs]) -> Matrix:
    """Intersection over union, 0–1, of each of one with each of the others; 0 when both are empty."""
    both = shared(one, others)
    areas = [np.array([runs.area for runs in each], dtype=np.float64) for each in (one, others)]
    either = areas[0][:, None] + areas[1][None, :] - both
    return np.divide(both, either, out=np.zeros_like(both), where=either > 0)


def iou(one: Runs, other: Runs) -> float:
    """Intersection over union, 0–1; 0 when both are empty."""
    return float(ious([one], [other])[0, 0])


def cut(runs: Runs, window: PixelBox) -> Runs:
    """The pixels within a window of the frame; the frame stays the same."""
    return placed(cropped(runs, window), window, runs.size)


def placed(runs: Runs, window: PixelBox, size: Size) -> Runs:
    """The same pixels in a larger frame of this size, of which their frame is this window: what was
    found in a crop, in the image that it was cut out of."""
    if runs.size != window.size:
        raise ValueError(f"a mask of {runs.size} does not fill a window of {window.size}")
    columns, tops, bottoms = by_column(runs)
    starts = (columns + window.x_min) * size.height + window.y_min + tops
    return joined(size, starts, starts + bottoms - tops)


def _inside(parts: Sequence[Runs], weights: Sequence[int], least: int) -> Runs:
    """The pixels at which the weights of the parts that hold them add up to at least so much."""
    _check_frames(parts)
    edges = np.concatenate([side for runs in parts for side in (runs.starts, runs.stops)])
    steps = np.concatenate(
        [
            np.full(len(runs.starts), sign * weight)
            for runs, weight in zip(parts, weights, strict=True)
            for sign in (1, -1)
        ]
    )
    order = np.argsort(edges, kind="stable")  # quick on what is rising in stretches already
    edges, depth = edges[order], np.cumsum(steps[order])
    last = np.flatnonzero(np.diff(edges, append=-1))  # of the edges in one place
    inside = depth[last] >= least
    turns = edges[last][np.flatnonzero(np.diff(inside, prepend=False))]
    return Runs(parts[0].size, turns[0::2], turns[1::2])


def _shared_with(runs: Runs, others: Sequence[Runs]) -> Matrix:
    """The pixels that one mask has in common with each of some others that are not empty.

    How many of its pixels lie before a position is known at the edges of its runs and grows evenly
    between them, so every run of another asks for the difference at its two ends. Runs of the others
    that lie before or after all of it are left out.
    """
    edges = np.empty(2 * len(runs.starts))
    edges[0::2], edges[1::2] = runs.starts, runs.stops
    before = np.zeros_like(edges)
    before[1::2] = np.cumsum(runs.stops - runs.starts)
    before[2::2] = before[1:-1:2]
    first, last = runs.starts[0], runs.stops[-1]
    parts = [
        slice(each.stops.searchsorted(first), each.starts.searchsorted(last)) for each in others
    ]
    starts = np.concatenate([each.starts[part] for each, part in zip(others, parts, strict=True)])
    stops = np.concatenate([each.stops[part] for each, part in zip(others, parts, strict=True)])
    covered = np.interp(stops, edges, before) - np.interp(starts, edges, before)
    ends = np.cumsum([part.stop - part.start for part in parts])
    return np.diff(np.append(0, np.cumsum(covered))[ends], prepend=0)


def _box(runs: Runs) -> tuple[int, int, int, int]:
    box = tight_box(runs)
    return (box.x_min, box.y_min, box.x_max, box.y_max) if box else (0, 0, 0, 0)


def _meet(boxes: Positions, box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    x_min, y_min, x_max, y_max = box
    beside = (boxes[:, 0] < x_max) & (x_min < boxes[:, 2])
    return beside & (boxes[:, 1] < y_max) & (y_min < boxes[:, 3])


def _check_frames(masks: Sequence[Runs]) -> None:
    for runs in masks[1:]:
        if runs.size != masks[0].size:
            raise ValueError(f"masks of different frames: {masks[0].size} and {runs.size}")
