"""What is drawn: detections in the pixels of the drawn image, and sizes that suit it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from runner.postprocess.boxes_3d import Camera, Edge, extent
from runner.postprocess.paths import Path, paths
from runner.values.geometry import Box, PixelBox, Point, Polygon, Size
from runner.values.mask import Mask
from runner.values.result import Detection

CROWDED = 40
"""With more things than this, numbers stand in the image and the labels in a legend."""

_ENTRY = re.compile(r"[^\[]*\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Look:
    """Sizes in pixels that suit one image."""

    line: int
    letters: int
    dot: int

    @staticmethod
    def on(size: Size, things: int) -> Look:
        """Readable on the image and thin enough for what is in it."""
        middle = sqrt(size.area)
        width = min(max(2, round(middle / 420)), 6)
        letters = min(max(11, round(middle / 60)), 30)
        if things > CROWDED:
            width, letters = max(1, width // 2), max(10, round(letters * 0.75))
        return Look(width, letters, max(3, round(middle / 220)))


@dataclass(frozen=True, slots=True)
class Thing:
    """One detection, or one way through several, in the pixels of the drawn image. `name` gives its
    colour; `bounds` is what its label stands at."""

    number: int
    name: str | None
    text: str | None
    bounds: PixelBox
    box: Box | None = None
    point: Point | None = None
    rings: tuple[Polygon, ...] = ()
    mask: Mask | None = None
    edges: tuple[Edge, ...] = ()
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn on: an image of the size `drawn` of a `frame` in whose pixels things are told.

    With a `camera` 3D boxes are drawn; with `as_paths` points are, as ways through the image.
    """

    drawn: Size
    frame: Size
    camera: Camera | None = None
    as_paths: bool = False

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the drawn image for one of the frame, along x and along y."""
        return self.drawn.width / self.frame.width, self.drawn.height / self.frame.height

    def things(self, found: Sequence[Detection]) -> list[Thing]:
        """What there is to draw of these detections, cut at the edges of the image."""
        ways = paths(found) if self.as_paths else ()
        lone = [
            self._thing(number_of(one, position), one)
            for position, one in enumerate(found, 1)
            if one.point is None or not ways
        ]
        return [*lone, *(self._way(number, way) for number, way in enumerate(ways, len(lone) + 1))]

    def _thing(self, number: int, one: Detection) -> Thing:
        x, y = self.scale
        box = one.box and one.box.scaled(x, y).clipped(self.drawn)
        point = one.point and one.point.scaled(x, y).clipped(self.drawn)
        rings = tuple(ring.scaled(x, y) for ring in one.polygon)
        in_view = self.camera.wireframe(one.box_3d) if self.camera and one.box_3d else ()
        edges = tuple(edge.scaled(x, y) for edge in in_view)
        around = box or (rings[0].bounds if rings else extent(edges))
        if around is None and one.mask is not None and one.mask.tight_box is not None:
            around = one.mask.tight_box.scaled(x, y)
        if around is None and point is not None:
            around = self._around(point)
        bounds = (around or Box(0, 0, 0, 0)).on_pixels(self.drawn)
        name, text = name_of(one), text_of(one)
        return Thing(number, name, text, bounds, box, point, rings, one.mask, edges)

    def _way(self, number: int, way: Path) -> Thing:
        """Its label stands at its first point."""
        drawn = way.scaled(*self.scale)
        bounds = self._around(drawn.points[0]).on_pixels(self.drawn)
        return Thing(number, way.label, way.label, bounds, path=drawn)

    def _around(self, point: Point) -> Box:
        """What a dot covers, so that its label does not."""
        reach = Look.on(self.drawn, 1).dot + 3
        return Box(point.x - reach, point.y - reach, point.x + reach, point.y + reach)


def name_of(one: Detection) -> str | None:
    """What names a detection: its label, or the first text or choice among its fields."""
    texts = (value for value in one.fields.values() if isinstance(value, str) and value.strip())
    return one.label or next(texts, None)


def text_of(one: Detection) -> str | None:
    """What stands at a detection: its name, and its score, if any."""
    name = name_of(one)
    if one.score is None or name is None:
        return name
    return f"{name} {one.score:.2f}"


def number_of(one: Detection, position: int) -> int:
    """The number of its entry in the answer, from 1, as the column `n` of a table has it."""
    entry = _ENTRY.match(one.at)
    return int(entry[1]) + 1 if entry else position
