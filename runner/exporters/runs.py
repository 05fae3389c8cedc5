"""The pixels of a mask from its run lengths: a cut-out for drawing, or the whole frame for a file.

Run lengths go down the columns of the full frame, the first run is background.
Source: pycocotools `maskApi.c`, rleFrString (COCO's compressed form).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from runner.values.geometry import PixelBox
from runner.values.mask import Rle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Lengths = NDArray[np.int64]


def run_lengths(rle: Rle) -> Lengths:
    """Pixels of background, thing, background, … Raises ValueError when they do not fill the frame."""
    groups = np.frombuffer(rle.counts.encode("ascii", "replace"), np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero((groups & 0x20) == 0)
    if len(groups) == 0 or groups.min() < 0 or groups.max() > 63 or groups[-1] & 0x20:
        raise ValueError("these are no run lengths")
    lengths = _summed(_numbers(groups, ends))
    if lengths.min() < 0 or lengths.sum() != rle.size.area:
        raise ValueError("the run lengths do not fill the frame")
    return lengths


def whole(rle: Rle) -> Pixels:
    """The mask of the whole frame, 0 or 255, as (height, width)."""
    size = rle.size
    return _columns(run_lengths(rle), 0, size.area).reshape(size.width, size.height).T


def cut_out(rle: Rle, box: PixelBox) -> Pixels:
    """The mask inside a box of the frame, 0 or 255, as (height, width).

    Only the columns of the box are laid out, never the whole frame.
    """
    height = rle.size.height
    start, stop = box.x_min * height, box.x_max * height
    columns = _columns(run_lengths(rle), start, stop).reshape(box.width, height)
    return columns[:, box.y_min : box.y_max].T


def _numbers(groups: Lengths, ends: Lengths) -> Lengths:
    """Numbers of 5 bits a letter, the lowest first; bit 5 says that more follow, bit 4 of the last
    one is the sign."""
    starts = np.concatenate(([0], ends[:-1] + 1))
    within = np.arange(len(groups)) - np.repeat(starts, ends - starts + 1)
    if within.max() > 11:
        raise ValueError("these are no run lengths")
    numbers = np.add.reduceat((groups & 0x1F) << (5 * within), starts)
    negative = (groups[ends] & 0x10) != 0
    return numbers - np.where(negative, np.int64(1) << (5 * (ends - starts + 1)), 0)


def _summed(numbers: Lengths) -> Lengths:
    """From the fourth on, a number is the difference to the one before the last."""
    lengths = numbers.copy()
    lengths[1::2] = np.cumsum(numbers[1::2])
    lengths[2::2] = np.cumsum(numbers[2::2])
    return lengths


def _columns(lengths: Lengths, start: int, stop: int) -> Pixels:
    """The pixels from one position of the frame to another, in the order of the runs."""
    edges = np.clip(np.concatenate(([0], np.cumsum(lengths))), start, stop)
    values = np.zeros(len(lengths), np.uint8)
    values[1::2] = 255
    return np.repeat(values, np.diff(edges))
