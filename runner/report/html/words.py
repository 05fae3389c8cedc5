"""Two texts as one: what stayed, what is gone, what is new, word by word; nothing is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

Change = Literal["same", "gone", "new"]

MOST = 4000
"""Words of a text; longer ones are told apart as wholes, because the work grows with the square."""


def changes(before: str, now: str) -> Iterator[tuple[Change, str]]:
    """Stretches of both texts in order. Those that are `same` or `gone` make up `before`, those that
    are `same` or `new` make up `now`."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, now))
    if max(len(old), len(new)) > MOST:
        old, new = [before], [now]
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "same", "".join(old[a:b])
            continue
        if b > a:
            yield "gone", "".join(old[a:b])
        if d > c:
            yield "new", "".join(new[c:d])
