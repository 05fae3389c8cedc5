"""Backdrop: an image of which only the pixels of one thing are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.postprocess.polygons import rasterised
from runner.postprocess.rle import bits_in, decode, encode
from runner.values.geometry import PixelBox, Size
from runner.values.mask import Rle
from runner.values.result import Detection

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

BACKGROUNDS = {"white": 255, "grey": 128, "black": 0}


def pixels_of(thing: Detection, size: Size) -> Rle | None:
    """The pixels of a thing in its image; None when only its box is known."""
    if thing.mask is not None:
        return thing.mask.rle
    return encode(rasterised(thing.polygon, size)) if thing.polygon else None


def on_background(part: Pixels, shown: Rle, window: PixelBox, background: str) -> Pixels:
    """The pixels of a window of an image that are shown; all others in the colour of the background."""
    from PIL import Image

    level = BACKGROUNDS[background]
    plain = Image.new("RGB", part.size, (level, level, level))
    plain.paste(part.convert("RGB"), mask=Image.fromarray(bits_in(decode(shown), window)))
    if "icc_profile" in part.info:
        plain.info["icc_profile"] = part.info["icc_profile"]
    return plain
