"""Which part of an image a box is cut out as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.postprocess.cut import Cut, Margin
from runner.values.geometry import Box, PixelBox, Size

SIZE = Size(100, 80)
BOX = Box(20, 30, 50, 40)

TABLE: dict[str, tuple[Cut, Box, PixelBox | None]] = {
    "a box as it is": (Cut(), BOX, PixelBox(20, 30, 50, 40)),
    "edges are rounded half up": (Cut(), Box(20.5, 30.4, 49.5, 39.6), PixelBox(21, 30, 50, 40)),
    "pixels around it": (Cut(Margin(pixels=5)), BOX, PixelBox(15, 25, 55, 45)),
    "a share of each side": (Cut(Margin(share=0.1)), BOX, PixelBox(17, 29, 53, 41)),
    "no further than the image": (Cut(Margin(pixels=35)), BOX, PixelBox(0, 0, 85, 75)),
    "a square": (Cut(square=True), BOX, PixelBox(20, 20, 50, 50)),
    "a square with a margin": (Cut(Margin(pixels=5), square=True), BOX, PixelBox(15, 15, 55, 55)),
    "a square is moved inside": (Cut(square=True), Box(0, 0, 30, 10), PixelBox(0, 0, 30, 30)),
    "and is less where there is no room": (
        Cut(square=True),
        Box(0, 10, 100, 20),
        PixelBox(0, 0, 100, 80),
    ),
    "too low": (Cut(min_size=11), BOX, None),
    "just large enough": (Cut(min_size=10), BOX, PixelBox(20, 30, 50, 40)),
    "a margin does not count": (Cut(Margin(pixels=5), min_size=11), BOX, None),
    "partly outside": (Cut(), Box(-20, -5, 10, 10), PixelBox(0, 0, 10, 10)),
    "outside": (Cut(), Box(110, 10, 120, 20), None),
    "without extent": (Cut(), Box(10, 10, 10, 20), None),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_box_is_cut_out_as_this_window(name: str) -> None:
    """In whole pixels of the image, half-open."""
    cut, box, window = TABLE[name]
    assert cut.window(box, SIZE) == window


sides = st.integers(1, 300)
edges = st.floats(-50, 350, allow_nan=False)


@given(
    sides, sides, st.tuples(edges, edges, edges, edges), st.floats(0, 40), st.floats(0, 1), st.booleans()
)  # fmt: skip
def test_a_window_lies_inside_the_image_and_around_the_box(
    width: int,
    height: int,
    corners: tuple[float, float, float, float],
    pixels: float,
    share: float,
    square: bool,
) -> None:
    """Whatever the box: never without extent; a square is one, or reaches from edge to edge."""
    size = Size(width, height)
    left, right = sorted(corners[:2])
    top, bottom = sorted(corners[2:])
    box = Box(left, top, right, bottom)
    window = Cut(Margin(pixels, share), square).window(box, size)
    if window is None:
        assert box.clipped(size).area == 0
        return
    assert 0 <= window.x_min < window.x_max <= width
    assert 0 <= window.y_min < window.y_max <= height
    inside = box.clipped(size).on_pixels(size)
    assert window.x_min <= inside.x_min
    assert inside.x_max <= window.x_max
    assert window.y_min <= inside.y_min
    assert inside.y_max <= window.y_max
    if square:
        assert (
            window.width == window.height
            or (window.width == width < window.height)
            or (window.height == height < window.width)
        )
