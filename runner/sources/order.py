"""The order in which people count: `img2` before `img10`, capitals make no difference."""

from __future__ import annotations

import os
import re

from runner.sources.normal import composed

_DIGITS = re.compile(r"0*([0-9]+)")


def natural(name: str) -> tuple[str, str]:
    """A key to sort names by; different names never tie. One text, because 40,000 are sorted at once."""
    return _DIGITS.sub(_with_length, composed(name).casefold()), name


def shown(name: str) -> str:
    """A file name that can be written anywhere: bytes that are not UTF-8 appear as `\\xff`,
    and umlauts are the same on every machine."""
    return os.fsencode(composed(name)).decode("utf-8", "backslashreplace")


def _with_length(match: re.Match[str]) -> str:
    digits = match[1]
    return f"{len(digits):03}{digits}"
