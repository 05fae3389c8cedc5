"""Values as people read them in the sentence of a check."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

LONGEST = 80
"""Characters of a text that a sentence shows."""


def shown(value: object) -> str:
    """`3`, `true`, `"a text"`, `nothing`, `a list of 3 entries`, `a record`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _quoted(value)
        case list() | tuple():
            return f"a list of {counted(len(value), 'entry', 'entries')}"
        case Mapping():
            return "a record"
        case _:
            return _quoted(str(value))


def spelled(value: int | float) -> str:
    """A number to its last digit, whole ones without `.0`: as a name, or as a text that is compared."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else repr(value)


def shown_with_kind(value: object) -> str:
    """The same, where its kind is the point: `the text "12"`."""
    match value:
        case str():
            return f"the text {_quoted(value)}"
        case int() | float() if not isinstance(value, bool):
            return f"the number {value!r}"
        case _:
            return shown(value)


def listed(values: Sequence[object], last: str = "and") -> str:
    """`"a", "b" and "c"`."""
    *most, final = [shown(value) for value in values] or ["nothing"]
    return f"{', '.join(most)} {last} {final}" if most else final


def counted(number: int, one: str, many: str) -> str:
    """`1 entry`, `3 entries`."""
    return f"{number:,} {one if number == 1 else many}"


def share(value: float) -> str:
    """`95%`, `66.6%`: rounded down, so that 100% means all."""
    tenths = int(value * 1000 + 1e-9)
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths / 10}%"


def _quoted(text: str) -> str:
    """In quotes, in one line, cut at a length; what a terminal might obey is written as an escape."""
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(
        letter if letter.isprintable() else json.dumps(letter)[1:-1]
        for letter in json.dumps(short, ensure_ascii=False)
    )
