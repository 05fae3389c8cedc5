"""Boxes, points and polygons in two spaces that the type checker keeps apart.

*Norm* space is what a model writes: 0–1000 along each side of the image, boxes y first.
*Pixel* space is what a person sees: x to the right, y down, the origin at the outer corner of the
top-left pixel, so pixel (i, j) covers [i, i+1) × [j, j+1) and the image is [0, width] × [0, height].
The only bridge between the two is `.on(part)`, and it never rounds to less than a
billionth of a pixel. `part` is the size of an image of which all was sent, or the window of it that
was: either way the pixels are those of the original.

Sources: ai.google.dev image understanding guide (box_2d is [ymin, xmin, ymax, xmax], 0–1000);
COCO, CVAT and FiftyOne for coordinates on pixel edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite

NORM = 1000
"""The length of an image side in norm space."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in whole pixels, both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a size is at least 1 × 1, not {self.width} × {self.height}")

    @property
    def area(self) -> int:
        """The number of pixels."""
        return self.width * self.height

    @property
    def box(self) -> PixelBox:
        """All of the image."""
        return PixelBox(0, 0, self.width, self.height)

    def fitted(self, longest: int) -> Size:
        """The size with no side longer than this, in the same proportions; never a larger one."""
        side = max(self.width, self.height)
        if side <= longest:
            return self
        width, height = (
            max(1, (2 * each * longest + side) // (2 * side)) for each in (self.width, self.height)
        )
        return Size(width, height)

    def turned(self, orientation: int) -> Size:
        """The upright size of an image that is stored in this size with this EXIF orientation."""
        return Size(self.height, self.width) if orientation in (5, 6, 7, 8) else self


GRID = Size(NORM, NORM)
"""The size of every image in norm space."""


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open rectangle in float pixels on pixel edges: [x_min, x_max) × [y_min, y_max)."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    @property
    def width(self) -> float:
        """In pixels."""
        return self.x_max - self.x_min

    @property
    def height(self) -> float:
        """In pixels."""
        return self.y_max - self.y_min

    @property
    def area(self) -> float:
        """In square pixels; 0 for a box without extent."""
        return max(0.0, self.width) * max(0.0, self.height)

    def clipped(self, part: Size | PixelBox) -> Box:
        """The part of the box that lies inside the image, or inside a window of it."""
        return Box(
            *Point(self.x_min, self.y_min).clipped(part).as_list(),
            *Point(self.x_max, self.y_max).clipped(part).as_list(),
        )

    def shifted(self, x: float, y: float) -> Box:
        """The same box, moved right by `x` and down by `y` pixels."""
        return Box(self.x_min + x, self.y_min + y, self.x_max + x, self.y_max + y)

    def scaled(self, x: float, y: float) -> Box:
        """The box on the same image resized by these factors."""
        return Box(self.x_min * x, self.y_min * y, self.x_max * x, self.y_max * y)

    def turned(self, orientation: int, stored: Size) -> Box:
        """The box in upright pixels, given one in the pixels as stored under an EXIF orientation."""
        a = Point(self.x_min, self.y_min).turned(orientation, stored)
        b = Point(self.x_max, self.y_max).turned(orientation, stored)
        return Box(min(a.x, b.x), min(a.y, b.y), max(a.x, b.x), max(a.y, b.y))

    def iou(self, other: Box) -> float:
        """Intersection over union, 0–1; 0 when either box has no area."""
        width = min(self.x_max, other.x_max) - max(self.x_min, other.x_min)
        height = min(self.y_max, other.y_max) - max(self.y_min, other.y_min)
        shared = max(0.0, width) * max(0.0, height)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def on_pixels(self, part: Size | PixelBox) -> PixelBox:
        """Whole pixels inside the image or a window, rounded half up, never without extent.

        Rounding half up has no bias to any side; `int()` moves boxes by half a pixel up and left.
        The coordinates of a `NormBox` with whole numbers are multiples of 1/1000, so adding one
        half and flooring is exact in floating point.
        """
        inside = _window(part)
        x_min, x_max = _whole_span(self.x_min, self.x_max, inside.x_min, inside.x_max)
        y_min, y_max = _whole_span(self.y_min, self.y_max, inside.y_min, inside.y_max)
        return PixelBox(x_min, y_min, x_max, y_max)

    def on_grid(self) -> PixelBox:
        """Whole pixels, rounded half up like `on_pixels`, but also beyond the image.

        For what covers the whole box although only a part of it is inside the image.
        """
        x_min, y_min = floor(self.x_min + 0.5), floor(self.y_min + 0.5)
        return PixelBox(
            x_min,
            y_min,
            max(floor(self.x_max + 0.5), x_min + 1),
            max(floor(self.y_max + 0.5), y_min + 1),
        )

    def as_list(self) -> list[float]:
        """`[x_min, y_min, x_max, y_max]`, the form of results."""
        return [self.x_min, self.y_min, self.x_max, self.y_max]


@dataclass(frozen=True, slots=True)
class PixelBox:
    """A half-open rectangle in whole pixels, at least one pixel wide and high: for crops and drawing."""

    x_min: int
    y_min: int
    x_max: int
    y_max: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.x_max - self.x_min

    @property
    def height(self) -> int:
        """In pixels."""
        return self.y_max - self.y_min

    @property
    def size(self) -> Size:
        """The size of an image that shows this and nothing else."""
        return Size(self.width, self.height)

    def within(self, other: PixelBox) -> PixelBox | None:
        """What both cover; None when that is nothing."""
        x_min, y_min = max(self.x_min, other.x_min), max(self.y_min, other.y_min)
        x_max, y_max = min(self.x_max, other.x_max), min(self.y_max, other.y_max)
        return PixelBox(x_min, y_min, x_max, y_max) if x_min < x_max and y_min < y_max else None

    def as_list(self) -> list[int]:
        """`[x_min, y_min, x_max, y_max]`, the form of results."""
        return [self.x_min, self.y_min, self.x_max, self.y_max]


@dataclass(frozen=True, slots=True)
class View:
    """What is sent of an image: a `window` of the upright original, which has this `size`, as an
    image of `sent` pixels. Answers are about the window, results about the original."""

    size: Size
    window: PixelBox
    sent: Size

    @classmethod
    def of(cls, size: Size, window: PixelBox | None = None, sent: Size | None = None) -> View:
        """The view of an image; without a window all of it is sent, in its own size."""
        part = window or size.box
        return cls(size, part, sent or part.size)


@dataclass(frozen=True, slots=True)
class Point:
    """A place in float pixels."""

    x: float
    y: float

    def clipped(self, part: Size | PixelBox) -> Point:
        """The nearest place inside the image, or inside a window of it, edges included."""
        inside = _window(part)
        return Point(
            _between(self.x, float(inside.x_max), float(inside.x_min)),
            _between(self.y, float(inside.y_max), float(inside.y_min)),
        )

    def shifted(self, x: float, y: float) -> Point:
        """The same point, moved right by `x` and down by `y` pixels."""
        return Point(self.x + x, self.y + y)

    def scaled(self, x: float, y: float) -> Point:
        """The point on the same image resized by these factors."""
        return Point(self.x * x, self.y * y)

    def turned(self, orientation: int, stored: Size) -> Point:
        """The point in upright pixels, given one in the pixels as stored under an EXIF orientation.

        Source: Exif 2.32, tag 0x0112 (6 = turn a quarter clockwise, 8 = counter-clockwise).
        """
        x, y, width, height = self.x, self.y, stored.width, stored.height
        match orientation:
            case 2:
                return Point(width - x, y)
            case 3:
                return Point(width - x, height - y)
            case 4:
                return Point(x, height - y)
            case 5:
                return Point(y, x)
            case 6:
                return Point(height - y, x)
            case 7:
                return Point(height - y, width - x)
            case 8:
                return Point(y, width - x)
            case _:
                return self

    def on_pixel(self, size: Size) -> tuple[int, int]:
        """The (x, y) of the pixel that holds the point; the far edges belong to the last pixel."""
        return (
            min(max(floor(self.x), 0), size.width - 1),
            min(max(floor(self.y), 0), size.height - 1),
        )

    def as_list(self) -> list[float]:
        """`[x, y]`, the form of results."""
        return [self.x, self.y]


@dataclass(frozen=True, slots=True)
class Polygon:
    """One closed ring in float pixels on pixel edges; the last point joins the first."""

    points: tuple[Point, ...]

    @property
    def bounds(self) -> Box:
        """The smallest box around the ring."""
        xs = [point.x for point in self.points]
        ys = [point.y for point in self.points]
        return Box(min(xs), min(ys), max(xs), max(ys))

    def clipped(self, part: Size | PixelBox) -> Polygon:
        """Every corner moved to the nearest place inside the image, or inside a window of it."""
        return Polygon(tuple(point.clipped(part) for point in self.points))

    def shifted(self, x: float, y: float) -> Polygon:
        """The same ring, moved right by `x` and down by `y` pixels."""
        return Polygon(tuple(point.shifted(x, y) for point in self.points))

    def scaled(self, x: float, y: float) -> Polygon:
        """The ring on the same image resized by these factors."""
        return Polygon(tuple(point.scaled(x, y) for point in self.points))

    def as_list(self) -> list[list[float]]:
        """`[[x, y], …]`, the form of results."""
        return [point.as_list() for point in self.points]


@dataclass(frozen=True, slots=True)
class NormBox:
    """A box as a model writes it: 0–1000, y first."""

    y_min: float
    x_min: float
    y_max: float
    x_max: float

    def on(self, part: Size | PixelBox, grid: Size = GRID) -> Box:
        """The box in pixels of the original, unrounded: n · side / 1000, multiplied first.

        `part` is what was sent, `grid` its size in the model's own numbers.
        """
        sent = _window(part)
        return Box(
            _to_pixels(self.x_min, sent.x_min, sent.width, grid.width),
            _to_pixels(self.y_min, sent.y_min, sent.height, grid.height),
            _to_pixels(self.x_max, sent.x_min, sent.width, grid.width),
            _to_pixels(self.y_max, sent.y_min, sent.height, grid.height),
        )

    def sorted(self) -> NormBox:
        """The same box with each pair of edges in rising order."""
        return NormBox(
            min(self.y_min, self.y_max),
            min(self.x_min, self.x_max),
            max(self.y_min, self.y_max),
            max(self.x_min, self.x_max),
        )

    def clipped(self, grid: Size = GRID) -> NormBox:
        """The part of the box that lies inside the image: within 0–1000, or what `grid` says."""
        return NormBox(
            _between(self.y_min, grid.height),
            _between(self.x_min, grid.width),
            _between(self.y_max, grid.height),
            _between(self.x_max, grid.width),
        )

    @property
    def is_finite(self) -> bool:
        """False when an edge is NaN or infinite."""
        return all(isfinite(edge) for edge in self.as_list())

    def as_list(self) -> list[float]:
        """`[y_min, x_min, y_max, x_max]`, as the model wrote it."""
        return [self.y_min, self.x_min, self.y_max, self.x_max]


@dataclass(frozen=True, slots=True)
class NormPoint:
    """A point as a model writes it: 0–1000, y first."""

    y: float
    x: float

    def on(self, part: Size | PixelBox, grid: Size = GRID) -> Point:
        """The point in pixels of the original, unrounded. `part` and `grid` as for boxes."""
        sent = _window(part)
        return Point(
            _to_pixels(self.x, sent.x_min, sent.width, grid.width),
            _to_pixels(self.y, sent.y_min, sent.height, grid.height),
        )

    def clipped(self, grid: Size = GRID) -> NormPoint:
        """The nearest place inside the image: within 0–1000, or what `grid` says."""
        return NormPoint(_between(self.y, grid.height), _between(self.x, grid.width))

    def as_list(self) -> list[float]:
        """`[y, x]`, as the model wrote it."""
        return [self.y, self.x]


@dataclass(frozen=True, slots=True)
class NormPolygon:
    """A ring as a model writes it: 0–1000, each corner x first (unlike boxes and points)."""

    corners: tuple[tuple[float, float], ...]

    def on(self, part: Size | PixelBox, grid: Size = GRID) -> Polygon:
        """The ring in pixels of the original, unrounded. `part` and `grid` as for boxes."""
        return Polygon(tuple(NormPoint(y, x).on(part, grid) for x, y in self.corners))


def _window(part: Size | PixelBox) -> PixelBox:
    return part if isinstance(part, PixelBox) else part.box


def _to_pixels(value: float, start: int, side: int, norm: int) -> float:
    """A decimal fraction of a model has no exact binary form: 0.7 · 3 is 2.0999999999999996. What is
    beyond a billionth of a pixel is that, and never written. Whole numbers are divided once, at the
    end, so that a place in a window is as exact as one in the whole image."""
    pixels = (value * side + start * norm) / norm
    return pixels if isinstance(value, int) else round(pixels, 9)


def _between(value: float, limit: float, least: float = 0.0) -> float:
    return min(max(least, value), limit)  # in this order −0.0 becomes 0.0


def _whole_span(low: float, high: float, first: int, beyond: int) -> tuple[int, int]:
    start = min(max(floor(low + 0.5), first), beyond - 1)
    stop = min(max(floor(high + 0.5), start + 1), beyond)
    return start, stop
