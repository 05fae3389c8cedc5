"""The one close name: what somebody who wrote `media_resolutoin` may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CLOSE_ENOUGH = 0.7
"""The share of matching letters that two close names have, by difflib's measure. At its default of
0.6, `batch` would be `fetch`, and `cut` would be `compute`: other words, which change what runs."""

LONGEST = 80
"""Longer words are not compared: they are texts, not names, and the comparison is quadratic."""


LOOSELY = 0.6
"""For names of files and columns, `foto` and `photos`: nobody gives them a meaning of their own."""


def did_you_mean(word: str, known: Iterable[str], close_enough: float = CLOSE_ENOUGH) -> str | None:
    """The one close name or None. Capitals, `-` and `_` make no difference."""
    if len(word) > LONGEST:
        return None
    names = {_plain(name): name for name in known}
    plain = _plain(word)
    close = get_close_matches(plain, names, n=1, cutoff=close_enough)
    close = close or [name for name in names if _is_one_slip(plain, name)]
    return names[close[0]] if close else None


def _is_one_slip(word: str, name: str) -> bool:
    """`aks` for `ask`, `bix` for `box`: in three letters, one slip is a third of them."""
    if not len(word) == len(name) == 3:
        return False
    different = sum(one != other for one, other in zip(word, name, strict=True))
    return different == 1 or sorted(word) == sorted(name)


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
