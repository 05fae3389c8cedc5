"""Letters on an image: a font that has them, at a size that fits, in one short line."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from PIL import ImageFont

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

LONGEST = 40
"""Letters of a label."""

READ = 1000
"""Letters that are looked at to find them; a model may write a label of ten million."""

SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "DroidSansFallbackFull.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "segoeui.ttf",
    "arial.ttf",
    "msyh.ttc",
    "meiryo.ttc",
    "malgun.ttf",
    "Arial Unicode.ttf",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
)
"""Looked for when the font that comes with Pillow lacks a letter (it has hardly more than ASCII)."""

_PLAIN = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "đ": "d", "Đ": "D"}
    | {"œ": "oe", "Œ": "OE", "ı": "i", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "€": "EUR"}
)

NO_LETTER = "\uffff"
"""Never a letter; a font draws its sign for a missing one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a font that can draw it; `width` and `height` in pixels, `height` is the
    same for every line of a font."""

    text: str
    font: FreeTypeFont
    width: int
    height: int


def line(text: str, size: int, room: float) -> Line | None:
    """The text in a font of this size, cut with … to fit the room; None when not even that fits."""
    text = _one_line(text)
    font = _font_for(text, size)
    if not _draws(font, text):
        text = _plain(text, font)
    if (width := _width(font, text)) > room:
        text, width = _shortened(text, font, room)
    return Line(text, font, width, sum(font.getmetrics())) if text else None


def _one_line(text: str) -> str:
    """What cannot be seen is left out; white space is one space."""
    kept = (
        " " if letter.isspace() else letter
        for letter in text[:READ]
        if letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    short = " ".join("".join(kept).split())
    return short if len(short) <= LONGEST else short[: LONGEST - 1] + "…"


def _font_for(text: str, size: int) -> FreeTypeFont:
    """Pillow's own font when it can draw the text, or the first system font that can."""
    own = _own_font(size)
    if _draws(own, text):
        return own
    fonts = (_system_font(name, size) for name in SYSTEM_FONTS)
    return next((font for font in fonts if font and _draws(font, text)), own)


def _plain(text: str, font: FreeTypeFont) -> str:
    """Letters that the font lacks without their accents; what it still lacks shows as a crossed
    box, so that one sees that something is missing."""
    return "".join(
        letter if _has(font, letter) else _without_accents(letter)
        for letter in unicodedata.normalize("NFC", text)
    )


def _without_accents(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter.translate(_PLAIN))
    return "".join(part for part in parts if not unicodedata.combining(part))


def _shortened(text: str, font: FreeTypeFont, room: float) -> tuple[str, int]:
    for length in range(len(text) - 1, 0, -1):
        short = text[:length].rstrip() + "…"
        if (width := _width(font, short)) <= room:
            return short, width
    return "", 0


def _width(font: FreeTypeFont, text: str) -> int:
    return round(font.getlength(text))


def _draws(font: FreeTypeFont, text: str) -> bool:
    return all(_has(font, letter) for letter in text)


@cache
def _own_font(size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # every wheel of Pillow has FreeType
    return font


@cache
def _system_font(name: str, size: int) -> FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


@cache
def _has(font: FreeTypeFont, letter: str) -> bool:
    """A font that lacks a letter draws the same sign for it as for what is no letter."""
    return letter == " " or _drawn(font, letter) != _drawn(font, NO_LETTER)


def _drawn(font: FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
