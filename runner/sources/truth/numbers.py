"""Numbers of a truth file, and what makes a box or an outline of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from runner.values.geometry import Box, Point, Polygon, Size
from runner.values.result import Detection

EDGE = 1.0
"""So many pixels may a truth reach beyond its image: tools count from 1, or round up."""


def finite(value: object) -> float | None:
    """The number that this is, or that a cell of a table spells; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | str):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return None
        return number if math.isfinite(number) and "_" not in str(value) else None
    return None


def numbers(value: object) -> tuple[float, ...] | None:
    """The numbers of a list; None when it is no list, or holds something else."""
    if not isinstance(value, list | tuple):
        return None
    found = tuple(float(n) for n in value if isinstance(n, int | float) and finite(n) is not None)
    return found if len(found) == len(value) and True not in map(_is_bool, value) else None


def ring(coordinates: Sequence[float]) -> Polygon:
    """The ring of x, y, x, y, …"""
    return Polygon(
        tuple(Point(x, y) for x, y in zip(coordinates[::2], coordinates[1::2], strict=True))
    )


def on_image(thing: Detection, size: Size | None) -> tuple[Detection | None, str | None]:
    """A thing cut at the edges of its image, and what is to be said of it; None for one outside."""
    if size is None or not (extent := _extent(thing)):
        return thing, None
    inside = extent.clipped(size)
    is_point = thing.point is not None
    if _beyond(extent, size) > EDGE if is_point else inside.area <= 0:
        return None, f"it lies outside the image ({size.width} × {size.height} pixels)"
    cut = Detection(
        at=thing.at,
        label=thing.label,
        box=thing.box.clipped(size) if thing.box else None,
        point=thing.point.clipped(size) if thing.point else None,
        polygon=tuple(each.clipped(size) for each in thing.polygon),
        mask=thing.mask,
        score=thing.score,
        image=thing.image,
        fields=thing.fields,
    )
    if _beyond(extent, size) <= EDGE:
        return cut, None
    return cut, f"it reaches beyond the image ({size.width} × {size.height} pixels) and is cut"


def _extent(thing: Detection) -> Box | None:
    boxes = [thing.box] if thing.box else [each.bounds for each in thing.polygon]
    if thing.point is not None:
        boxes.append(Box(thing.point.x, thing.point.y, thing.point.x, thing.point.y))
    if not boxes:
        return None
    return Box(
        min(box.x_min for box in boxes),
        min(box.y_min for box in boxes),
        max(box.x_max for box in boxes),
        max(box.y_max for box in boxes),
    )


def _beyond(extent: Box, size: Size) -> float:
    """How far it reaches over the nearest edge, in pixels."""
    return max(-extent.x_min, -extent.y_min, extent.x_max - size.width, extent.y_max - size.height)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)
