"""What a file is, told by its first bytes. Its name is never asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Kind = Literal[
    "png", "jpeg", "webp", "heic", "heif",  # sent as they are
    "gif", "bmp", "tiff", "avif",  # sent after a conversion
    "jxl", "jp2", "ico", "psd",  # images that are not read
    "html", "svg", "pdf", "video", "zip", "text", "empty", "unknown",
]  # fmt: skip

HEAD = 4096
"""As many bytes of a file's beginning are enough."""

SENT: Mapping[str, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
}
"""The types that Gemini documents for images, by their MIME type.

Source: ai.google.dev, image understanding, "supported image formats".
"""

CONVERTIBLE: Mapping[str, str] = {
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
    "avif": "image/avif",
}
"""The types that can be read here but are not documented for Gemini."""

ENDINGS: Mapping[str, str] = {
    ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".jfif": "jpeg",
    ".png": "png", ".apng": "png", ".webp": "webp",
    ".heic": "heic", ".hif": "heic", ".heif": "heif",
    ".gif": "gif", ".bmp": "bmp", ".dib": "bmp", ".tif": "tiff", ".tiff": "tiff", ".avif": "avif",
}  # fmt: skip
"""The endings that people expect an image under, and the type that each one promises."""

SPOKEN: Mapping[str, str] = {
    "png": "a PNG", "jpeg": "a JPEG", "webp": "a WebP", "heic": "a HEIC", "heif": "a HEIF",
    "gif": "a GIF", "bmp": "a BMP", "tiff": "a TIFF", "avif": "an AVIF",
    "jxl": "a JPEG XL", "jp2": "a JPEG 2000", "ico": "an icon", "psd": "a Photoshop file",
    "html": "a web page (HTML)", "svg": "an SVG drawing", "pdf": "a PDF", "video": "a video",
    "zip": "a ZIP archive", "text": "text",
}  # fmt: skip
"""How a sentence calls each type."""

_STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"%PDF-", "pdf"),
    (b"8BPS", "psd"),
    (b"\x00\x00\x01\x00", "ico"),
    (b"\xff\x0a", "jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
    (b"PK\x03\x04", "zip"),
    (b"\x1aE\xdf\xa3", "video"),
)

_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF = frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"mif3"})
_AVIF = frozenset({b"avif", b"avis"})

_MARKUP = re.compile(rb"<(!doctype\s+html|html|head|body|script|title|meta|div)\b", re.IGNORECASE)
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)


def sniff(head: bytes) -> Kind:
    """The type of a file that begins with these bytes (`HEAD` of them, or all it has)."""
    if not head:
        return "empty"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"RIFF"):
        return "webp" if head[8:12] == b"WEBP" else "video"
    if head[4:8] == b"ftyp" and len(head) >= 12:
        return _by_brand(head)
    # `BM` alone begins many a text; the size of the header that follows does not.
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in (
        12,
        40,
        52,
        56,
        108,
        124,
    ):
        return "bmp"
    return _not_binary(head)


def spoken(kind: str) -> str:
    """The type as a sentence calls it: `a GIF`, `a web page (HTML)`."""
    return SPOKEN.get(kind, "something else")


def _by_brand(head: bytes) -> Kind:
    """HEIC, HEIF, AVIF or a video, by the brands of an ISO media file (ISO/IEC 23008-12)."""
    length = min(max(int.from_bytes(head[:4], "big"), 16), len(head))
    major = head[8:12]
    brands = {head[at : at + 4] for at in range(16, length - 3, 4)}
    if major in _HEIC:
        return "heic"
    if major in _AVIF:
        return "avif"
    if major in _HEIF:
        return "avif" if brands & _AVIF and not brands & _HEIC else "heif"
    return "video"


def _not_binary(head: bytes) -> Kind:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _SVG.search(text) and text.startswith((b"<svg", b"<?xml", b"<!")):
        return "svg"
    if text.startswith(b"<") and _MARKUP.search(text):
        return "html"
    if b"\x00" in head:
        return "unknown"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut at `HEAD` may go through the middle of a character.
        return "text" if error.start >= len(head) - 3 and len(head) == HEAD else "unknown"
    return "text"
