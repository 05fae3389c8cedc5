"""Answers about a part of an image, or about fewer of its pixels, come home to the original."""

from __future__ import annotations

from base64 import b64encode
from fractions import Fraction
from io import BytesIO
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image as Pillow

from runner.postprocess.rle import bits_in, decode
from runner.stages.project import project
from runner.values.answer import Json
from runner.values.geometry import PixelBox, Point, Polygon, Size, View
from runner.values.result import Detection
from runner.values.shape import Coordinates, Scale, Shape

PLACES = ("box", "point", "polygon", "mask")
THING = {
    "type": "object",
    "properties": {
        name: {"type": "string"} if name == "label" else {"x-space": name}
        for name in ("label", *PLACES)
    },
}
SHAPE = Shape({"type": "array", "items": THING})


@st.composite
def views(draw: st.DrawFn) -> View:
    """Any window of any image, sent in any size of at most its own."""
    size = Size(draw(st.integers(1, 300)), draw(st.integers(1, 300)))
    x, y = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    window = PixelBox(
        x, y, draw(st.integers(x + 1, size.width)), draw(st.integers(y + 1, size.height))
    )
    return View(size, window, window.size.fitted(draw(st.integers(1, 300))))


NUMBER = st.integers(-100, 1200)
BOX = st.lists(NUMBER, min_size=4, max_size=4)
RING = st.lists(st.lists(NUMBER, min_size=2, max_size=2), min_size=3, max_size=6)


def found(view: View | Size, thing: dict[str, Any], coordinates: Coordinates) -> Detection:
    """The one thing of an answer."""
    shape = Shape(SHAPE.schema, coordinates=coordinates)
    answer = project([{"label": "a", **thing}], shape, [view])
    (one,) = answer.detections
    return one


def painting(flags: int) -> str:
    """A mask of 4 × 4 pixels as a model paints one."""
    out = BytesIO()
    grey = Pillow.frombytes("L", (4, 4), bytes(255 * (flags >> n & 1) for n in range(16)))
    grey.save(out, "PNG")
    return "data:image/png;base64," + b64encode(out.getvalue()).decode()


@given(views(), BOX, st.lists(NUMBER, min_size=2, max_size=2), RING, st.integers(0, 65535))
@example(
    View(Size(3, 1), PixelBox(2, 0, 3, 1), Size(1, 1)),
    [0, 0, 0, 0],
    [0, 0],
    [[0, 0], [0, 1], [711, 711]],  # its edge runs through the centre of the pixel
    0,
)
def test_a_window_is_an_image_whose_corner_lies_elsewhere(
    view: View, box: list[Json], point: list[Json], ring: list[Json], flags: int
) -> None:
    """Boxes, points, outlines and masks of a window are those of an image that shows just that,
    moved by its corner; the pixels of a mask are the same ones, and none lies outside."""
    x, y = view.window.x_min, view.window.y_min
    for mask in (ring, painting(flags)):
        thing = {"box": box, "point": point, "polygon": ring, "mask": mask}
        alone = found(view.window.size, thing, Coordinates())
        home = found(view, thing, Coordinates())
        assert alone.box
        assert alone.box_px
        assert alone.point
        assert alone.mask
        assert home.box
        assert home.box_px
        assert home.point
        assert home.mask
        assert near(home.box.as_list(), alone.box.shifted(x, y).as_list())
        assert home.box_px == PixelBox(
            alone.box_px.x_min + x,
            alone.box_px.y_min + y,
            alone.box_px.x_max + x,
            alone.box_px.y_max + y,
        )
        assert near(home.point.as_list(), alone.point.shifted(x, y).as_list())
        for one, other in zip(home.polygon, alone.polygon, strict=True):
            flat = [n for corner in other.shifted(x, y).as_list() for n in corner]
            assert near([n for corner in one.as_list() for n in corner], flat)
        assert home.mask.rle.size == view.size
        assert home.mask.area == alone.mask.area
        everywhere = decode(home.mask.rle)
        everything = bits_in(decode(alone.mask.rle), view.window.size.box)
        assert (bits_in(everywhere, view.window) == everything).all()
        if alone.mask.tight_box:
            assert home.mask.tight_box == alone.mask.tight_box.shifted(x, y)
        assert [issue.code for issue in home.issues] == [issue.code for issue in alone.issues]


@given(views(), BOX)
def test_whole_numbers_come_home_exactly(view: View, box: list[int]) -> None:
    """n · side / 1000 + corner, rounded once: at most three decimals, whatever the window."""
    one = found(view, {"box": box}, Coordinates())
    assert one.box is not None
    sides = (view.window.width, view.window.height) * 2
    corner = (view.window.x_min, view.window.y_min) * 2
    a, b, c, d = (min(max(n, 0), 1000) for n in box)
    written = (min(b, d), min(a, c), max(b, d), max(a, c))
    assert one.box.as_list() == [
        float(Fraction(n * side, 1000) + start)
        for n, side, start in zip(written, sides, corner, strict=True)
    ]


@given(views(), st.lists(st.integers(0, 300), min_size=4, max_size=4), st.booleans())
def test_pixels_are_those_of_what_was_sent(view: View, box: list[int], y_first: bool) -> None:
    """An answer in pixels says the same as one in fractions of what was sent."""
    width, height = view.sent.width, view.sent.height
    sides = (height, width) * 2 if y_first else (width, height) * 2
    inside: list[Json] = [min(n, side) for n, side in zip(box, sides, strict=True)]
    fractions: list[Json] = [n / side for n, side in zip(inside, sides, strict=True)]  # type: ignore[operator]
    said: dict[Scale, list[Json]] = {"pixel": inside, "1": fractions}
    pixels, shares = (
        found(view, {"box": numbers}, Coordinates(scale, y_first))
        for scale, numbers in said.items()
    )
    assert pixels.box
    assert shares.box
    assert near(pixels.box.as_list(), shares.box.as_list())
    assert "clipped" not in {issue.code for issue in pixels.issues}


def test_one_window_by_hand() -> None:
    """The right half of an image, sent in half its pixels."""
    view = View(Size(200, 100), PixelBox(100, 0, 200, 100), Size(50, 50))
    one = found(view, {"box": [0, 500, 1000, 1000], "point": [500, 500]}, Coordinates())
    assert one.box is not None
    assert one.box.as_list() == [150.0, 0.0, 200.0, 100.0]
    assert one.point == Point(150.0, 50.0)
    two = found(
        view, {"box": [25, 0, 50, 50], "polygon": [[0, 0], [25, 0], [60, 25]]},
        Coordinates("pixel", y_first=False),
    )  # fmt: skip
    assert two.box is not None
    assert two.box.as_list() == [150.0, 0.0, 200.0, 100.0]
    ring = Polygon((Point(100.0, 0.0), Point(150.0, 0.0), Point(200.0, 50.0)))
    assert two.polygon == (ring,)
    assert [issue.code for issue in two.issues] == ["polygon_outside_box", "clipped"]


def near(one: list[float], other: list[float]) -> bool:
    """The same but for what floating point adds; a billionth of a pixel is none."""
    return all(abs(a - b) < 1e-8 for a, b in zip(one, other, strict=True))
