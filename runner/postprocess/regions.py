"""Regions: what masks have in common, and parts of them, worked out on their runs.

No pixel is ever drawn here: putting masks together costs as much as their outlines are long, comparing
many with many a 64th of the pixels that they have around them.
The runs of a mask are `rle.decode(mask.rle)`, and `masks.mask_of` makes a mask of runs again. Its
area and its box are `runs.area` and `rle.tight_box`; `rle.bits_in` gives the pixels of a part of it,
`polygons.rings` its outline with holes. Runs that are put together must be of one frame: otherwise
these functions raise ValueError.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from runner.postprocess.packed import packed, shared_pixels
from runner.postprocess.rle import Positions, Runs, by_column, cropped, empty, joined
from runner.values.geometry import PixelBox, Size

Matrix = NDArray[np.float64]
"""One row for each of some masks, one column for each of others."""

PACKED_AT_ONCE = 64 << 20
"""Bytes, at most, of the masks that are packed at the same time: 40 that fill 12 megapixels."""


def union(first: Runs, *others: Runs) -> Runs:
    """The pixels of at least one of them."""
    parts = (first, *others)
    _check_frames(parts)
    found = _inside(first.size, [each.starts for each in parts], [each.stops for each in parts], 1)
    return joined(first.size, found.starts, found.stops)


def intersection(first: Runs, *others: Runs) -> Runs:
    """The pixels of all of them."""
    parts = (first, *others)
    _check_frames(parts)
    if not all(len(each.starts) for each in parts):
        return empty(first.size)
    start, stop = max(each.starts[0] for each in parts), min(each.stops[-1] for each in parts)
    near = [_between(each, start, stop) for each in parts]
    rising, falling = [each.starts for each in near], [each.stops for each in near]
    return _inside(first.size, rising, falling, len(parts))


def difference(first: Runs, *others: Runs) -> Runs:
    """The pixels of the first that are in none of the others."""
    _check_frames((first, *others))
    if not len(first.starts):
        return first
    near = [_between(each, first.starts[0], first.stops[-1]) for each in others]
    rising = [first.starts, *(each.stops for each in near)]
    falling = [first.stops, *(each.starts for each in near)]
    return _inside(first.size, rising, falling, 1)


def shared(one: Sequence[Runs], others: Sequence[Runs]) -> Matrix:
    """How many pixels each of one has in common with each of the others."""
    pixels = np.zeros((len(one), len(others)))
    _check_frames([*one, *others])
    for rows in _blocks(one):
        block = [packed(one[row]) for row in rows]
        for columns in _blocks(others):
            same = others is one and columns == rows
            facing = block if same else [packed(others[column]) for column in columns]
            pixels[np.ix_(rows, columns)] = shared_pixels(block, facing)
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


def _blocks(masks: Sequence[Runs]) -> Iterator[list[int]]:
    """The positions of masks that are not empty, in blocks that are packed at the same time."""
    block: list[int] = []
    room = PACKED_AT_ONCE
    for position, runs in enumerate(masks):
        if not len(runs.starts):
            continue
        height = runs.size.height
        columns = int(runs.stops[-1] - 1) // height - int(runs.starts[0]) // height + 1
        room -= columns * (height // 8 + 16)
        if block and room < 0:
            yield block
            block, room = [], PACKED_AT_ONCE
        block.append(position)
    if block:
        yield block


def _between(runs: Runs, start: int, stop: int) -> Runs:
    """The runs that hold positions from start to before stop."""
    near = slice(runs.stops.searchsorted(start, side="right"), runs.starts.searchsorted(stop))
    return Runs(runs.size, runs.starts[near], runs.stops[near])


def _inside(
    size: Size, rising: Sequence[Positions], falling: Sequence[Positions], least: int
) -> Runs:
    """The pixels where at least so many more edges have risen than fallen; runs of them may touch.

    Edges are sorted with what they do in the lowest bit: in one place they fall before any rises.
    """
    edges = np.concatenate([*falling, *rising])
    edges <<= 1
    edges[sum(map(len, falling)) :] |= 1
    edges.sort(kind="stable")  # quick on what is rising in stretches already
    inside = np.cumsum((edges & 1) * 2 - 1) >= least
    turns = edges[np.flatnonzero(np.diff(inside, prepend=False))] >> 1
    return Runs(size, turns[0::2], turns[1::2])


def _check_frames(masks: Sequence[Runs]) -> None:
    for runs in masks[1:]:
        if runs.size != masks[0].size:
            raise ValueError(f"masks of different frames: {masks[0].size} and {runs.size}")
