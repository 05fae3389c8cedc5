"""An image of which only the pixels of one thing are shown."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from runner.postprocess.backdrop import on_background, pixels_of
from runner.postprocess.masks import mask_of
from runner.postprocess.rle import from_bits
from runner.values.geometry import Box, PixelBox, Point, Polygon, Size
from runner.values.result import Detection

SIZE = Size(6, 4)
BITS = np.zeros((4, 6), dtype=bool)
BITS[1:3, 2:5] = True
BITS[1, 2] = False


@pytest.mark.parametrize(("background", "level"), [("white", 255), ("grey", 128), ("black", 0)])
def test_all_other_pixels_have_the_colour_of_the_background(background: str, level: int) -> None:
    """Those of the window; what is shown stays as it was."""
    colours = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    window = PixelBox(1, 1, 6, 4)
    thing = Detection("[0]", mask=mask_of(from_bits(BITS, 0, 0, SIZE), "rle"))
    shown = pixels_of(thing, SIZE)
    assert shown is not None
    part = Image.fromarray(colours).crop((1, 1, 6, 4))
    expected = np.where(BITS[..., None], colours, level)[1:4, 1:6]
    assert (np.asarray(on_background(part, shown, window, background)) == expected).all()


def test_an_outline_has_pixels_and_a_box_alone_has_none() -> None:
    """A box shows what lies in it, whatever that is."""
    ring = Polygon((Point(1, 1), Point(4, 1), Point(4, 3), Point(1, 3)))
    outlined = pixels_of(Detection("[0]", polygon=(ring,)), SIZE)
    bits = np.zeros((4, 6), dtype=bool)
    bits[1:3, 1:4] = True
    drawn = pixels_of(Detection("[0]", mask=mask_of(from_bits(bits, 0, 0, SIZE), "rle")), SIZE)
    assert outlined == drawn
    assert pixels_of(Detection("[0]", box=Box(1, 1, 4, 3)), SIZE) is None
