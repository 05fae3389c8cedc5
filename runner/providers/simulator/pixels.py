"""Image bytes, decoded as a server would: what arrived, not what a name or a type says it is.

The EXIF orientation tag is ignored: pixels count as they are stored. Whether Google's servers apply
the tag is not documented; a client that turns images before it sends them need not know.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image

from runner.providers.simulator.colours import Rgb
from runner.values.geometry import Size

MOST_PIXELS = 178_956_970
"""Pillow's own line between a large image and a decompression bomb."""


class Undecodable(Exception):
    """These bytes are no image that can be decoded whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """An image as stored: its full size, and its pixels no larger than they are looked at."""

    size: Size
    rgb: Rgb


def measure(content: bytes) -> Size:
    """The stored size in pixels, from the header alone. Raises `Undecodable`."""
    with _opened(content) as image:
        return _size(image)


def decode(content: bytes, long_side: int) -> Pixels:
    """The first frame in sRGB on white, scaled down to `long_side`. Raises `Undecodable`."""
    with _opened(content) as image:
        size = _size(image)
        try:
            image.draft("RGB", (long_side, long_side))  # JPEG: decodes at a fraction of the size
            image.load()
            image = _eight_bits(image)
            image.thumbnail((long_side, long_side), Image.Resampling.BOX, reducing_gap=None)
            return Pixels(size, np.asarray(_on_white(image)))
        except (OSError, ValueError, SyntaxError, EOFError, IndexError) as error:
            raise Undecodable(str(error)) from error


def _opened(content: bytes) -> Image.Image:
    if content[4:8] == b"ftyp":
        _admit_heif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(content))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise Undecodable(str(error)) from error


def _size(image: Image.Image) -> Size:
    width, height = image.size
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise Undecodable(f"{width} × {height} pixels")
    return Size(width, height)


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        deep = np.asarray(image).astype(np.int64) >> 8
        return Image.fromarray(np.clip(deep, 0, 255).astype(np.uint8))
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _admit_heif() -> None:
    from pillow_heif import register_heif_opener  # only HEIC and HEIF need it

    register_heif_opener()
