"""Strict JSON: what is not exactly JSON is an error with a place, never a guess.

Refused beside bad syntax: NaN and Infinity, a key that stands twice in one object, numbers that no
float can hold or with more than 400 digits, and more than 200 levels. Half of a surrogate pair
(`"\\ud83d"`) has no meaning and becomes U+FFFD.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isinf
from typing import Literal, NoReturn

from runner.values.answer import Json

MAX_DEPTH = 200
MAX_DIGITS = 400
"""Longer than any number that a float can hold; Python itself refuses beyond 4,300."""

Kind = Literal["syntax", "number", "duplicate_key", "too_deep", "encoding"]


@dataclass(frozen=True, slots=True)
class JsonError:
    """Why a text is no JSON: a sentence, and where (line, column and `offset`; the first is 1, 1, 0)."""

    kind: Kind
    message: str
    line: int
    column: int
    offset: int

    def __str__(self) -> str:
        return f"{self.message} (line {self.line}, column {self.column})"


def read_json(text: str | bytes) -> Json | JsonError:
    """The value of a JSON text, or why there is none. Never raises, whatever the text."""
    if isinstance(text, bytes):
        return _read_bytes(text)
    deep = _too_deep(text)
    if deep is not None:
        return _error("too_deep", f"it is nested more than {MAX_DEPTH} levels deep", text, deep)
    try:
        value: Json = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
            parse_float=_number,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        return _error("syntax", _SYNTAX.get(error.msg, error.msg), text, error.pos)
    except _Refused as refusal:
        return _located(text, refusal)
    return without_halves(value) if _HALF.search(text) else value


def _read_bytes(content: bytes) -> Json | JsonError:
    try:
        return read_json(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        return _error("encoding", "the text is not UTF-8", before, len(before))


class _Refused(Exception):
    def __init__(self, kind: Kind, message: str, written: str) -> None:
        self.kind, self.message, self.written = kind, message, written


def _refuse_constant(word: str) -> NoReturn:
    raise _Refused("number", f"{word} is no JSON number", word)


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _Refused("number", f"a number has {len(digits)} digits", digits)
    return int(digits)


def _number(written: str) -> float:
    number = float(written)
    if isinf(number):
        raise _Refused("number", f"the number {written[:30]} is too large", written)
    return number


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        name = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add says None
        raise _Refused("duplicate_key", f"the key {json.dumps(name)} stands twice", name)
    return found


# --- where -----------------------------------------------------------------------------------

_STRING = r'"(?:[^"\\]|\\.)*+"'
_BRACKET = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)
_PIECE = re.compile(
    rf"(?P<text>{_STRING})|(?P<bracket>[\[\]{{}}])|(?P<sign>[:,])|(?P<word>[^\s\[\]{{}}:,\"]+)",
    re.DOTALL,
)


def _too_deep(text: str) -> int | None:
    """The offset of the first bracket beyond the depth: found before anything can recurse."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return None
    depth = 0
    for match in _BRACKET.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return match.start()
        elif mark in "]}":
            depth -= 1
    return None


def _located(text: str, refusal: _Refused) -> JsonError:
    places = _keys_twice(text) if refusal.kind == "duplicate_key" else _words(text)
    for written, offset in places:
        if written == refusal.written:
            return _error(refusal.kind, refusal.message, text, offset)
    return _error(refusal.kind, refusal.message, text, 0)


def _words(text: str) -> Iterator[tuple[str, int]]:
    for match in _PIECE.finditer(text):
        if match["word"]:
            yield match.group(), match.start()


def _keys_twice(text: str) -> Iterator[tuple[str, int]]:
    """Every key that stands a second time in its object, with its offset."""
    open_objects: list[set[str] | None] = []
    last: re.Match[str] | None = None
    for match in _PIECE.finditer(text):
        if match["bracket"] and match.group() in "[{":
            open_objects.append(set() if match.group() == "{" else None)
        elif match["bracket"] and open_objects:
            open_objects.pop()
        elif match.group() == ":" and last is not None and last["text"] and open_objects:
            name, keys = json.loads(last.group()), open_objects[-1]
            if keys is not None and name in keys:
                yield name, last.start()
            if keys is not None:
                keys.add(name)
        last = match


def _error(kind: Kind, message: str, text: str, offset: int) -> JsonError:
    start = text.rfind("\n", 0, offset) + 1
    return JsonError(kind, message, text.count("\n", 0, start) + 1, offset - start + 1, offset)


_SYNTAX = {
    "Expecting value": "a value is missing",
    "Extra data": "text goes on after the value",
    "Expecting ',' delimiter": "a comma or the end of a list or object is missing",
    "Expecting ':' delimiter": "a colon is missing after a key",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing",
    "Illegal trailing comma before end of object": "a comma stands before the end of an object",
    "Illegal trailing comma before end of array": "a comma stands before the end of a list",
    "Unterminated string starting at": "a text in quotes never ends",
    "Invalid control character at": "a text in quotes holds a line break or control character",
    "Invalid \\escape": "a backslash is followed by something that it cannot stand before",
    "Invalid \\uXXXX escape": "\\u is not followed by four hexadecimal digits",
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": "a byte order mark stands before the value",
}

# --- halves of surrogate pairs -----------------------------------------------------------------

_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def without_halves(value: Json) -> Json:
    """The value with U+FFFD for every half of a surrogate pair, which UTF-8 cannot hold."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [without_halves(item) for item in value]
        case dict():
            return {str(without_halves(key)): without_halves(part) for key, part in value.items()}
        case _:
            return value
