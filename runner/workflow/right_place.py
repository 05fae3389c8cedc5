"""A right place as its author writes it → pixels → the numbers that the model itself would write.

The author writes places as results have them: in pixels of the upright image, x first (`box: [x_min,
y_min, x_max, y_max]`, `point: [x, y]`, `mask: [[x, y], …]`). Only under the name `box_2d` a box stands
as Gemini writes it: [ymin, xmin, ymax, xmax], 0–1000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from runner.postprocess.corners import LARGEST, number, read_outline
from runner.postprocess.places import grid_of
from runner.text.schema_sentences import plain
from runner.values.answer import Json
from runner.values.geometry import GRID, Box, NormBox, Point, Polygon, Size, View
from runner.values.shape import Coordinates
from runner.workflow.words import as_yaml

NORMAL = "box_2d"
"""The name under which a box stands in 0–1000, y first; under every other one it is in pixels."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in an answer: the path of the place as its author wrote it, and what to write."""

    path: Path
    message: str
    fix: str | None = None
    key: bool = False


def box_in_pixels(value: Json, path: Path, view: View) -> Box | Mistake:
    """The box that stands at this path of an answer."""
    is_normal = path[-1:] == (NORMAL,)
    order = "[ymin, xmin, ymax, xmax] from 0 to 1000" if is_normal else BOX
    numbers = _numbers(value, 4, order, path)
    if isinstance(numbers, Mistake):
        return numbers
    a, b, c, d = numbers
    edges = Box(b, a, d, c) if is_normal else Box(a, b, c, d)
    if edges.width <= 0 or edges.height <= 0:
        upright = [min(a, c), min(b, d), max(a, c), max(b, d)]
        fix = f"write {as_yaml(upright)}" if edges.width and edges.height else None
        return Mistake(path, f"this box has no extent; `{path[-1]}` is {order}", fix)
    if edges != edges.clipped(GRID if is_normal else view.size):
        return _beyond("box", path, view.size, _meant(numbers, path, view.size, is_normal))
    return NormBox(a, b, c, d).on(view.size) if is_normal else edges


def point_in_pixels(value: Json, path: Path, view: View) -> Point | Mistake:
    """The point that stands at this path of an answer."""
    numbers = _numbers(value, 2, POINT, path)
    if isinstance(numbers, Mistake):
        return numbers
    point = Point(*numbers)
    return point if point == point.clipped(view.size) else _beyond("point", path, view.size)


def outline_in_pixels(value: Json, path: Path, view: View) -> tuple[Polygon, ...] | Mistake:
    """The outline that stands at this path of an answer; several rings are parts of one thing."""
    read = None if isinstance(value, str) else read_outline(value, None, (1, 1))
    if read is None:
        return Mistake(path, f"{_named(path)} is {OUTLINE}; found {plain(value)}")
    rings = tuple(Polygon(tuple(Point(x, y) for x, y in ring)) for ring in read.rings)
    if any(ring != ring.clipped(view.size) for ring in rings):
        return _beyond("outline", path, view.size)
    return rings


BOX = "[x_min, y_min, x_max, y_max] in pixels of the image"
POINT = "[x, y] in pixels of the image"
OUTLINE = "a list of three or more corners [x, y] in pixels of the image"


def box_as_written(box: Box, view: View, coordinates: Coordinates) -> list[Json]:
    """A box in the model's own convention."""
    x_min, y_min = _written(Point(box.x_min, box.y_min), view, coordinates)
    x_max, y_max = _written(Point(box.x_max, box.y_max), view, coordinates)
    by_x: list[Json] = [x_min, y_min, x_max, y_max]
    return [y_min, x_min, y_max, x_max] if coordinates.y_first else by_x


def point_as_written(point: Point, view: View, coordinates: Coordinates) -> list[Json]:
    """A point in the model's own convention."""
    x, y = _written(point, view, coordinates)
    return [y, x] if coordinates.y_first else [x, y]


def ring_as_written(ring: Polygon, view: View, coordinates: Coordinates) -> list[Json]:
    """An outline in the model's own scale; its corners are x first in every convention."""
    return [[*_written(corner, view, coordinates)] for corner in ring.points]


def around(rings: Sequence[Polygon]) -> Box:
    """The smallest box around outlines."""
    bounds = [ring.bounds for ring in rings]
    return Box(
        min(box.x_min for box in bounds),
        min(box.y_min for box in bounds),
        max(box.x_max for box in bounds),
        max(box.y_max for box in bounds),
    )


def _written(point: Point, view: View, coordinates: Coordinates) -> tuple[float, float]:
    """A place of the original in the model's own numbers, x first: whole ones, but for fractions."""
    grid, window = grid_of(view, coordinates), view.window
    x = (point.x - window.x_min) * grid.width / window.width
    y = (point.y - window.y_min) * grid.height / window.height
    if coordinates.scale == "1":
        return round(x, 4), round(y, 4)
    return floor(x + 0.5), floor(y + 0.5)


def _numbers(value: Json, count: int, order: str, path: Path) -> Sequence[float] | Mistake:
    listed = value if isinstance(value, list) else []
    numbers = [n for n in map(number, listed) if n is not None and abs(n) <= LARGEST]
    if len(numbers) == count == len(listed):
        return numbers
    return Mistake(path, f"{_named(path)} is {order}; found {plain(value)}")


def _named(path: Path) -> str:
    return f"`{path[-1]}`" if path and isinstance(path[-1], str) else "this"


def _beyond(what: str, path: Path, size: Size, fix: str | None = None) -> Mistake:
    message = f"this {what} reaches beyond the image of {size.width} × {size.height} pixels"
    return Mistake(path, message, fix)


def _meant(numbers: Sequence[float], path: Path, size: Size, is_normal: bool) -> str | None:
    """What the author of a box that does not fit may have meant."""
    if is_normal:
        return f"`{NORMAL}` is [ymin, xmin, ymax, xmax] from 0 to 1000; pixels are called `box`"
    if min(numbers) >= 0 and max(numbers) <= GRID.width:
        return (
            f"`{path[-1]}` is {BOX}; what is [ymin, xmin, ymax, xmax], 0-1000, is called `{NORMAL}`"
        )
    return None
