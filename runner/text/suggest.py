"""The one close name: what somebody who wrote `media_resolutoin` may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CLOSE_ENOUGH = 0.6
"""The share of matching letters that two close names have: difflib's own measure and default."""

LONGEST = 80
"""Longer words are not compared: they are texts, not names, and the comparison is quadratic."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The one close name or None. Capitals, `-` and `_` make no difference."""
    if len(word) > LONGEST:
        return None
    names = {_plain(name): name for name in known}
    close = get_close_matches(_plain(word), names, n=1, cutoff=CLOSE_ENOUGH)
    return names[close[0]] if close else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
