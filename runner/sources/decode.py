"""The pixels of an image as they are sent: the chosen frame, upright."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from runner.sources.header import undecoded

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels


def decode(stream: BinaryIO, kind: str, frame: int, orientation: int) -> Pixels:
    """A frame, decoded and turned upright; its ICC profile stays in `info`.

    The orientation is the one found when the image was first looked at, so that its size and these
    pixels agree by construction. Raises whatever a decoder raises.
    """
    image = undecoded(stream, kind)
    if frame:
        image.seek(frame)
    image.load()
    return turned(image, orientation)


def turned(image: Pixels, orientation: int) -> Pixels:
    """The image turned as its EXIF orientation says. Source: Exif 2.32, tag 0x0112."""
    from PIL.Image import Transpose

    steps = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(steps[orientation]) if orientation in steps else image
