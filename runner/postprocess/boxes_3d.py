"""3D boxes: nine numbers in metres and degrees → the lines of a wireframe in pixels.

Models of the Gemini family write `[x, y, z, x size, y size, z size, roll, pitch, yaw]`. The frame is
that of the camera, which stands at the origin and looks straight on: **x to the right, y forward, z
up**. The box is turned about its own centre: by roll about x, then by pitch about y, then by yaw about
z, each counter-clockwise for somebody towards whom the axis points (R = Rz · Ry · Rx).

Seen by a camera without distortion whose picture is `width` pixels wide and shows the horizontal
angle `field_of_view`:

    f = width / (2 · tan(field_of_view / 2))
    column = width / 2 + f · x / y
    row    = height / 2 − f · z / y

The model is not told the angle and does not say which one it has in mind. Source of order, units,
axes and formula: Google's own viewer (github.com/google-gemini/starter-applets, spatial), whose
default is 60°.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import cos, radians, sin, tan

from runner.values.geometry import Box, PixelBox, Point

NEAREST = 0.01
"""Metres before the camera: what is nearer has no place in a picture, so lines end there."""

FARTHEST = 1e6
"""A number beyond this is no place in front of any camera, in any unit."""

Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """A line of a wireframe in pixels of the original. `is_hidden`: the box itself stands before it."""

    start: Point
    end: Point
    is_hidden: bool = False

    def scaled(self, x: float, y: float) -> Edge:
        """The line on the same image resized by these factors."""
        return Edge(self.start.scaled(x, y), self.end.scaled(x, y), self.is_hidden)


@dataclass(frozen=True, slots=True)
class Camera:
    """What a picture was taken with. `window` is the part of the upright original that was sent, in
    its pixels; `field_of_view` the horizontal angle that it shows, in degrees between 0 and 180."""

    window: PixelBox
    field_of_view: float

    def wireframe(self, box_3d: Sequence[float]) -> tuple[Edge, ...]:
        """The edges of a box as far as they are in the window; none for a box that is not in view."""
        if max(map(abs, box_3d)) > FARTHEST:
            return ()
        corners = _corners(box_3d)
        farthest = max(corners, key=lambda sides: sum(value * value for value in corners[sides]))
        edges = []
        for one, other in _edges():
            line = _before_the_camera(corners[one], corners[other])
            ends = line and clipped(self.seen(line[0]), self.seen(line[1]), self.window)
            if ends:
                edges.append(Edge(*ends, is_hidden=farthest in (one, other)))
        return tuple(edges)

    def seen(self, place: Place) -> Point:
        """Where a place before the camera is in the picture, in pixels of the original."""
        x, forward, up = place
        focal = self.window.width / (2 * tan(radians(self.field_of_view) / 2))
        return Point(
            self.window.x_min + self.window.width / 2 + focal * x / forward,
            self.window.y_min + self.window.height / 2 - focal * up / forward,
        )


def extent(edges: Sequence[Edge]) -> Box | None:
    """The box around a wireframe; None when nothing of it is in view."""
    if not edges:
        return None
    xs = [point.x for edge in edges for point in (edge.start, edge.end)]
    ys = [point.y for edge in edges for point in (edge.start, edge.end)]
    return Box(min(xs), min(ys), max(xs), max(ys))


def clipped(start: Point, end: Point, window: PixelBox) -> tuple[Point, Point] | None:
    """The part of a line that lies in a window; None when nothing does.

    Source: Liang and Barsky, "A new concept and method for line clipping", 1984.
    """
    first, last = 0.0, 1.0
    across, along = end.x - start.x, end.y - start.y
    for step, room in (
        (-across, start.x - window.x_min),
        (across, window.x_max - start.x),
        (-along, start.y - window.y_min),
        (along, window.y_max - start.y),
    ):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first > last:
        return None
    a, b = (
        Point(start.x + share * across, start.y + share * along).clipped(window)
        for share in (first, last)
    )
    return a, b


_Corner = tuple[int, int, int]
_SIDES = (-1, 1)


def _corners(box_3d: Sequence[float]) -> dict[_Corner, Place]:
    """The eight corners in the camera's frame, by the side of the centre on which they are."""
    x, y, z, *sizes = box_3d[:6]
    roll, pitch, yaw = (radians(angle) for angle in box_3d[6:9])
    return {
        sides: _moved(
            _turned(
                (sides[0] * sizes[0] / 2, sides[1] * sizes[1] / 2, sides[2] * sizes[2] / 2),
                roll,
                pitch,
                yaw,
            ),
            (x, y, z),
        )
        for sides in product(_SIDES, _SIDES, _SIDES)
    }


def _edges() -> list[tuple[_Corner, _Corner]]:
    """Corners that differ in one side only."""
    corners = list(product(_SIDES, _SIDES, _SIDES))
    return [
        (one, other)
        for number, one in enumerate(corners)
        for other in corners[number + 1 :]
        if sum(a != b for a, b in zip(one, other, strict=True)) == 1
    ]


def _turned(place: Place, roll: float, pitch: float, yaw: float) -> Place:
    x, y, z = place
    y, z = y * cos(roll) - z * sin(roll), y * sin(roll) + z * cos(roll)
    x, z = x * cos(pitch) + z * sin(pitch), z * cos(pitch) - x * sin(pitch)
    x, y = x * cos(yaw) - y * sin(yaw), x * sin(yaw) + y * cos(yaw)
    return x, y, z


def _moved(place: Place, by: Place) -> Place:
    return place[0] + by[0], place[1] + by[1], place[2] + by[2]


def _before_the_camera(one: Place, other: Place) -> tuple[Place, Place] | None:
    """The part of a line that the camera can see; None when all of it is behind."""
    if one[1] > other[1]:
        one, other = other, one
    if other[1] < NEAREST:
        return None
    if one[1] < NEAREST:
        share = (NEAREST - one[1]) / (other[1] - one[1])
        one = (
            one[0] + share * (other[0] - one[0]),
            NEAREST,
            one[2] + share * (other[2] - one[2]),
        )
    return one, other
