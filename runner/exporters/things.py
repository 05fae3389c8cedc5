"""What is drawn: detections in the pixels of the drawn image, and sizes that suit it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import sqrt

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
    """One detection in the pixels of the drawn image. `name` gives its colour; `bounds` is what its
    label stands at."""

    number: int
    name: str | None
    text: str | None
    bounds: PixelBox
    box: Box | None
    point: Point | None
    rings: tuple[Polygon, ...]
    mask: Mask | None


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


def thing_of(number: int, one: Detection, drawn: Size, x: float, y: float) -> Thing:
    """A detection scaled by `x` and `y` to an image of the size `drawn`, and cut at its edges."""
    box = one.box and one.box.scaled(x, y).clipped(drawn)
    point = one.point and one.point.scaled(x, y).clipped(drawn)
    rings = tuple(ring.scaled(x, y) for ring in one.polygon)
    extent = box or (rings[0].bounds if rings else None)
    if extent is None and one.mask is not None and one.mask.tight_box is not None:
        extent = one.mask.tight_box.scaled(x, y)
    if extent is None and point is not None:
        extent = Box(point.x, point.y, point.x, point.y)
    bounds = (extent or Box(0, 0, 0, 0)).on_pixels(drawn)
    return Thing(number, name_of(one), text_of(one), bounds, box, point, rings, one.mask)
