"""A picture for the browser: an image of the run, upright and in its full size."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from runner.exporters.upright import upright
from runner.values.result import ResultImage

AS_THEY_ARE = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""What every browser shows as it is stored, by its first bytes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Bytes and their type."""

    mime: str
    content: bytes


def shown(content: bytes, image: ResultImage) -> Shown | None:
    """The pixels that boxes are told in; None when they cannot be decoded.

    A JPEG or PNG that lies upright is served as it is. Others are decoded here: a browser may turn
    them otherwise, or not know them at all.
    """
    mime = next((mime for start, mime in AS_THEY_ARE.items() if content.startswith(start)), None)
    if mime is not None and image.orientation == 1 and _is_plain(content):
        return Shown(mime, content)
    try:
        picture = upright(content, whole=True, frame=image.frame)
    except (OSError, ValueError):
        return None
    written = BytesIO()
    if mime == "image/png":
        picture.save(written, "PNG")
        return Shown("image/png", written.getvalue())
    picture.save(written, "JPEG", quality=92, icc_profile=picture.info.get("icc_profile"))
    return Shown("image/jpeg", written.getvalue())


def _is_plain(content: bytes) -> bool:
    """One picture of eight bits in grey or colour, which looks the same everywhere."""
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as picture:
            several = getattr(picture, "n_frames", 1) > 1
            return not several and picture.mode in ("L", "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
