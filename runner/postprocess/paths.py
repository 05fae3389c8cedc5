"""Paths: points in an order → the ways that they describe (trajectories).

Google's guide has the points of a trajectory labelled by their place in it, `"0"` to `"15"`
(ai.google.dev, robotics). Others give all points of a way one label, or write them as a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from runner.values.geometry import Point
from runner.values.result import Detection


@dataclass(frozen=True, slots=True)
class Path:
    """A way through an image, in pixels: at least one point. `numbers` are what its points are called
    by: their labels, or from 1."""

    label: str | None
    points: tuple[Point, ...]
    numbers: tuple[int, ...]

    def scaled(self, x: float, y: float) -> Path:
        """The way on the same image resized by these factors."""
        return replace(self, points=tuple(point.scaled(x, y) for point in self.points))


def paths(found: Sequence[Detection]) -> tuple[Path, ...]:
    """The ways among detections with points, in their order.

    The points of one list belong together. Are all their labels different whole numbers, they are
    one way in the order of the numbers; else the points of a label are one, as they were written.
    """
    lists: dict[str, list[Detection]] = {}
    for one in found:
        if one.point is not None:
            lists.setdefault(one.at.rpartition("[")[0], []).append(one)
    return tuple(path for points in lists.values() for path in _of_list(points))


def _of_list(points: Sequence[Detection]) -> list[Path]:
    numbers = [int(label) for one in points if _is_number(label := one.label)]
    if len(set(numbers)) == len(points):
        order = sorted(zip(numbers, points, strict=True), key=lambda pair: pair[0])
        return [_path(None, [one for _, one in order], [number for number, _ in order])]
    labels: dict[str | None, list[Detection]] = {}
    for one in points:
        labels.setdefault(one.label, []).append(one)
    return [_path(label, some, range(1, len(some) + 1)) for label, some in labels.items()]


def _is_number(label: str | None) -> TypeGuard[str]:
    return label is not None and len(label) < 9 and label.strip().isdecimal()


def _path(label: str | None, points: Sequence[Detection], numbers: Sequence[int]) -> Path:
    places = tuple(one.point for one in points if one.point is not None)
    return Path(label, places, tuple(numbers))
