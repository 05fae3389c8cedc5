"""Outlines to pixels and back: the centre of a pixel decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from runner.postprocess import polygons
from runner.postprocess.polygons import rasterised, rings
from runner.postprocess.rle import Bits, bits_in, encode, from_bits
from runner.values.geometry import PixelBox, Point, Polygon, Size
from runner.values.mask import Mask

FRAME = Size(31, 23)
ANYWHERE = st.floats(-10, 45, allow_nan=False)
ON_THE_GRID = st.integers(-20, 90).map(lambda n: n / 2)
CORNERS = st.lists(
    st.tuples(ANYWHERE, ANYWHERE) | st.tuples(ON_THE_GRID, ON_THE_GRID), min_size=3, max_size=9
)


def ring(corners: list[tuple[float, float]]) -> Polygon:
    return Polygon(tuple(Point(x, y) for x, y in corners))


def pixels(outline: list[Polygon], size: Size = FRAME) -> Bits:
    return bits_in(rasterised(outline, size), PixelBox(0, 0, size.width, size.height))


def by_brute_force(outline: list[Polygon], size: Size) -> tuple[Bits, Bits]:
    """For every pixel, how many edges lie above its centre: an odd number is inside. And which
    centres lie on an edge, as far as floating point can tell: those belong to either side."""
    x, y = np.meshgrid(np.arange(size.width) + 0.5, np.arange(size.height) + 0.5)
    inside = np.zeros(x.shape, dtype=np.bool_)
    on_edge = np.zeros(x.shape, dtype=np.bool_)
    for polygon in outline:
        for here, there in zip(
            polygon.points, polygon.points[1:] + polygon.points[:1], strict=True
        ):
            a, b = sorted((here, there), key=lambda point: point.x)
            if a.x != b.x:
                between = (a.x <= x) & (x < b.x)  # no pixel when a and b are all but one place
                slope = (b.y - a.y) / (b.x - a.x) if between.any() else 0.0
                crossing = a.y + (x - a.x) * slope
                inside ^= between & (y >= crossing)
                on_edge |= between & (a.y != b.y) & (abs(y - crossing) < 1e-9)
    return inside, on_edge


@given(st.lists(CORNERS.map(ring), min_size=1, max_size=3))
def test_a_pixel_belongs_to_an_outline_when_its_centre_does(outline: list[Polygon]) -> None:
    """Self-crossing rings, holes, corners on pixel edges and centres, parts beyond the image."""
    inside, on_edge = by_brute_force(outline, FRAME)
    assert ((pixels(outline) == inside) | on_edge).all()


@given(st.lists(CORNERS.map(ring), min_size=1, max_size=3), st.integers(1, 40))
def test_the_outline_is_the_same_when_it_is_filled_in_pieces(
    outline: list[Polygon], at_once: int
) -> None:
    """The bound on memory changes nothing but the memory."""
    whole = encode(rasterised(outline, FRAME))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polygons, "_CROSSINGS_AT_ONCE", at_once)
        assert encode(rasterised(outline, FRAME)) == whole


def test_a_rectangle_has_its_area() -> None:
    """160 × 200 thousandths are exactly so many pixels; drawing routines make it larger."""
    rectangle = ring([(10, 10), (210, 10), (210, 170), (10, 170)])
    assert rasterised([rectangle], Size(400, 300)).area == 32_000


def test_two_outlines_that_share_an_edge_share_no_pixel() -> None:
    """A slanted common edge through pixel centres gives each pixel to exactly one."""
    left = ring([(0, 0), (20, 0), (5, 20), (0, 20)])
    right = ring([(20, 0), (30, 0), (30, 20), (5, 20)])
    first, second = pixels([left]), pixels([right])
    assert not (first & second).any()
    assert (first | second).sum() == 30 * 20


def test_what_has_no_area_has_no_pixels() -> None:
    """Two corners, a line, and an outline beside the image."""
    assert not pixels([ring([(1, 1), (9, 9)])]).any()
    assert not pixels([ring([(1, 1), (9, 9), (1, 1)])]).any()
    assert not pixels([ring([(40, 1), (60, 1), (50, 20)])]).any()
    assert not pixels([]).any()


# -- masks to rings ---------------------------------------------------------------------------------


def mask_of(bits: Bits) -> Mask:
    found = from_bits(bits, 0, 0, Size(bits.shape[1], bits.shape[0]))
    return Mask("png", encode(found), found.area, None)


def signed_area(outline: Polygon) -> float:
    """Positive when the ring runs clockwise as seen on the screen."""
    points = outline.points
    return (
        sum(a.x * b.y - b.x * a.y for a, b in zip(points, points[1:] + points[:1], strict=True)) / 2
    )


BITMAPS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(BITMAPS)
def test_rings_hold_exactly_the_pixels_of_the_mask(bits: Bits) -> None:
    """Filled again they are the mask; their areas, holes counted off, are its area."""
    outline = list(rings(mask_of(bits)))
    size = Size(bits.shape[1], bits.shape[0])
    assert (pixels(outline, size) == bits).all()
    assert sum(signed_area(part) for part in outline) == bits.sum()


@given(BITMAPS)
def test_rings_turn_at_every_corner_and_never_cross(bits: Bits) -> None:
    """No corner lies on a straight line, and no edge is passed twice."""
    edges = []
    for outline in rings(mask_of(bits)):
        points = outline.points
        for a, b in zip(points, points[1:] + points[:1], strict=True):
            assert (a.x == b.x) != (a.y == b.y)
            edges.append(frozenset((a, b)))
        for a, b, c in zip(points, points[1:] + points[:1], points[2:] + points[:2], strict=True):
            assert (a.x == b.x) == (b.y == c.y)
    assert len(set(edges)) == len(edges)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["."], []),
        (["#"], [[(0, 0), (1, 0), (1, 1), (0, 1)]]),
        (
            ["....", ".##.", "...."],
            [[(1, 1), (3, 1), (3, 2), (1, 2)]],
        ),
        (  # a hole runs the other way round
            ["###", "#.#", "###"],
            [
                [(0, 0), (3, 0), (3, 3), (0, 3)],
                [(1, 1), (1, 2), (2, 2), (2, 1)],
            ],
        ),
        (  # pixels that only touch at a corner are two parts
            ["#.", ".#"],
            [
                [(0, 0), (1, 0), (1, 1), (0, 1)],
                [(1, 1), (2, 1), (2, 2), (1, 2)],
            ],
        ),
        (
            [".#", "#."],
            [
                [(1, 0), (2, 0), (2, 1), (1, 1)],
                [(0, 1), (1, 1), (1, 2), (0, 2)],
            ],
        ),
        (["#.", "##"], [[(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (0, 2)]]),
    ],
)
def test_rings_of_small_masks(rows: list[str], expected: list[list[tuple[int, int]]]) -> None:
    """Along pixel edges, clockwise, from the topmost and leftmost corner on."""
    bits = np.array([[cell == "#" for cell in row] for row in rows])
    found = [[(point.x, point.y) for point in part.points] for part in rings(mask_of(bits))]
    assert found == expected
