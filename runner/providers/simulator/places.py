"""Coordinates as a model writes them: which properties hold any, and the region's place in them.

Conventions: `box_2d` is [ymin, xmin, ymax, xmax], a point [y, x], a polygon [[x, y], …], all in
0–1000; a mask of Gemini 2.5 is a PNG within its box. A description that says otherwise is followed.
Source: ai.google.dev, image understanding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runner.providers.simulator.outline import png_mask, polygon
from runner.providers.simulator.vision import Region
from runner.values.answer import Json
from runner.values.geometry import NORM, Size

Space = Literal["box", "point", "polygon", "png", "box_3d"]

_BOX = re.compile(
    r"(^|_)(b?box(es)?|bbox|bounding_box(es)?|box_?2d|rect(angle)?)(_|$)", re.IGNORECASE
)
_BOX_3D = re.compile(r"(^|_)box_?3d(_|$)|3d_bounding_box", re.IGNORECASE)
_POINT = re.compile(
    r"(^|_)(points?|position|coordinates?|centre|center|location)(_|$)", re.IGNORECASE
)
_MASK = re.compile(
    r"(^|_)(masks?|polygons?|outline|contour|segmentation|segments?)(_|$)", re.IGNORECASE
)
_CORNERS = re.compile(r"y_?min|\[\s*y0|\[\s*top", re.IGNORECASE)

_EDGES = {
    **dict.fromkeys(("xmin", "x0", "x1", "left"), "x_min"),
    **dict.fromkeys(("ymin", "y0", "y1", "top"), "y_min"),
    **dict.fromkeys(("xmax", "x2", "right"), "x_max"),
    **dict.fromkeys(("ymax", "y2", "bottom"), "y_max"),
    **dict.fromkeys(("cx", "xcenter", "centerx", "xcentre", "centrex"), "x"),
    **dict.fromkeys(("cy", "ycenter", "centery", "ycentre", "centrey"), "y"),
    "x": "x",
    "y": "y",
    "w": "width",
    "h": "height",
    "width": "width",
    "height": "height",
}
"""Names of single numbers that together make a place."""


@dataclass(frozen=True, slots=True)
class Convention:
    """How coordinates are written: their order, and what a whole side is."""

    x_first: bool
    scale: Literal["1000", "1", "pixel"] = "1000"


def space_of(name: str, node: Mapping[str, object]) -> Space | None:
    """What the property of this name holds, judged by its name, description and shape."""
    depth = _depth(node)
    said = str(node.get("description", ""))
    if node.get("type") == "string":
        return "png" if _MASK.search(name) and not node.get("enum") else None
    if depth == 1 and _BOX_3D.search(name):
        return "box_3d"
    if depth >= 1 and _MASK.search(name):
        return "polygon"
    if depth == 1 and (_BOX.search(name) or _CORNERS.search(said)):
        return "box"
    if depth == 1 and _POINT.search(name):
        return "point"
    return None


def convention_of(space: Space, node: Mapping[str, object]) -> Convention:
    """The convention that the description asks for, or else Gemini's own."""
    said = str(node.get("description", "")).lower()
    scale: Literal["1000", "1", "pixel"] = "1000"
    if re.search(r"\bpixel", said):
        scale = "pixel"
    elif re.search(r"\b0(\.0)?\s*(-|–|to|and)\s*1(\.0)?\b(?!000)", said):
        scale = "1"
    x_first, y_first = _first(said, "x"), _first(said, "y")
    return Convention(
        x_first=x_first < y_first if x_first != y_first else space == "polygon", scale=scale
    )


def write(space: Space, region: Region, node: Mapping[str, object], size: Size) -> Json:
    """The region's place as the value of this property; `size` is that of the image as sent."""
    if space == "png":
        return png_mask(region)
    if space == "box_3d":
        return _box_3d(region)
    how = convention_of(space, node)
    whole = _items_are_whole(node)
    if space == "polygon":
        return _polygon(region, how, whole, size, _depth(node))
    if space == "box":
        edges = region.box
        corners = ((edges.y_min, edges.x_min), (edges.y_max, edges.x_max))
        return [n for y, x in corners for n in _pair(y, x, how, whole, size)]
    return _pair(region.point.y, region.point.x, how, whole, size)


def edge_of(name: str, siblings: Sequence[str]) -> str | None:
    """Which edge a number of this name is, when its siblings make a place with it."""
    known = [edge for sibling in siblings if (edge := _EDGES.get(_bare(sibling)))]
    edge = _EDGES.get(_bare(name))
    if edge is None or not {"x_min", "y_min", "x", "y"} & set(known) or len(known) < 2:
        return None
    if edge in ("width", "height") and not ({"x", "y", "x_min", "y_min"} & set(known)):
        return None
    return edge


def write_edge(edge: str, name: str, siblings: Sequence[str], region: Region) -> int:
    """One number of a place, 0–1000."""
    box = region.box
    sized = {"w", "h", "width", "height"} & {_bare(sibling) for sibling in siblings}
    numbers = {
        "x_min": box.x_min,
        "y_min": box.y_min,
        "x_max": box.x_max,
        "y_max": box.y_max,
        "width": box.x_max - box.x_min,
        "height": box.y_max - box.y_min,
        "x": box.x_min if sized and _bare(name) == "x" else region.point.x,
        "y": box.y_min if sized and _bare(name) == "y" else region.point.y,
    }
    return round(numbers[edge])


def _pair(y: float, x: float, how: Convention, whole: bool, size: Size) -> list[Json]:
    written = [_scaled(y, size.height, how, whole), _scaled(x, size.width, how, whole)]
    return written[::-1] if how.x_first else written


def _scaled(value: float, side: int, how: Convention, whole: bool) -> Json:
    if how.scale == "pixel":
        value = value * side / NORM
    elif how.scale == "1":
        return round(value / NORM, 4)
    return round(value) if whole or how.scale == "1000" else round(value, 1)


def _polygon(region: Region, how: Convention, whole: bool, size: Size, depth: int) -> Json:
    corners = [_pair(y, x, how, whole, size) for x, y in polygon(region)]
    if depth == 1:
        return [number for corner in corners for number in corner]
    listed: list[Json] = list(corners)
    return [listed] if depth == 3 else listed


def _box_3d(region: Region) -> Json:
    """Nine numbers, made up from the box: a camera that looks straight on, 60° wide, at 3 m.

    Source of the order (centre, size in metres, roll, pitch, yaw): ai.google.dev, robotics; no real
    answer was at hand.
    """
    box, far, across = region.box, 3.0, 3.46
    x = ((box.x_min + box.x_max) / 2 / NORM - 0.5) * across
    z = (0.5 - (box.y_min + box.y_max) / 2 / NORM) * across
    wide = (box.x_max - box.x_min) / NORM * across
    high = (box.y_max - box.y_min) / NORM * across
    return [round(n, 2) for n in (x, far, z, wide, wide, high, 0.0, 0.0, 0.0)]


def _depth(node: Mapping[str, object]) -> int:
    """How many arrays deep the numbers lie; 0 when it does not end in numbers."""
    depth = 0
    inner: object = node
    while isinstance(inner, Mapping) and inner.get("type") == "array":
        depth += 1
        inner = inner.get("items", {})
        if depth > 3:
            return 0
    numeric = isinstance(inner, Mapping) and inner.get("type") in ("integer", "number", None)
    plain = isinstance(inner, Mapping) and not {"properties", "$ref", "anyOf", "enum"} & set(inner)
    return depth if numeric and plain else 0


def _items_are_whole(node: Mapping[str, object]) -> bool:
    inner: object = node
    while isinstance(inner, Mapping) and inner.get("type") == "array":
        inner = inner.get("items", {})
    return not (isinstance(inner, Mapping) and inner.get("type") == "number")


def _first(said: str, axis: str) -> int:
    """Where a description first names this axis within brackets or as an edge."""
    found = re.search(rf"\[\s*{axis}|\b{axis}_?(min|0|1)\b", said)
    return found.start() if found else len(said)


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
