"""Keeps API keys out of everything that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

KEY = re.compile(r"(?<![0-9A-Za-z+/])AIza[0-9A-Za-z_\-]{10,}")
"""What Google's API keys look like: `AIza` and 35 more; one with a slip of the pen is found, too.

The middle of a longer word is none: images written as text hold every combination of letters.
"""

_GIVEN = r"[\"']?\s*[:=]\s*[\"']?(?:bearer\s+)?"

_NAMED = re.compile(
    rf"(?P<sure>\b(?:[\w-]+[_-])?(?:api[_-]?key|authorization){_GIVEN})(?P<key>[\w.~+/=-]{{6,}})|"
    rf"(?P<likely>\b(?:key|token|secret|password){_GIVEN})"
    r"(?P<word>(?=[\w.~+/=-]*\d)[\w.~+/=-]{12,})",
    re.IGNORECASE,
)
"""A value under a name for keys; under a name that may mean other things it must look like one."""


def masked(text: str) -> str:
    """The text with every API key in it made unreadable, at the same length: columns still fit."""
    return KEY.sub(lambda match: match[0][:4] + "…" * (len(match[0]) - 4), text)


def masked_at(text: str, places: Iterable[tuple[int, int]]) -> str:
    """The text with these parts of it made unreadable, at the same length."""
    for begin, end in places:
        text = f"{text[:begin]}{'…' * (end - begin)}{text[end:]}"
    return text


def masked_lines(text: str) -> str:
    """The lines of a file as they may be shown: also keys of other forms, known by their names."""
    return _NAMED.sub(_without_value, masked(text))


def _without_value(match: re.Match[str]) -> str:
    if match["sure"]:
        return match["sure"] + "…" * len(match["key"])
    return match["likely"] + "…" * len(match["word"])
