"""Every reading of a model's text as JSON, the most literal one first.

The ladder: the whole text · a JSON string that holds JSON · a fenced block · a list or object
within prose · several objects side by side. Nothing is mended on the way: each candidate is
strict JSON as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from runner.text.json_reader import JsonError, read_json
from runner.text.json_scan import recover, scan, spans
from runner.values.answer import Json

Rung = Literal["json", "double", "fence", "scan", "items"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value that a text holds, and how it was found.

    `ignored` counts the visible characters around it, `others` the further JSON values among them.
    `joined` is above 1 for that many objects side by side; the value is then the list of them.
    `cut` is True when the text ends inside the next one.
    """

    value: Json
    rung: Rung
    ignored: int = 0
    others: int = 0
    joined: int = 1
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text that looks like JSON is not: a sentence about the place where it should be."""

    why: str


def candidates(text: str) -> Iterator[Candidate | Unreadable]:
    """The readings of a text in the order in which they are to be tried."""
    whole = _read(text)
    if isinstance(whole, Unreadable):
        yield from _parts(text, whole)
    elif isinstance(whole, str):
        yield from _within_string(whole)
        yield Candidate(whole, "json")
    else:
        yield Candidate(whole, "json")


def complete_items(text: str) -> Json:
    """The value that ends in a list which the text cuts off, with its whole items; None without."""
    start = spans(text).cut_at
    kept = recover(text, scan(text, start)) if start is not None else None
    if kept is None:
        return None
    value = _read(kept)
    return None if isinstance(value, Unreadable) else value


def ends_inside(text: str) -> bool:
    """True when the text ends before its JSON does."""
    start = spans(text).cut_at
    return start is not None and bool(text[start + 1 :].strip())


def _within_string(text: str) -> Iterator[Candidate | Unreadable]:
    """The readings of a text that was itself written as a JSON string; only one such layer."""
    inner = _read(text)
    if not isinstance(inner, Unreadable):
        yield Candidate(inner, "double")
        return
    for found in _parts(text, inner):
        if isinstance(found, Candidate):
            yield replace(found, rung="double")


def _parts(text: str, whole: Unreadable) -> Iterator[Candidate | Unreadable]:
    fenced = False
    for block in _FENCE.finditer(text):
        body = block["body"].strip()
        offset = text.index(body, block.start("body"))
        if not body.startswith(("[", "{", '"')):
            continue
        fenced = True
        value = read_json(body)
        if isinstance(value, JsonError):
            yield Unreadable(_told(value.message, text, offset + value.offset))
            continue
        outside = text[: block.start()] + text[block.end() :]
        rung: Rung = "fence"
        if isinstance(value, str):
            inner = _read(value)
            value, rung = (value, rung) if isinstance(inner, Unreadable) else (inner, "double")
        yield Candidate(value, rung, _visible(outside), len(spans(outside).whole))
    if not fenced and text.startswith(("[", "{")):
        yield whole
    yield from _in_prose(text)


def _in_prose(text: str) -> Iterator[Candidate]:
    found = spans(text)
    groups = _side_by_side(text, found.whole)
    for group in groups:
        values = [_read(text[start:end]) for start, end in group]
        whole = [value for value in values if not isinstance(value, Unreadable)]
        if len(whole) < len(values):
            continue
        start, end = group[0][0], group[-1][1]
        yield Candidate(
            value=whole[0] if len(whole) == 1 else whole,
            rung="scan",
            ignored=_visible(text[:start]) + _visible(text[end:]),
            others=len(groups) - 1,
            joined=len(whole),
            cut=found.cut_at is not None and not text[end : found.cut_at].strip(_BETWEEN),
        )


def _side_by_side(text: str, whole: tuple[tuple[int, int], ...]) -> list[list[tuple[int, int]]]:
    """Objects with nothing but commas and white space between them belong together."""
    groups: list[list[tuple[int, int]]] = []
    for start, end in whole:
        joins = (
            bool(groups)
            and text[start] == "{"
            and text[groups[-1][-1][0]] == "{"
            and not text[groups[-1][-1][1] : start].strip(_BETWEEN)
        )
        if joins:
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
    return groups


_BETWEEN = " \t\r\n,"
_FENCE = re.compile(
    r"""```[ \t]*+(?:[A-Za-z0-9_+.#-]*+[ \t]*+\r?\n)?+   # with or without a language
        (?:[A-Za-z0-9_+.#-]++[ \t]*+(?=["\[{]))?+        # or the language on the same line
        (?P<body>.*?)
        (?:\n[ \t]*+```|```[ \t]*+(?=\r?\n|\Z)|\Z)       # the end of the text closes it, too
    """,
    re.VERBOSE | re.DOTALL,
)


def _visible(text: str) -> int:
    return sum(not character.isspace() for character in text)


def _read(text: str) -> Json | Unreadable:
    value = read_json(text)
    return Unreadable(str(value)) if isinstance(value, JsonError) else value


def _told(message: str, text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"{message} (line {line}, column {offset - text.rfind(chr(10), 0, offset)})"
