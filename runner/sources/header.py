"""What the header of an image says: its size, how it is turned, how many frames. Nothing is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from runner.sources.chunks import png_exif, webp_is_lossy
from runner.sources.opening import Unreadable
from runner.values.geometry import Size

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MOST_PIXELS = 100_000_000
"""An image with more pixels is refused before it is decoded: it may be a decompression bomb."""

_ORIENTATION = 0x0112
"""The EXIF (and TIFF) tag that says how an image is turned."""


@dataclass(frozen=True, slots=True)
class Header:
    """`size` is as stored; `orientation` is 1–8, 1 for what says nothing sensible.

    `mode` is Pillow's name of the pixel format (`RGB`, `I;16`, `CMYK`). `lossless` is False where
    re-encoding as JPEG loses nothing that was not lost before.
    """

    size: Size
    orientation: int
    frames: int
    mode: str
    lossless: bool


def read_header(stream: BinaryIO, kind: str) -> Header:
    """The header of an image of this type. Raises `Unreadable`."""
    image = undecoded(stream, kind)
    size = Size(*image.size)
    if size.area > MOST_PIXELS:
        raise too_many_pixels(f"{size.width} × {size.height} = {size.area / 1e6:,.0f} megapixels")
    try:
        frames = 1 if kind == "jpeg" else int(getattr(image, "n_frames", 1))
        orientation = _orientation(image, stream, kind)
    except Exception as error:  # decoders meet hostile bytes and raise anything
        raise _broken(error) from error
    lossless = kind != "jpeg" and not (kind == "webp" and webp_is_lossy(stream))
    return Header(size, orientation, frames, image.mode, lossless)


def undecoded(stream: BinaryIO, kind: str) -> ImageFile:
    """The image as Pillow's reader of exactly this type sees it; its pixels are not yet decoded.

    The reader is called by itself, not through `Image.open`: no other reader may guess at the
    bytes, and Pillow's global pixel limit (a warning that is an error here and there) stays out.
    A JPEG that holds more pictures (MPO) is its first one, as every viewer shows it.
    Raises `Unreadable`.
    """
    from PIL.Image import DecompressionBombError

    stream.seek(0)
    try:
        return _reader(kind)(stream)
    except DecompressionBombError as error:
        raise too_many_pixels("far too many pixels") from error
    except Exception as error:  # decoders meet hostile bytes and raise anything
        raise _broken(error) from error


def too_many_pixels(found: str) -> Unreadable:
    """The refusal of an image that would take too much memory."""
    return Unreadable(
        "image_too_many_pixels",
        f"the image has {found}; at most {MOST_PIXELS // 1_000_000} megapixels are read."
        " Make it smaller",
    )


def orientation_of(exif: bytes | None) -> int:
    """The orientation 1–8 in a block of EXIF data; 1 when it says none, nonsense, or is damaged."""
    from PIL.Image import Exif

    if not exif:
        return 1
    tags = Exif()
    try:
        tags.load(exif)
        value = tags.get(_ORIENTATION)
    except Exception:  # a damaged note about an image does not make the image unusable
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _reader(kind: str) -> type[ImageFile]:
    match kind:
        case "jpeg":
            from PIL.JpegImagePlugin import JpegImageFile

            return JpegImageFile
        case "png":
            from PIL.PngImagePlugin import PngImageFile

            return PngImageFile
        case "webp":
            from PIL.WebPImagePlugin import WebPImageFile

            return WebPImageFile
        case "gif":
            from PIL.GifImagePlugin import GifImageFile

            return GifImageFile
        case "bmp":
            from PIL.BmpImagePlugin import BmpImageFile

            return BmpImageFile
        case "tiff":
            from PIL.TiffImagePlugin import TiffImageFile

            return TiffImageFile
        case "avif":
            from PIL.AvifImagePlugin import AvifImageFile

            return AvifImageFile
        case _:
            from pillow_heif.as_plugin import HeifImageFile

            return HeifImageFile


def _orientation(image: ImageFile, stream: BinaryIO, kind: str) -> int:
    match kind:
        # These readers turn the image themselves: libheif as the container says, in which an EXIF
        # tag is void (ISO/IEC 23008-12), Pillow's TIFF reader by the tag.
        case "heic" | "heif" | "tiff":
            return 1
        case "png":
            return orientation_of(image.info.get("exif") or png_exif(stream))
        case _:
            return orientation_of(image.info.get("exif"))


def _broken(error: Exception) -> Unreadable:
    said = " ".join(str(error).split())[:200]
    return Unreadable(
        "image_broken",
        f"the image is damaged: its header cannot be read ({said or 'no reason given'})",
    )
