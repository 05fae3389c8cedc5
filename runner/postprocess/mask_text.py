"""Mask text: what stands where a painted mask should → a grey image, or the name of what it is.

Models that paint masks write a data URI of a PNG. They also write codebook tokens that only the
service could expand, placeholders, and base64 that repeats itself until the token limit.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from io import BytesIO
from warnings import catch_warnings, simplefilter

from PIL import Image

from runner.values.result import Issue

MOST_PIXELS_A_SIDE = 4096
"""Real masks are 256 × 256; larger ones are refused before they are decoded."""


def grey_image(text: str) -> Image.Image | Issue:
    """The mask as an 8-bit grey image (mode L), or an issue that names what stands there instead."""
    if _TOKENS.search(text):
        return TOKENS_ISSUE
    uri = _DATA_URI.match(text)
    code = _without_space(text[uri.end() :] if uri else text)
    if uri is None and len(code) < _SHORTEST_IMAGE:
        return Issue("mask_placeholder", f"“{_short(text)}” stands where a mask should")
    if _RUNAWAY.search(code):
        return _garbage("its base64 repeats itself without an end")
    content = _decoded(code)
    if content is None:
        if uri is None and not _BASE64.fullmatch(code):
            return Issue("mask_placeholder", f"“{_short(text)}” stands where a mask should")
        return _garbage("it is not base64")
    return _opened(content)


TOKENS_ISSUE = Issue(
    "mask_tokens_unexpanded",
    "the model wrote codes of its mask that only the service can expand; reported to help: "
    "a Gemini Developer API key instead of Vertex AI, `thinking: none`, no forced JSON",
)

_TOKENS = re.compile(r"<start_of_mask>|<seg_\d+>")
_DATA_URI = re.compile(r"\s*data:[^,]{0,200},", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_RUNAWAY = re.compile(r"(?P<unit>[A-Za-z0-9+/_-]{4})(?P=unit){40}={0,2}\Z")
"""One group of four characters, over forty times at the very end: no image file ends like this."""
_SHORTEST_IMAGE = 80
"""Characters; the smallest PNG has 67 bytes."""


def _decoded(code: str) -> bytes | None:
    if not _BASE64.fullmatch(code):
        return None
    plain = code.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (BadBase64, ValueError):
        return None


def _opened(content: bytes) -> Image.Image | Issue:
    try:
        with catch_warnings():
            simplefilter("error", Image.DecompressionBombWarning)
            pixels = Image.open(BytesIO(content), formats=("PNG", "JPEG", "WEBP"))
        if max(pixels.size) > MOST_PIXELS_A_SIDE:
            return _too_large(f"{pixels.width} × {pixels.height} pixels")
        pixels.load()
        return _grey(pixels)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return _too_large("more pixels than any mask has")
    except Exception:  # Pillow's decoders raise many kinds on broken bytes
        return _garbage(f"its {len(content)} bytes are no image that can be read")


def _grey(pixels: Image.Image) -> Image.Image:
    """The brightness as 8 bits; the opacity when the colours say nothing."""
    if pixels.mode.startswith("I"):
        return pixels.convert("I").point(lambda value: value / 256).convert("L")
    if "A" in pixels.getbands() or "transparency" in pixels.info:
        coloured = pixels.convert("RGBA")
        brightness, opacity = coloured.convert("RGB").convert("L"), coloured.getchannel("A")
        shades = brightness.getextrema()
        return opacity if shades[0] == shades[1] else brightness
    return pixels.convert("L")


def _garbage(why: str) -> Issue:
    return Issue("mask_garbage", f"the mask cannot be read: {why}")


def _too_large(what: str) -> Issue:
    why = f"a mask of {what} is not read; the limit is {MOST_PIXELS_A_SIDE} a side"
    return Issue("mask_too_large", why)


def _without_space(text: str) -> str:
    return "".join(text.split())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
