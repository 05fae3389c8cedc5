"""Places: the numbers of a box or point as a model writes them → pixels, every repair recorded.

The order of repairs: not four finite numbers → no box · corners swapped → sorted · beyond the
image → clipped · then without extent → said so. The scale is never guessed: what looks like
another one is marked, and `coords` in the workflow decides.

What a model writes is about what was sent; what is found here is in pixels of the original and lies
inside the window of it that was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.postprocess.corners import LARGEST, number, read_outline
from runner.values.answer import Json
from runner.values.geometry import (
    GRID,
    NORM,
    Box,
    NormBox,
    NormPoint,
    NormPolygon,
    Point,
    Polygon,
    Size,
    View,
)
from runner.values.result import Issue
from runner.values.shape import Coordinates


@dataclass(frozen=True, slots=True)
class FoundBox:
    """A box in three forms.

    `written` has the model's numbers, `box` is inside what was sent, `whole` may reach beyond it.
    The latter two are None while the size of the image is not known.
    """

    written: NormBox
    box: Box | None
    whole: Box | None
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """A point in pixels inside what was sent; None while the size of the image is not known."""

    point: Point | None
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class FoundOutline:
    """An outline in pixels: `rings` inside what was sent, `whole` as far as they really reach."""

    rings: tuple[Polygon, ...]
    whole: tuple[Polygon, ...]
    swapped: bool
    issues: tuple[Issue, ...]


def find_box(value: Json, view: View | None, coordinates: Coordinates) -> FoundBox | str:
    """The box that a value spells, or a sentence on why it spells none."""
    numbers = _numbers(value, 4)
    if isinstance(numbers, str):
        return numbers
    a, b, c, d = numbers
    written = NormBox(a, b, c, d) if coordinates.y_first else NormBox(b, a, d, c)
    issues = list(_scale_issues(numbers, coordinates))
    upright = written.sorted()
    if upright != written:
        issues.append(Issue("inverted", f"the edges of {_text(numbers)} were swapped"))
    if view is None:
        return FoundBox(written, None, None, tuple(issues))
    grid = grid_of(view, coordinates)
    box, whole = upright.clipped(grid).on(view.window, grid), upright.on(view.window, grid)
    if box != whole:
        issues.append(Issue("clipped", f"{_text(numbers)} reaches beyond the image"))
    if box.width == 0 or box.height == 0:
        issues.append(Issue("degenerate", f"{_text(numbers)} has no extent inside the image"))
    return FoundBox(written, box, whole, tuple(issues))


def find_point(value: Json, view: View | None, coordinates: Coordinates) -> FoundPoint | str:
    """The point that a value spells, or a sentence on why it spells none."""
    numbers = _numbers(value, 2)
    if isinstance(numbers, str):
        return numbers
    first, second = numbers
    written = NormPoint(first, second) if coordinates.y_first else NormPoint(second, first)
    issues = list(_scale_issues(numbers, coordinates))
    if view is None:
        return FoundPoint(None, tuple(issues))
    at = written.on(view.window, grid_of(view, coordinates))
    point = at.clipped(view.window)
    if point != at:
        issues.append(Issue("clipped", f"{_text(numbers)} lies beyond the image"))
    return FoundPoint(point, tuple(issues))


def find_outline(
    value: Json, box: FoundBox | None, view: View, coordinates: Coordinates
) -> FoundOutline | None:
    """The outline that a value spells, or None when it spells none."""
    grid = grid_of(view, coordinates)
    spans = (grid.width, grid.height)
    outline = read_outline(value, box.written.sorted() if box else None, spans)
    if outline is None:
        return None
    whole = tuple(NormPolygon(ring).on(view.window, grid) for ring in outline.rings)
    rings = tuple(ring.clipped(view.window) for ring in whole)
    numbers = [n for ring in outline.rings for corner in ring for n in corner]
    issues = [*_scale_issues(numbers, coordinates), *outline.issues]
    if rings != whole:
        issues.append(Issue("clipped", "the outline reaches beyond the image"))
    return FoundOutline(rings, whole, outline.swapped, tuple(issues))


def grid_of(view: View, coordinates: Coordinates) -> Size:
    """The size of what was sent, in the numbers that the model writes."""
    match coordinates.scale:
        case "1000":
            return GRID
        case "1":
            return Size(1, 1)
        case "pixel":
            return view.sent


def _numbers(value: Json, count: int) -> Sequence[float] | str:
    if not isinstance(value, list):
        return f"{_kind(value)} stands where {count} numbers should"
    numbers = [n for n in map(number, value) if n is not None]
    if len(value) != count:
        return f"{len(value)} value{'' if len(value) == 1 else 's'} where {count} numbers should be"
    if len(numbers) < count:
        return f"not all of the {count} values are finite numbers"
    if max(map(abs, numbers)) > LARGEST:
        return "the numbers are too large for a place in an image"
    return numbers


def _scale_issues(numbers: Sequence[float], coordinates: Coordinates) -> Sequence[Issue]:
    largest = max(numbers)
    if coordinates.scale != "1" and largest <= 1 and any(n != int(n) for n in numbers):
        why = "all numbers are fractions up to 1; if that is their scale, set `coords: {scale: 1}`"
        return (Issue("scale_suspect", f"unit: {why}"),)
    if coordinates.scale == "1000" and largest > NORM:
        why = "numbers above 1000; if they are pixels, set `coords: {scale: pixel}`"
        return (Issue("scale_suspect", f"pixels?: {why}"),)
    if coordinates.scale == "1" and largest > 2:
        why = "numbers far above 1 although `coords` says that they are fractions"
        return (Issue("scale_suspect", f"1000?: {why}"),)
    return ()


def _text(numbers: Sequence[float]) -> str:
    return "[" + ", ".join(f"{n:.10g}" for n in numbers) + "]"


def _kind(value: Json) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a single number"
        case str():
            return "a text"
        case _:
            return "an object"
