"""Boxes, points and polygons in two spaces that the type checker keeps apart.

*Norm* space is what a model writes: 0–1000 along each side of the image, boxes y first.
*Pixel* space is what a person sees: x to the right, y down, the origin at the outer corner of the
top-left pixel, so pixel (i, j) covers [i, i+1) × [j, j+1) and the image is [0, width] × [0, height].
The only bridge between the two is `.on(size)`, and it never rounds to less than a
billionth of a pixel.

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

    def turned(self, orientation: int) -> Size:
        """The upright size of an image that is stored in this size with this EXIF orientation."""
        return Size(self.height, self.width) if orientation in (5, 6, 7, 8) else self


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

    def clipped(self, size: Size) -> Box:
        """The part of the box that lies inside the image."""
        return Box(
            _between(self.x_min, float(size.width)),
            _between(self.y_min, float(size.height)),
            _between(self.x_max, float(size.width)),
            _between(self.y_max, float(size.height)),
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

    def on_pixels(self, size: Size) -> PixelBox:
        """Whole pixels inside the image, rounded half up, never without extent.

        Rounding half up has no bias to any side; `int()` moves boxes by half a pixel up and left.
        The coordinates of a `NormBox` with whole numbers are multiples of 1/1000, so adding one
        half and flooring is exact in floating point.
        """
        x_min, x_max = _whole_span(self.x_min, self.x_max, size.width)
        y_min, y_max = _whole_span(self.y_min, self.y_max, size.height)
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

    def as_list(self) -> list[int]:
        """`[x_min, y_min, x_max, y_max]`, the form of results."""
        return [self.x_min, self.y_min, self.x_max, self.y_max]


@dataclass(frozen=True, slots=True)
class Point:
    """A place in float pixels."""

    x: float
    y: float

    def clipped(self, size: Size) -> Point:
        """The nearest place inside the image, edges included."""
        return Point(_between(self.x, float(size.width)), _between(self.y, float(size.height)))

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

    def clipped(self, size: Size) -> Polygon:
        """Every corner moved to the nearest place inside the image."""
        return Polygon(tuple(point.clipped(size) for point in self.points))

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

    def on(self, size: Size, norm: int = NORM) -> Box:
        """The box in pixels of an image of this size, unrounded: n · side / 1000, multiplied first.

        `norm` is the length of a side in what the model wrote: 1 for fractions.
        """
        return Box(
            _to_pixels(self.x_min, size.width, norm),
            _to_pixels(self.y_min, size.height, norm),
            _to_pixels(self.x_max, size.width, norm),
            _to_pixels(self.y_max, size.height, norm),
        )

    def sorted(self) -> NormBox:
        """The same box with each pair of edges in rising order."""
        return NormBox(
            min(self.y_min, self.y_max),
            min(self.x_min, self.x_max),
            max(self.y_min, self.y_max),
            max(self.x_min, self.x_max),
        )

    def clipped(self, norm: int = NORM) -> NormBox:
        """The part of the box that lies inside the image: within 0–1000, or 0–`norm`."""
        return NormBox(*(_between(edge, norm) for edge in self.as_list()))

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

    def on(self, size: Size, norm: int = NORM) -> Point:
        """The point in pixels of an image of this size, unrounded."""
        return Point(_to_pixels(self.x, size.width, norm), _to_pixels(self.y, size.height, norm))

    def clipped(self, norm: int = NORM) -> NormPoint:
        """The nearest place inside the image: within 0–1000, or 0–`norm`."""
        return NormPoint(_between(self.y, norm), _between(self.x, norm))

    def as_list(self) -> list[float]:
        """`[y, x]`, as the model wrote it."""
        return [self.y, self.x]


@dataclass(frozen=True, slots=True)
class NormPolygon:
    """A ring as a model writes it: 0–1000, each corner x first (unlike boxes and points)."""

    corners: tuple[tuple[float, float], ...]

    def on(self, size: Size, norm: int = NORM) -> Polygon:
        """The ring in pixels of an image of this size, unrounded."""
        return Polygon(
            tuple(
                Point(_to_pixels(x, size.width, norm), _to_pixels(y, size.height, norm))
                for x, y in self.corners
            )
        )


def _to_pixels(value: float, side: int, norm: int) -> float:
    """A decimal fraction of a model has no exact binary form: 0.7 · 3 is 2.0999999999999996. What is
    beyond a billionth of a pixel is that, and never written."""
    pixels = value * side / norm
    return pixels if isinstance(value, int) else round(pixels, 9)


def _between(value: float, limit: float) -> float:
    return min(max(0.0, value), limit)  # in this order −0.0 becomes 0.0


def _whole_span(low: float, high: float, side: int) -> tuple[int, int]:
    start = min(max(floor(low + 0.5), 0), side - 1)
    stop = min(max(floor(high + 0.5), start + 1), side)
    return start, stop
