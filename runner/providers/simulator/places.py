"""Coordinates as a model writes them: which properties hold any, and the region's place in them.

Conventions: `box_2d` is [ymin, xmin, ymax, xmax], a point [y, x], a polygon [[x, y], …], all in
0–1000; a mask of Gemini 2.5 is a PNG within its box. A description that says otherwise is followed.
Source: ai.google.dev, image understanding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, radians, tan
from typing import Literal, TypeAlias

from runner.providers.simulator.outline import MOST_CORNERS, png_mask, polygon
from runner.providers.simulator.vision import Region
from runner.values.answer import Json
from runner.values.geometry import NORM, Size

Space = Literal["box", "point", "polygon", "png", "box_3d"]
Node: TypeAlias = Mapping[str, object]

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
    """How coordinates are written: their order, what a whole side is, and the schema's bounds."""

    x_first: bool
    scale: Literal["1000", "1", "pixel"] = "1000"
    whole: bool = True
    low: float = -inf
    high: float = inf


def space_of(name: str, node: Node) -> Space | None:
    """What the property of this name holds, judged by its name, description and shape."""
    depth = _depth(node)
    said = str(node.get("description", ""))
    if node.get("type") == "string":
        return "png" if _MASK.search(name) and not node.get("enum") else None
    if depth == 1 and _BOX_3D.search(name):
        return "box_3d" if _holds(node, 9) else None
    if depth >= 1 and _MASK.search(name):
        return "polygon" if _holds_a_ring(node, depth) else None
    if depth == 1 and (_BOX.search(name) or _CORNERS.search(said)):
        return "box" if _holds(node, 4) else None
    if depth == 1 and _POINT.search(name):
        return "point" if _holds(node, 2) else None
    return None


def convention_of(space: Space | None, node: Node) -> Convention:
    """The convention that the description or the bounds ask for, or else Gemini's own."""
    said = str(node.get("description", "")).lower()
    number = _number(node)
    scale: Literal["1000", "1", "pixel"] = "1000"
    if re.search(r"\bpixel", said):
        scale = "pixel"
    elif number.get("maximum") == 1 or re.search(r"\b0(\.0)?\s*(-|–|to|and)\s*1(\.0)?\b", said):
        scale = "1"
    x_at, y_at = _first(said, "x"), _first(said, "y")
    return Convention(
        x_first=x_at < y_at if x_at != y_at else space == "polygon",
        scale=scale,
        whole=number.get("type") != "number",
        low=_bound(number, "minimum"),
        high=_bound(number, "maximum"),
    )


def write(space: Space, region: Region, node: Node, size: Size) -> Json:
    """The region's place as the value of this property; `size` is that of the image as sent."""
    if space == "png":
        return png_mask(region)
    if space == "box_3d":
        return _box_3d(region, size)
    how = convention_of(space, node)
    if space == "polygon":
        return _polygon(region, how, size, node)
    if space == "box":
        edges = region.box
        corners = ((edges.y_min, edges.x_min), (edges.y_max, edges.x_max))
        return [n for y, x in corners for n in _pair(y, x, how, size)]
    return _pair(region.point.y, region.point.x, how, size)


def edge_of(name: str, siblings: Sequence[str]) -> str | None:
    """Which edge a number of this name is, when its siblings make a place with it."""
    known = [edge for sibling in siblings if (edge := _EDGES.get(_bare(sibling)))]
    edge = _EDGES.get(_bare(name))
    if edge is None or not {"x_min", "y_min", "x", "y"} & set(known) or len(known) < 2:
        return None
    if edge in ("width", "height") and not ({"x", "y", "x_min", "y_min"} & set(known)):
        return None
    return edge


def is_plain(node: Node) -> bool:
    """Whether a number of a place fits here: it knows of bounds, not of steps and choices."""
    return not _NOT_PLAIN & set(node)


def write_edge(
    edge: str, name: str, siblings: Sequence[str], region: Region, node: Node, size: Size
) -> Json:
    """One number of a place, in the convention of its own description and bounds."""
    box, point = region.box, region.point
    sized = {"w", "h", "width", "height"} & {_bare(sibling) for sibling in siblings}
    across = {
        "x_min": box.x_min,
        "x_max": box.x_max,
        "width": box.x_max - box.x_min,
        "x": box.x_min if sized and _bare(name) == "x" else point.x,
    }
    down = {
        "y_min": box.y_min,
        "y_max": box.y_max,
        "height": box.y_max - box.y_min,
        "y": box.y_min if sized and _bare(name) == "y" else point.y,
    }
    how = convention_of(None, node)
    if edge in across:
        return _scaled(across[edge], size.width, how)
    return _scaled(down[edge], size.height, how)


def _pair(y: float, x: float, how: Convention, size: Size) -> list[Json]:
    written = [_scaled(y, size.height, how), _scaled(x, size.width, how)]
    return written[::-1] if how.x_first else written


def _scaled(value: float, side: int, how: Convention) -> Json:
    if how.scale == "pixel":
        value = value * side / NORM
    elif how.scale == "1":
        value = value / NORM
    value = min(max(value, how.low), how.high)
    if how.whole:
        return round(value)
    return round(value, 4 if how.scale == "1" else 1)


def _polygon(region: Region, how: Convention, size: Size, node: Node) -> Json:
    """As many corners as the schema allows; the last one again when it wants more."""
    depth = _depth(node)
    corners_node = node if depth < 3 else _child(node)
    pair = 2 if depth == 1 else 1
    most = _count(corners_node, "maxItems", 2 * MOST_CORNERS) // pair
    corners = [_pair(y, x, how, size) for x, y in polygon(region, max(3, min(most, MOST_CORNERS)))][
        :most
    ]
    while corners and len(corners) < _count(corners_node, "minItems", 0) / pair:
        corners.append(corners[-1])
    if depth == 1:
        return [number for corner in corners for number in corner]
    listed: list[Json] = list(corners)
    return [listed] * max(1, _count(node, "minItems", 1)) if depth == 3 else listed


def _box_3d(region: Region, size: Size) -> Json:
    """Nine numbers, made up from the box, for a camera that looks straight on and 60° wide: 3 m away
    stands a side that covers the box, and behind it is half as much depth as there is width.

    Source of the order (centre, size in metres, roll, pitch, yaw) and of the axes (x to the right, y
    forward, z up): github.com/google-gemini/starter-applets, spatial; no real answer was at hand.
    """
    box, far = region.box, 3.0
    across = 2 * far * tan(radians(30))
    up = across * size.height / size.width
    x = ((box.x_min + box.x_max) / 2 / NORM - 0.5) * across
    z = (0.5 - (box.y_min + box.y_max) / 2 / NORM) * up
    wide = (box.x_max - box.x_min) / NORM * across
    high = (box.y_max - box.y_min) / NORM * up
    numbers = (x, far + wide / 4, z, wide, wide / 2, high, 0.0, 0.0, 0.0)
    return [round(number, 2) for number in numbers]


_NOT_PLAIN = frozenset(
    [
        "properties",
        "$ref",
        "anyOf",
        "oneOf",
        "allOf",
        "enum",
        "const",
        "multipleOf",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "prefixItems",
    ]
)
"""Keywords of which the numbers of a place know nothing."""


def _depth(node: Node) -> int:
    """How many arrays deep the numbers lie; 0 when it does not end in plain numbers."""
    depth, inner = 0, node
    while inner.get("type") == "array" and "prefixItems" not in inner and depth < 4:
        depth, inner = depth + 1, _child(inner)
    numeric = inner.get("type") in ("integer", "number", None) and is_plain(inner)
    return depth if numeric and depth < 4 else 0


def _holds_a_ring(node: Node, depth: int) -> bool:
    """Whether there is room for three corners, each a pair of numbers."""
    if depth == 1:
        most = _count(node, "maxItems", 2 * MOST_CORNERS) // 2
        return most >= 3 and most * 2 >= _count(node, "minItems", 0)
    corners = node if depth == 2 else _child(node)
    whole = depth == 2 or _count(node, "maxItems", 1) >= 1
    return whole and _count(corners, "maxItems", 3) >= 3 and _holds(_child(corners), 2)


def _number(node: Node) -> Node:
    while node.get("type") == "array":
        node = _child(node)
    return node


def _child(node: Node) -> Node:
    items = node.get("items")
    return items if isinstance(items, Mapping) else {}


def _holds(node: Node, count: int) -> bool:
    """Whether a list may have this many items."""
    least, most = _count(node, "minItems", 0), _count(node, "maxItems", count)
    return least <= count <= most


def _count(node: Node, key: str, otherwise: int) -> int:
    value = node.get(key)
    return value if isinstance(value, int) else otherwise


def _bound(node: Node, key: str) -> float:
    value = node.get(key)
    if isinstance(value, int | float):
        return float(value)
    return inf if key == "maximum" else -inf


def _first(said: str, axis: str) -> int:
    """Where a description first names this axis within brackets or as an edge."""
    found = re.search(rf"\[\s*{axis}|\b{axis}_?(min|0|1)\b", said)
    return found.start() if found else len(said)


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
