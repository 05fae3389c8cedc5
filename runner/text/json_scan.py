"""Finds JSON in a text that holds more than JSON, or less: where a value ends, what is complete.

The scan knows strings (a `}` in a label closes nothing) and the grammar, so it can tell a value
that the text cuts off from one that was never JSON. It does not recurse, whatever the depth.
Whether a value is acceptable JSON (numbers, repeated keys) is for the strict reader to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class OpenContainer:
    """A list or object that is not closed.

    `complete` counts its members that are surely whole, `end` is the offset after the last one.
    `members_are_objects` is True when the last of them is an object.
    """

    kind: Literal["[", "{"]
    start: int
    complete: int
    end: int
    members_are_objects: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """What stands at an offset: a `whole` value, a value that the text `cut` off, or `no` JSON.

    `end` is the offset after the value, the length of the text, or the offset of the first
    character that cannot be JSON. `open` are the containers that are open there, from outside.
    """

    kind: Literal["whole", "cut", "no"]
    end: int
    open: tuple[OpenContainer, ...] = ()


def scan(text: str, start: int) -> Scan:
    """What stands at `start`, which must hold `[` or `{`."""
    stack: list[OpenContainer] = []
    expected: _Expected = "value"
    at = start
    while True:
        token = _TOKEN.match(text, at)
        if token is None:
            return _unfinished(text, at, expected, stack)
        kind, at = token.lastgroup, token.end()
        word = token[kind] if kind else ""
        step = _NEXT.get((expected, word if kind == "mark" else str(kind)))
        if kind == "scalar" and step is not None:
            if at == len(text) and _begins_scalar(word):  # 12 may have become 123
                return Scan("cut", at, tuple(stack))
            step = step if _is_scalar(word) else None
        if step is None:
            return Scan("no", at - len(word), tuple(stack))
        if step == "open":
            stack.append(OpenContainer("[" if word == "[" else "{", at - 1, 0, at, False))
            expected = "value_or_end" if word == "[" else "key_or_end"
            continue
        if step == "close":
            closed = stack.pop()
            if closed.kind != _PARTNER[word]:
                return Scan("no", at - 1, tuple(stack))
            if not stack:
                return Scan("whole", at)
            stack[-1] = _grown(stack[-1], at, is_object=word == "}")
            expected = "comma_or_end"
            continue
        if step == "member":
            stack[-1] = _grown(stack[-1], at, is_object=False)
            expected = "comma_or_end"
            continue
        expected = _after_mark(step, stack[-1])


def recover(text: str, found: Scan) -> str | None:
    """The JSON of a cut-off list without its last, incomplete item.

    The list may be the outermost value, stand in objects, or be alone in a list. None when no
    item is complete: nothing is worth more than a list that looks as if nothing had been found.
    """
    levels = [level.kind for level in found.open]
    if "[" not in levels:
        return None
    index = levels.index("[")
    while found.open[index].complete == 0:
        index += 1
        if index == len(levels) or levels[index] != "[":
            return None
        if not found.open[index].members_are_objects:
            return None
    closing = "".join("]" if kind == "[" else "}" for kind in reversed(levels[: index + 1]))
    return text[found.open[0].start : found.open[index].end] + closing


@dataclass(frozen=True, slots=True)
class Spans:
    """Every whole list or object in a text, outermost only, as (start, end).

    `cut_at` is the offset of a last one that the text cuts off, or None.
    """

    whole: tuple[tuple[int, int], ...]
    cut_at: int | None


def spans(text: str) -> Spans:
    """The lists and objects of a text, wherever they stand in prose.

    Nothing is taken out of a list or object that is broken: its whole parts alone would look like
    a complete answer. A bracket that only belongs to the prose (`[ymin, xmin]`) is passed over.
    """
    whole: list[tuple[int, int]] = []
    bracket = _BRACKET.search(text)
    while bracket:
        start = bracket.start()
        found = scan(text, start)
        if found.kind == "cut":
            return Spans(tuple(whole), start)
        if found.kind == "whole":
            whole.append((start, found.end))
            resume: int | None = found.end
        elif _is_begun(text, start, found):
            resume = _balanced_end(text, start)
        else:
            resume = max(found.end, start + 1)
        if resume is None:
            break
        bracket = _BRACKET.search(text, resume)
    return Spans(tuple(whole), None)


_Expected = Literal[
    "value", "value_or_end", "key_or_end", "key", "colon", "comma_or_end", "member_value"
]
_VALUE_MAY_STAND = frozenset({"value", "value_or_end", "member_value"})
_PARTNER = {"]": "[", "}": "{"}

_TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:
        (?P<string>"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")
      | (?P<mark>[\[\]{},:])
      | (?P<scalar>[-+.0-9A-Za-z]++)
    )""",
    re.VERBOSE,
)
_BRACKET = re.compile(r"[\[{]")
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|["\[\]{}]', re.DOTALL)
_OPEN_STRING = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+\\?\Z')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BEGUN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]*)?")
_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
"""The last three are not JSON, but they end a value; the strict reader refuses them by name."""

_NEXT: dict[tuple[str, str], str] = {
    **{(place, "["): "open" for place in _VALUE_MAY_STAND},
    **{(place, "{"): "open" for place in _VALUE_MAY_STAND},
    **{(place, "string"): "member" for place in _VALUE_MAY_STAND},
    **{(place, "scalar"): "member" for place in _VALUE_MAY_STAND},
    ("value_or_end", "]"): "close",
    ("key_or_end", "}"): "close",
    ("key_or_end", "string"): "colon",
    ("key", "string"): "colon",
    ("colon", ":"): "value",
    ("comma_or_end", ","): "comma",
    ("comma_or_end", "]"): "close",
    ("comma_or_end", "}"): "close",
}


def _after_mark(step: str, container: OpenContainer) -> _Expected:
    if step == "colon":
        return "colon"
    if step == "value":
        return "member_value"
    return "value" if container.kind == "[" else "key"


def _grown(container: OpenContainer, end: int, *, is_object: bool) -> OpenContainer:
    return replace(
        container, complete=container.complete + 1, end=end, members_are_objects=is_object
    )


def _is_scalar(word: str) -> bool:
    return word in _WORDS or _NUMBER.fullmatch(word) is not None


def _begins_scalar(word: str) -> bool:
    return any(whole.startswith(word) for whole in _WORDS) or bool(_BEGUN_NUMBER.fullmatch(word))


def _unfinished(text: str, at: int, expected: _Expected, stack: list[OpenContainer]) -> Scan:
    rest = _first_visible(text, at)
    if rest == len(text):
        return Scan("cut", rest, tuple(stack))
    may_stand = expected not in ("colon", "comma_or_end")
    if may_stand and _OPEN_STRING.match(text, rest):
        return Scan("cut", len(text), tuple(stack))
    return Scan("no", rest, tuple(stack))


def _first_visible(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _is_begun(text: str, start: int, found: Scan) -> bool:
    return any(level.complete for level in found.open) or '"' in text[start : found.end]


def _balanced_end(text: str, start: int) -> int | None:
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text, start):
        word = token[0]
        if word == '"':
            return None
        if word in "[{":
            depth += 1
        elif word in "]}":
            depth -= 1
            if depth == 0:
                return token.end()
    return None
