"""Painted masks: the crop of a full canvas that was never drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from runner.postprocess.masks import outlined, painted, remarks
from runner.postprocess.rle import bits_in, decode
from runner.values.geometry import Box, PixelBox, Point, Polygon, Size
from runner.values.result import Issue

FRAME = Size(60, 40)


def grey(seed: int, side: int = 16) -> Pillow.Image:
    """A smooth probability map."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4), dtype=np.uint8)
    return Pillow.fromarray(coarse).resize((side, side), Pillow.Resampling.BICUBIC)


def on_a_canvas(picture: Pillow.Image, box: PixelBox, size: Size) -> np.ndarray:
    """The way of the Gemini cookbook: resize to the box, paste into a full canvas, cut at 127."""
    canvas = Pillow.new("L", (size.width, size.height))
    canvas.paste(
        picture.resize((box.width, box.height), Pillow.Resampling.BILINEAR), (box.x_min, box.y_min)
    )
    return np.asarray(canvas) > 127


@st.composite
def boxes(draw: st.DrawFn, reach: int = 0) -> PixelBox:
    """A box in the frame, or one that reaches this far beyond it."""
    x, y = draw(st.integers(-reach, FRAME.width - 1)), draw(st.integers(-reach, FRAME.height - 1))
    x_max = draw(st.integers(max(x + 1, 1), FRAME.width + reach))
    return PixelBox(x, y, x_max, draw(st.integers(max(y + 1, 1), FRAME.height + reach)))


@given(boxes(), st.integers(0, 50), st.sampled_from([1, 7, 16, 64]))
def test_a_mask_is_what_the_cookbook_paints(box: PixelBox, seed: int, side: int) -> None:
    """Every pixel of it, at every size of the box, without a canvas."""
    picture = grey(seed, side)
    mask = painted(picture, box, FRAME)
    canvas = on_a_canvas(picture, box, FRAME)
    found = bits_in(decode(mask.rle), PixelBox(0, 0, FRAME.width, FRAME.height))
    assert (found == canvas).all()
    assert mask.area == canvas.sum()


@given(boxes(reach=40), st.integers(0, 50))
def test_the_visible_part_is_that_of_the_whole(box: PixelBox, seed: int) -> None:
    """A box beyond the image shows what a larger image would show there, to rounding of a grey."""
    picture = grey(seed)
    mask = painted(picture, box, FRAME)
    larger = Size(FRAME.width + 80, FRAME.height + 80)
    moved = PixelBox(box.x_min + 40, box.y_min + 40, box.x_max + 40, box.y_max + 40)
    expected = on_a_canvas(picture, moved, larger)[40 : 40 + FRAME.height, 40 : 40 + FRAME.width]
    found = bits_in(decode(mask.rle), PixelBox(0, 0, FRAME.width, FRAME.height))
    resized = picture.resize((box.width, box.height), Pillow.Resampling.BILINEAR)
    unsure = int((np.abs(np.asarray(resized).astype(int) - 127.5) < 2).sum())
    assert (found != expected).sum() <= unsure


def test_an_image_of_any_shape_covers_its_box() -> None:
    """Wide and flat, one row of pixels."""
    strip = Pillow.new("L", (4, 1))
    strip.paste(255, (0, 0, 2, 1))
    assert painted(strip, PixelBox(10, 10, 14, 30), FRAME).area == 2 * 20


@pytest.mark.parametrize(("brightness", "area"), [(127, 0), (128, 100)])
def test_the_threshold_lies_above_127(brightness: int, area: int) -> None:
    """Exactly the middle does not belong to the thing."""
    flat = Pillow.new("L", (8, 8), brightness)
    assert painted(flat, PixelBox(0, 0, 10, 10), FRAME).area == area


def test_masks_that_say_nothing_are_marked() -> None:
    """Empty ones, and those that are just their box."""
    box = PixelBox(5, 5, 15, 25)
    full, none, half = (
        painted(Pillow.new("L", (8, 8), 255), box, FRAME),
        painted(Pillow.new("L", (8, 8), 0), box, FRAME),
        outlined([Polygon((Point(5, 5), Point(15, 5), Point(5, 25)))], FRAME, "polygon_xy"),
    )
    assert full.tight_box == Box(5.0, 5.0, 15.0, 25.0)
    assert remarks(full, box) == (
        Issue("mask_fills_box", "the mask fills its box: it says no more than the box"),
    )
    assert remarks(full, None) == ()
    assert remarks(none, box) == (Issue("mask_empty", "the mask holds no pixel"),)
    assert remarks(half, box) == ()
