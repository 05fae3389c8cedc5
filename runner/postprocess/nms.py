"""Doubles: detections that say the same thing as one before them (non-maximum suppression)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runner.postprocess.regions import iou as iou_of_runs
from runner.postprocess.rle import Runs, decode
from runner.values.geometry import Box
from runner.values.result import Detection

Boxes = NDArray[np.float64]
"""One row for each box: x_min, y_min, x_max, y_max."""


def overlapping(found: Sequence[Detection], most: float) -> frozenset[int]:
    """The positions of those that overlap an earlier one that stays, of the same label on the same
    image, by more than `most`: intersection over union, 0–1, of their masks where both have one,
    else of their boxes. What has neither is no double of anything.

    The order decides which one stays: put the best first. Ten thousand boxes take a second or two.
    """
    alike: dict[tuple[int, str | None], list[int]] = {}
    for index, each in enumerate(found):
        if each.extent is not None:
            alike.setdefault((each.image, each.label), []).append(index)
    doubles: set[int] = set()
    for positions in alike.values():
        things = [found[index] for index in positions]
        doubles.update(positions[index] for index in _doubles(things, most))
    return frozenset(doubles)


def as_rows(boxes: Sequence[Box]) -> Boxes:
    """The boxes as rows of an array."""
    return np.array([box.as_list() for box in boxes], dtype=np.float64).reshape(-1, 4)


def shared(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    """The area that each row of one shares with each of the other; either may be a single row."""
    width = np.minimum(one[..., 2], other[..., 2]) - np.maximum(one[..., 0], other[..., 0])
    height = np.minimum(one[..., 3], other[..., 3]) - np.maximum(one[..., 1], other[..., 1])
    area: NDArray[np.float64] = np.maximum(width, 0) * np.maximum(height, 0)
    return area


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """The area of each row."""
    return shared(boxes, boxes)


def iou(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    """Intersection over union, 0–1; 0 where neither has an area. Rows as in `shared`."""
    both = shared(one, other)
    either = areas(one) + areas(other) - both
    return np.divide(both, either, out=np.zeros_like(both), where=either > 0)


def _doubles(things: Sequence[Detection], most: float) -> list[int]:
    """Each one is compared with those before it that stay, all at once."""
    boxes = as_rows([box for thing in things if (box := thing.extent) is not None])
    stay, dropped = np.zeros(len(things), dtype=np.bool_), []
    runs: dict[int, Runs] = {}
    for index in range(len(things)):
        before = np.flatnonzero(stay[:index])
        near = before[shared(boxes[before], boxes[index]) > 0]
        if _is_double(index, near, things, boxes, runs, most):
            dropped.append(index)
        else:
            stay[index] = True
    return dropped


def _is_double(
    index: int,
    near: NDArray[np.int64],
    things: Sequence[Detection],
    boxes: Boxes,
    runs: dict[int, Runs],
    most: float,
) -> bool:
    masked = [int(each) for each in near if things[index].mask and things[each].mask]
    plain = np.setdiff1d(near, masked)
    if bool((iou(boxes[plain], boxes[index]) > most).any()):
        return True
    return any(
        iou_of_runs(_runs(each, things, runs), _runs(index, things, runs)) > most for each in masked
    )


def _runs(index: int, things: Sequence[Detection], known: dict[int, Runs]) -> Runs:
    if index not in known:
        mask = things[index].mask
        assert mask is not None
        known[index] = decode(mask.rle)
    return known[index]
