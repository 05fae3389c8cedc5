"""Connected components of an image of classes, by runs and a vectorised union-find.

A run is a stretch of equal pixels in one row. Runs of neighbouring rows are joined when they share
an edge and a class (4-connectivity), so nothing is done pixel by pixel in Python.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bits: TypeAlias = NDArray[np.bool_]
Labels: TypeAlias = NDArray[np.int32]


def label(classes: NDArray[np.integer]) -> tuple[Labels, int]:
    """The component of every pixel, numbered from 0 in reading order, and how many there are.

    `classes` is height × width; pixels of a negative class belong to no component (−1).
    """
    height, width = classes.shape
    padded = np.full((height, width + 1), -1, dtype=np.int32)  # a row never runs on into the next
    padded[:, :width] = classes
    flat = padded.ravel()
    starts = np.flatnonzero(np.diff(flat, prepend=-1) != 0)
    ends = np.append(starts[1:], flat.size)
    values = flat[starts]
    keep = values >= 0
    starts, ends, values = starts[keep], ends[keep], values[keep]
    roots, count = _numbered(_united(len(starts), _touching(starts, ends, values, width + 1)))
    labels = np.full(flat.size, -1, dtype=np.int32)
    labels[_spans(starts, ends)] = np.repeat(roots, ends - starts)
    return np.ascontiguousarray(labels.reshape(height, width + 1)[:, :width]), count


def without_holes(bits: Bits) -> Bits:
    """The same shape with everything filled that its outline encloses."""
    outside = np.zeros((bits.shape[0] + 2, bits.shape[1] + 2), dtype=np.int32)
    outside[1:-1, 1:-1] = np.where(bits, -1, 0)
    labels, _ = label(outside)
    filled: Bits = labels[1:-1, 1:-1] != labels[0, 0]
    return filled


def _touching(
    starts: NDArray[np.intp], ends: NDArray[np.intp], values: NDArray[np.int32], stride: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of runs of equal class that share an edge: one run, and one in the row below it."""
    first = np.searchsorted(ends, starts + stride, side="right")
    last = np.searchsorted(starts, ends + stride, side="left")
    counts = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(starts)), counts)
    below = _spans(first, first + counts)
    same = values[above] == values[below]
    return above[same], below[same]


def _united(count: int, pairs: tuple[NDArray[np.intp], NDArray[np.intp]]) -> NDArray[np.intp]:
    """The smallest member of every member's set: minima are handed on until nothing changes."""
    parents = np.arange(count)
    left, right = pairs
    while left.size:
        roots_left, roots_right = parents[left], parents[right]
        apart = roots_left != roots_right
        if not apart.any():
            break
        left, right = left[apart], right[apart]
        low = np.minimum(roots_left[apart], roots_right[apart])
        high = np.maximum(roots_left[apart], roots_right[apart])
        np.minimum.at(parents, high, low)
        while not np.array_equal(shorter := parents[parents], parents):
            parents = shorter
    return parents


def _numbered(roots: NDArray[np.intp]) -> tuple[NDArray[np.int32], int]:
    names, numbers = np.unique(roots, return_inverse=True)
    return numbers.astype(np.int32), len(names)


def _spans(starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Every position of every half-open span, one span after the other."""
    lengths = ends - starts
    total = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    spans: NDArray[np.intp] = np.arange(total) - np.repeat(before - starts, lengths)
    return spans
