"""Strokes: the lines, dashes and dots of which an overlay is made. Each has a dark seam that makes it
visible on every ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import hypot

from PIL import ImageDraw

from runner.exporters.lettering import line as words
from runner.exporters.palette import DARK, LIGHT, Colour, on_top_of
from runner.exporters.things import Look
from runner.postprocess.boxes_3d import Edge
from runner.postprocess.paths import Path
from runner.values.geometry import PixelBox, Point, Polygon, Size

Pen = ImageDraw.ImageDraw


def rectangle(pen: Pen, box: PixelBox, colour: Colour, width: int) -> None:
    """The line runs inside the box, the seam of one pixel outside.

    Pillow's corners are inclusive, ours half-open. A small box gets a thinner line.
    """
    width = max(1, min(width, min(box.width, box.height) // 4))
    left, top, right, bottom = box.x_min, box.y_min, box.x_max - 1, box.y_max - 1
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=DARK)
    pen.rectangle((left, top, right, bottom), outline=colour, width=width)


def ring(pen: Pen, outline: Polygon, colour: Colour, width: int) -> None:
    """A closed line along an outline."""
    corners = [(corner.x - 0.5, corner.y - 0.5) for corner in _closed(outline)]
    width |= 1  # only lines of an odd width have the same middle
    pen.line(corners, DARK, width + 2, joint="curve")
    pen.line(corners, colour, width, joint="curve")


def dashes(pen: Pen, outline: Polygon, colour: Colour, width: int) -> None:
    """A closed line of dashes in the colour, on black or white: also to be seen on a line of the same
    colour."""
    corners = [(corner.x - 0.5, corner.y - 0.5) for corner in _thinned(_closed(outline))]
    width |= 1
    pen.line(corners, DARK, width + 2, joint="curve")
    pen.line(corners, on_top_of(colour), width, joint="curve")
    for start, end in _dashes(corners, 3.0 * width + 4):
        pen.line((start, end), colour, width)


def wires(pen: Pen, edges: Sequence[Edge], colour: Colour, width: int) -> None:
    """The lines of a 3D box; those behind it are thin."""
    seen = sorted(edges, key=lambda edge: not edge.is_hidden)
    for grow, seam in ((2, True), (0, False)):
        for edge in seen:
            thick = (1 if edge.is_hidden else width | 1) + grow
            ends = ((edge.start.x, edge.start.y), (edge.end.x, edge.end.y))
            pen.line(ends, DARK if seam else colour, thick)


def dot(
    pen: Pen, at: Point, colour: Colour, look: Look, size: Size, *, hollow: bool = False
) -> None:
    """A point; a hollow one has a white middle."""
    rounds = [(look.dot + 3, DARK), (look.dot + 2, LIGHT), (look.dot, colour)]
    if hollow:
        rounds = [(look.dot + 3, DARK), (look.dot + 2, colour), (look.dot // 2 + 1, LIGHT)]
    for radius, fill in rounds:
        pen.circle(at.on_pixel(size), radius, fill=fill)


def way(pen: Pen, path: Path, colour: Colour, look: Look, size: Size) -> None:
    """A line from point to point that begins pale and ends in the full colour, with the numbers of its
    points; where there is no room, dots without a number. The first and the last have theirs."""
    places = [point.on_pixel(size) for point in path.points]
    shades = [_shade(colour, number, len(places)) for number in range(len(places))]
    width = (look.line + 1) | 1
    if len(places) > 1:
        pen.line(places, DARK, width + 2, joint="curve")
    for (start, end), shade in zip(pairwise(places), shades, strict=False):
        pen.line((start, end), shade, width)
    letters = max(10, round(look.letters * 0.75))
    radius = round(letters * 0.8)
    last = len(places) - 1
    with_number = [0, last][: len(places)]
    for index in range(1, last):
        x, y = places[index]
        ways_off = (hypot(x - places[other][0], y - places[other][1]) for other in with_number)
        if min(ways_off) > 2 * radius + 2:
            with_number.append(index)
    for index, place in enumerate(places):
        pen.circle(place, max(2, look.dot // 2), fill=shades[index], outline=DARK)
    for index in with_number:
        _numbered(pen, places[index], path.numbers[index], shades[index], radius, letters)


def _numbered(
    pen: Pen, at: tuple[int, int], number: int, colour: Colour, radius: int, letters: int
) -> None:
    pen.circle(at, radius, fill=colour, outline=DARK)
    label = words(str(number), letters, 2 * radius)
    if label is not None:
        pen.text(at, label.text, fill=on_top_of(colour), font=label.font, anchor="mm")


PALE = 0.75
"""How much of white there is in the colour with which a way begins."""


def _shade(colour: Colour, number: int, count: int) -> Colour:
    share = PALE * (1 - number / max(1, count - 1))
    red, green, blue = (round(value + share * (255 - value)) for value in colour)
    return red, green, blue


def _closed(outline: Polygon) -> tuple[Point, ...]:
    return (*outline.points, outline.points[0])


def _thinned(corners: Sequence[Point]) -> list[Point]:
    """Without corners less than two pixels after the one before: the outline of a mask turns at
    every pixel."""
    kept = [corners[0]]
    for corner in corners[1:-1]:
        if abs(corner.x - kept[-1].x) + abs(corner.y - kept[-1].y) >= 2:
            kept.append(corner)
    return [*kept, corners[-1]]


def _dashes(
    corners: Sequence[tuple[float, float]], length: float
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight pieces of dashes of this length, with gaps as long, along a line."""
    gone = 0.0
    for (x, y), (to_x, to_y) in pairwise(corners):
        total = hypot(to_x - x, to_y - y)
        at = 0.0
        while at < total:
            into = (gone + at) % (2 * length)
            step = min(total - at, (length if into < length else 2 * length) - into + 1e-6)
            if into < length:
                a, b = at / total, (at + step) / total
                yield (
                    (x + a * (to_x - x), y + a * (to_y - y)),
                    (x + b * (to_x - x), y + b * (to_y - y)),
                )
            at += step
        gone += total
