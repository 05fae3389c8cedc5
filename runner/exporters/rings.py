"""Rings of corners for formats that know no masks, or no holes."""

from __future__ import annotations

from collections.abc import Sequence

from runner.values.geometry import Point, Polygon
from runner.values.result import Detection


def rings_of(one: Detection) -> tuple[Polygon, ...]:
    """The outline of a thing: that along the pixels of its mask, or its own; nothing for a box."""
    if one.mask is None:
        return one.polygon
    from runner.postprocess.polygons import rings

    return rings(one.mask)


def one_ring(parts: Sequence[Polygon]) -> tuple[Point, ...]:
    """One ring that encloses what several do together, holes included.

    From the first corner a line without width leads to each other ring and back: it is run along
    twice, so neither the even-odd nor the non-zero rule sees it.
    """
    if not parts:
        return ()
    first, *others = parts
    start = first.points[0]
    bridges = [(start, *ring.points, ring.points[0]) for ring in others]
    return (*first.points, *(corner for bridge in bridges for corner in bridge))


def signed_area(ring: Polygon) -> float:
    """Twice the area that a ring encloses: above zero when it runs clockwise as seen on the screen."""
    pairs = zip(ring.points, (*ring.points[1:], ring.points[0]), strict=True)
    return sum(a.x * b.y - b.x * a.y for a, b in pairs)


def with_holes(parts: Sequence[Polygon]) -> list[list[Polygon]]:
    """The rings of a mask (`postprocess.polygons.rings`) in groups: an outer one and its holes.

    A hole belongs to the smallest outer ring around it.
    """
    outer = sorted((ring for ring in parts if signed_area(ring) > 0), key=signed_area)
    groups = {id(ring): [ring] for ring in parts if signed_area(ring) > 0}
    for hole in parts:
        if signed_area(hole) < 0:
            around = next(ring for ring in outer if _is_inside(hole, ring))
            groups[id(around)].append(hole)
    return list(groups.values())


def _is_inside(hole: Polygon, ring: Polygon) -> bool:
    """Whether the pixel inside a hole at its topmost, then leftmost corner lies in a ring.

    The centre of that pixel is in the hole; a corner could lie on the ring. Even-odd rule.
    """
    top = min(hole.points, key=lambda corner: (corner.y, corner.x))
    x, y = top.x + 0.5, top.y + 0.5
    inside = False
    for a, b in zip(ring.points, (*ring.points[1:], ring.points[0]), strict=True):
        if (a.y > y) != (b.y > y) and x < a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y):
            inside = not inside
    return inside
