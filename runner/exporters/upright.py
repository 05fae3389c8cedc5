"""An image as a person sees it, ready to be drawn on: upright, opaque, eight bits, not too large."""

from __future__ import annotations

import warnings
from hashlib import sha256
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from runner.apart import Crashed, apart

LONGEST = 2048
"""Pixels of the long side; encoding a larger image takes longer than drawing on it."""

SHORTEST = 500
"""A smaller image is enlarged a whole number of times until its long side has as many pixels, so
that there is room for letters. Others keep their size: what is measured on them is right."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
BOXED_FORMATS = ("AVIF", "HEIF")
"""What a file may be that begins with an ISO `ftyp` box."""


def upright(content: bytes, *, whole: bool = False, frame: int = 0) -> Image.Image:
    """A frame (from 0) in RGB, transparent parts on white; in a size to draw on, or `whole`.

    It is decoded in a process of its own. Raises OSError or ValueError when the bytes are no image that
    can be drawn on, or crash their decoder.
    """
    try:
        return apart(sha256(content).hexdigest(), _upright, content, whole, frame)
    except Crashed as error:
        raise ValueError(str(error)) from error


def _upright(content: bytes, whole: bool, frame: int) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is not worth a line on the terminal
        try:
            image = Image.open(BytesIO(content), formats=_formats(content))
            if frame:
                image.seek(frame)
            if whole:
                return _in_rgb(ImageOps.exif_transpose(image))
            _let_the_decoder_shrink(image)
            return _in_size(_in_rgb(ImageOps.exif_transpose(image)))
        except (Image.DecompressionBombError, SyntaxError, EOFError) as error:
            raise ValueError(str(error)) from error


def _formats(content: bytes) -> tuple[str, ...]:
    if content[4:8] != b"ftyp":
        return FORMATS
    import pillow_heif  # loads libheif, which few need

    pillow_heif.register_heif_opener()
    Image.init()
    return tuple(name for name in BOXED_FORMATS if name in Image.OPEN)


def _let_the_decoder_shrink(image: Image.Image) -> None:
    """A JPEG decoder gives half, a quarter or an eighth of the size in a fraction of the time."""
    factor = LONGEST / max(image.size)
    if factor < 1:
        image.draft(None, (round(image.width * factor), round(image.height * factor)))


def _in_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile") if image.mode == "RGB" else None
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_in_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        opaque = Image.new("RGB", image.size, (255, 255, 255))
        opaque.paste(image, mask=image.getchannel("A"))
        return opaque
    rgb = image.convert("RGB")
    rgb.info = {"icc_profile": profile} if profile else {}
    return rgb


def _in_eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Sixteen bits lose the lower eight."""
    numbers = values.astype(np.float64)
    if values.dtype == np.uint16 or (numbers.min() >= 0 and numbers.max() > 255):
        numbers = numbers // 256
    return np.clip(numbers, 0, 255).astype(np.uint8)


def _in_size(image: Image.Image) -> Image.Image:
    longest = max(image.size)
    if longest > LONGEST:
        factor = LONGEST / longest
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        return _resized(image, size, Image.Resampling.LANCZOS)
    times = -(-SHORTEST // longest)
    if times > 1:
        size = (image.width * times, image.height * times)
        smooth = times < 5  # of a tiny image one wants to see the pixels
        how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
        return _resized(image, size, how)
    return image


def _resized(image: Image.Image, size: tuple[int, int], how: Image.Resampling) -> Image.Image:
    resized = image.resize(size, how, reducing_gap=3.0)
    resized.info = image.info
    return resized
