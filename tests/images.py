"""Images for tests, drawn and never downloaded: each corner has a colour of its own."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from PIL.Image import Image as Pixels
from PIL.Image import Transpose

CORNERS = ("red", "lime", "blue", "yellow")
"""Top left, top right, bottom left, bottom right of a scene as a person sees it."""

_RGB = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}

_STORED = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
"""How an upright image is turned to be stored under an EXIF orientation (Exif 2.32, tag 0x0112)."""


def scene(width: int = 64, height: int = 40) -> Pixels:
    """A white image with a corner in each colour, a quarter of each side long."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    right, bottom = width - width // 4, height - height // 4
    for colour, (x, y) in zip(
        CORNERS, [(0, 0), (right, 0), (0, bottom), (right, bottom)], strict=True
    ):
        draw.rectangle((x, y, x + width // 4 - 1, y + height // 4 - 1), fill=_RGB[colour])
    return image


def corners(content: bytes) -> tuple[str, ...]:
    """The colours that the corners of an encoded image show, in the order of `CORNERS`."""
    image = Image.open(BytesIO(content)).convert("RGB")
    right, bottom = image.width - 3, image.height - 3
    places = [(2, 2), (right, 2), (2, bottom), (right, bottom)]
    return tuple(_nearest(image.getpixel(place)) for place in places)


def encoded(image: Pixels, format: str, **options: object) -> bytes:
    """The image in a format; HEIF through pillow-heif."""
    out = BytesIO()
    if format == "HEIF":
        import pillow_heif

        pillow_heif.from_pillow(image).save(out, **options)
    else:
        image.save(out, format, **options)
    return out.getvalue()


def stored(orientation: int, format: str, **options: object) -> bytes:
    """The scene, stored so that this EXIF orientation makes it upright again."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    image = scene()
    turned = image.transpose(_STORED[orientation]) if orientation in _STORED else image
    return encoded(turned, format, exif=tags.tobytes(), **options)


def animation(format: str, frames: int = 3) -> bytes:
    """An animation whose frames are red, lime, blue, …"""
    images = [Image.new("RGB", (32, 20), _RGB[CORNERS[n % 4]]) for n in range(frames)]
    options = {"lossless": True} if format == "WEBP" else {}
    return encoded(
        images[0], format, save_all=True, append_images=images[1:], duration=100, **options
    )


def deep_png(value: int = 0x8000) -> bytes:
    """A grey PNG of 16 bits, all of one value."""
    return encoded(Image.frombytes("I;16", (8, 6), struct.pack("<H", value) * 48), "PNG")


def bomb_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A whole PNG of a few bytes whose header claims this many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def png_with_late_exif(orientation: int) -> bytes:
    """A PNG whose EXIF stands behind its pixels, where the format allows it."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    plain = encoded(scene().transpose(_STORED[orientation]), "PNG")
    exif = tags.tobytes().removeprefix(b"Exif\0\0")
    return plain[:-12] + _chunk(b"eXIf", exif) + plain[-12:]


def write(path: Path, content: bytes | None = None) -> Path:
    """The file with this content, by default a small JPEG of its own; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(scene(), "JPEG") if content is None else content)
    return path


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _nearest(pixel: tuple[int, int, int]) -> str:
    def distance(colour: str) -> int:
        return sum((a - b) ** 2 for a, b in zip(pixel, _RGB[colour], strict=True))

    return min(_RGB, key=distance)
