"""Boxes, points and rings: exact, without bias, and inside the image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from runner.values.geometry import (
    Box,
    NormBox,
    NormPoint,
    NormPolygon,
    PixelBox,
    Point,
    Polygon,
    Size,
)

SIDES = st.integers(1, 20_000)
SIZES = st.builds(Size, SIDES, SIDES)
NORM_EDGES = st.integers(0, 1000)
NORM_BOXES = st.builds(NormBox, NORM_EDGES, NORM_EDGES, NORM_EDGES, NORM_EDGES)
EDGES = st.floats(-1e5, 1e5)
BOXES = st.builds(Box, EDGES, EDGES, EDGES, EDGES)
ORIENTATIONS = st.integers(1, 8)
BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""The orientation that undoes another."""

TRANSPOSED: dict[int, Pillow.Transpose | None] = {
    1: None,
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
"""What Pillow's `exif_transpose` does for each orientation."""


# -- from norm space to pixels ----------------------------------------------------------------------


def test_a_box_of_a_model_is_y_first_and_in_thousandths() -> None:
    """[ymin, xmin, ymax, xmax] of 1000 becomes x first, in pixels, unrounded."""
    assert NormBox(100, 200, 300, 401).on(Size(640, 480)) == Box(128.0, 48.0, 256.64, 144.0)


def test_the_far_edge_of_a_model_is_the_far_edge_of_the_image() -> None:
    """1000 of 1000 is exactly the width and the height, whatever they are."""
    for side in range(1, 5000):
        assert NormBox(0, 0, 1000, 1000).on(Size(side, side)) == Box(0.0, 0.0, side, side)


@pytest.mark.parametrize(
    "side", [1, 2, 3, 7, 100, 333, 472, 640, 1023, 1024, 3000, 4000, 4080, 8191]
)
def test_whole_pixels_are_rounded_half_up_exactly(side: int) -> None:
    """Floating point never moves an edge: for every n, it is (2·n·side + 1000) // 2000."""
    for n in range(1001):
        exact = min((2 * n * side + 1000) // 2000, side - 1)
        assert NormBox(n, n, 1000, 1000).on(Size(side, side)).on_pixels(Size(side, side)) == (
            PixelBox(exact, exact, side, side)
        )


@given(NORM_EDGES, SIDES)
def test_an_edge_has_at_most_three_decimals(n: int, side: int) -> None:
    """n · side / 1000 is printed with three decimals or fewer, and loses nothing."""
    edge = NormPoint(n, n).on(Size(side, side)).x
    assert len(repr(edge).partition(".")[2]) <= 3
    assert round(edge * 1000) == n * side


def test_another_scale_is_scaled_by_its_own_length() -> None:
    """Fractions of a side give the same pixels as thousandths of it."""
    size = Size(640, 480)
    assert NormBox(0.25, 0.5, 0.75, 1).on(size, Size(1, 1)) == NormBox(250, 500, 750, 1000).on(size)
    assert NormPoint(0.25, 0.5).on(size, Size(1, 1)) == NormPoint(250, 500).on(size)
    ring = NormPolygon(((0.5, 0.25), (1, 0.25), (1, 0.75)))
    assert ring.on(size, Size(1, 1)) == NormPolygon(((500, 250), (1000, 250), (1000, 750))).on(size)


def test_corners_of_an_outline_are_x_first() -> None:
    """Unlike boxes and points, a ring is written [x, y]."""
    ring = NormPolygon(((0, 1000), (500, 0), (1000, 250))).on(Size(200, 100))
    assert ring.as_list() == [[0.0, 100.0], [100.0, 0.0], [200.0, 25.0]]
    assert ring.bounds == Box(0.0, 0.0, 200.0, 100.0)


# -- whole pixels -----------------------------------------------------------------------------------


@given(BOXES, SIZES)
def test_whole_pixels_are_never_empty_and_always_inside(box: Box, size: Size) -> None:
    """Whatever the box, a crop of it exists."""
    pixels = box.on_pixels(size)
    assert 0 <= pixels.x_min < pixels.x_max <= size.width
    assert 0 <= pixels.y_min < pixels.y_max <= size.height


def test_a_half_is_rounded_up_on_both_edges() -> None:
    """A box of five pixels stays five pixels wide; rounding half to even makes it six."""
    assert Box(2.5, 2.5, 7.5, 7.5).on_pixels(Size(20, 20)) == PixelBox(3, 3, 8, 8)


@given(BOXES)
def test_a_grid_box_may_lie_beyond_the_image(box: Box) -> None:
    """The whole of a box on the pixel grid agrees with its pixels wherever it is inside."""
    grid = box.on_grid()
    assert grid.width >= 1
    assert grid.height >= 1
    size = Size(200_000, 200_000)
    if min(grid.x_min, grid.y_min) >= 0:
        assert grid == box.on_pixels(size)


@given(st.builds(Point, EDGES, EDGES), SIZES)
def test_a_point_lies_on_a_pixel_of_the_image(point: Point, size: Size) -> None:
    """The far edges belong to the last pixel."""
    x, y = point.on_pixel(size)
    assert 0 <= x < size.width
    assert 0 <= y < size.height
    assert Point(float(size.width), 0.0).on_pixel(size) == (size.width - 1, 0)


# -- repairs ----------------------------------------------------------------------------------------


@given(BOXES, SIZES)
def test_clipping_keeps_what_is_inside_and_is_done_once(box: Box, size: Size) -> None:
    """Clipping twice is clipping once, and every edge ends inside."""
    clipped = box.clipped(size)
    assert clipped.clipped(size) == clipped
    for edge, side in zip(clipped.as_list(), [size.width, size.height] * 2, strict=True):
        assert 0 <= edge <= side


@given(st.builds(NormBox, *[st.floats(-3000, 3000)] * 4))
def test_sorting_and_clipping_a_model_box(box: NormBox) -> None:
    """A sorted box has rising edges; a clipped one lies in 0–1000; both hold their numbers."""
    upright = box.sorted()
    assert upright.y_min <= upright.y_max
    assert upright.x_min <= upright.x_max
    assert sorted(upright.as_list()) == sorted(box.as_list())
    assert all(0 <= edge <= 1000 for edge in box.clipped().as_list())
    assert box.is_finite


def test_zero_has_no_sign() -> None:
    """−0.0 would be printed as “-0.0”; it never leaves a clipping."""
    size = Size(10, 10)
    values = [
        *NormBox(-0.0, -0.0, 5, 5).clipped().on(size).as_list(),
        *Box(-0.0, -0.0, 5.0, 5.0).clipped(size).as_list(),
        *Point(-0.0, -0.0).clipped(size).as_list(),
        *NormPoint(-0.0, -0.0).clipped().on(size).as_list(),
    ]
    assert "-" not in repr(values)


@pytest.mark.parametrize("edge", [float("nan"), float("inf"), float("-inf")])
def test_a_box_with_an_edge_that_is_no_number_is_told_apart(edge: float) -> None:
    """NaN and infinity are not finite."""
    assert not NormBox(1, edge, 2, 3).is_finite


def test_a_size_is_at_least_one_pixel() -> None:
    """There is no image without pixels."""
    with pytest.raises(ValueError, match="a size is at least 1 × 1, not 0 × 5"):
        Size(0, 5)


# -- arithmetic -------------------------------------------------------------------------------------


@given(BOXES, BOXES)
def test_iou_is_symmetric_and_between_0_and_1(a: Box, b: Box) -> None:
    """The order of two boxes never matters."""
    assert a.iou(b) == b.iou(a)
    assert 0 <= a.iou(b) <= 1


def test_iou_of_known_boxes() -> None:
    """Half covered, apart, the same, and one without extent."""
    box = Box(0, 0, 10, 10)
    others = [Box(0, 0, 10, 5), Box(10, 0, 20, 10), box, Box(3, 3, 3, 9)]
    assert [box.iou(other) for other in others] == [0.5, 0.0, 1.0, 0.0]


WHOLE = st.integers(-1000, 1000).map(float)


@given(st.builds(Box, WHOLE, WHOLE, WHOLE, WHOLE), WHOLE, WHOLE)
def test_shifting_there_and_back_changes_nothing(box: Box, x: float, y: float) -> None:
    """What is found in a crop comes home to the image."""
    assert box.shifted(x, y).shifted(-x, -y) == box
    ring = Polygon((Point(box.x_min, box.y_min), Point(box.x_max, box.y_max), Point(0.0, 0.0)))
    assert ring.shifted(x, y).shifted(-x, -y) == ring


@given(st.builds(Box, WHOLE, WHOLE, WHOLE, WHOLE))
def test_scaling_there_and_back_changes_nothing(box: Box) -> None:
    """A box on an image of half the size, and back."""
    assert box.scaled(0.5, 0.25).scaled(2, 4) == box


# -- EXIF orientation -------------------------------------------------------------------------------


@given(st.builds(Box, *[st.integers(0, 50).map(float)] * 4), ORIENTATIONS)
def test_a_turn_can_be_undone(box: Box, orientation: int) -> None:
    """Turned by an orientation and by its opposite, a box is where it was, corners sorted."""
    stored = Size(50, 40)
    upright = stored.turned(orientation)
    there = box.turned(orientation, stored)
    assert upright.turned(BACK[orientation]) == stored
    assert there.turned(BACK[orientation], upright) == box.turned(1, stored)


def test_a_turned_box_covers_the_pixels_that_pillow_turns() -> None:
    """For all eight orientations the box of an upright image holds the same pixels."""
    stored = Size(7, 5)
    box = Box(1.0, 2.0, 4.0, 3.0)
    picture = Pillow.new("L", (stored.width, stored.height))
    picture.paste(255, (1, 2, 4, 3))
    for orientation, transposition in TRANSPOSED.items():
        upright = picture.transpose(transposition) if transposition is not None else picture
        turned = box.turned(orientation, stored)
        assert upright.size == (
            stored.turned(orientation).width,
            stored.turned(orientation).height,
        )
        assert upright.getbbox() == tuple(turned.as_list()), orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_point_stays_in_its_pixel(orientation: int) -> None:
    """The centre of a pixel is the centre of the same pixel after the turn."""
    stored = Size(4, 3)
    for x in range(stored.width):
        for y in range(stored.height):
            picture = Pillow.new("L", (stored.width, stored.height))
            picture.putpixel((x, y), 255)
            transposition = TRANSPOSED[orientation]
            upright = picture.transpose(transposition) if transposition is not None else picture
            place = Point(x + 0.5, y + 0.5).turned(orientation, stored)
            assert upright.getpixel(place.on_pixel(stored.turned(orientation))) == 255


def test_the_table_of_turns_is_that_of_pillow() -> None:
    """Pillow itself turns a stored image this way when it reads the orientation."""
    from PIL.ImageOps import exif_transpose

    stored = Pillow.new("L", (3, 2))
    stored.putdata(list(range(6)))
    for orientation, transposition in TRANSPOSED.items():
        stored.getexif()[0x0112] = orientation
        expected = stored.transpose(transposition) if transposition is not None else stored
        assert exif_transpose(stored).tobytes() == expected.tobytes()


def test_lists_keep_the_order_of_their_space() -> None:
    """Pixels are x first, a model's numbers y first."""
    assert Box(1.0, 2.0, 3.0, 4.0).as_list() == [1.0, 2.0, 3.0, 4.0]
    assert PixelBox(1, 2, 3, 4).as_list() == [1, 2, 3, 4]
    assert Point(1.0, 2.0).as_list() == [1.0, 2.0]
    assert NormPoint(1, 2).as_list() == [1, 2]
    assert NormBox(y_min=1, x_min=2, y_max=3, x_max=4).as_list() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("edge", "side", "norm", "pixels"),
    [(0.7, 3, 1, 2.1), (0.131, 1000, 1, 131.0), (84.973, 1, 1000, 0.084973), (333, 640, 1000, 213.12)],
)  # fmt: skip
def test_a_decimal_fraction_stays_one_in_pixels(
    edge: float, side: int, norm: int, pixels: float
) -> None:
    """No 2.0999999999999996: what has a few decimals before has a few decimals after."""
    assert NormPoint(edge, edge).on(Size(side, side), Size(norm, norm)).as_list() == [
        pixels,
        pixels,
    ]
