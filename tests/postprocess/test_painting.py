"""A painted mask is the one that reading it gives back."""

from __future__ import annotations

from runner.postprocess.mask_text import grey_image
from runner.postprocess.masks import outlined, painted
from runner.postprocess.painting import SIDE, painting
from runner.values.geometry import Box, Point, Polygon, Size
from runner.values.result import Issue


def test_what_is_painted_is_read_as_the_same_pixels() -> None:
    """An outline that is as large as a painting, with a hole, and nothing beyond its box."""
    frame, size = Box(10, 20, 10 + SIDE, 20 + SIDE), Size(300, 300)
    outer = Polygon(tuple(Point(x, y) for x, y in ((10, 20), (266, 20), (266, 276), (40, 276))))
    hole = Polygon(tuple(Point(x, y) for x, y in ((100, 100), (180, 110), (140, 190))))
    grey = grey_image(painting((outer, hole), frame))
    assert not isinstance(grey, Issue)
    assert (grey.size, grey.mode, grey.getextrema()) == ((SIDE, SIDE), "L", (0, 255))
    read = painted(grey, frame.on_pixels(size), size)
    drawn = outlined((outer, hole), size, "polygon_xy")
    assert (read.rle, read.area) == (drawn.rle, drawn.area)
