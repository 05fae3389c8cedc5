"""Two drawn images beside one another, each under the name of its role."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from PIL import Image, ImageDraw

from runner.exporters.lettering import line
from runner.exporters.palette import DARK, LIGHT

GAP = 12
"""Pixels of white between the images."""


def side_by_side(panels: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """One image of several with the names of their roles above them, in the pixels that they have;
    all stand on one line at the top."""
    height = max(pixels.height for _, pixels in panels)
    width = sum(pixels.width for _, pixels in panels) + GAP * (len(panels) - 1)
    letters = min(max(14, round(sqrt(width * height) / 50)), 36)
    head = round(letters * 1.6)
    sheet = Image.new("RGB", (width, head + height), LIGHT)
    pen = ImageDraw.Draw(sheet)
    left = 0
    for role, pixels in panels:
        name = line(role, letters, pixels.width)
        if name is not None:
            pen.text((left, head / 2), name.text, fill=DARK, font=name.font, anchor="lm")
        sheet.paste(pixels, (left, head))
        left += pixels.width + GAP
    sheet.info = {key: value for key, value in panels[0][1].info.items() if key == "icc_profile"}
    return sheet
