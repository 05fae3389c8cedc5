"""Where a character of a text value stands in the file, whatever way the value is written.

A value's visible characters come in the same order as they are written: folding, indentation and
line breaks only change the white space between them. So the n-th visible character of the value is
the n-th one in the file, once quotes and escapes are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runner.text.nodes import Node

_SPACE = " \t\n"
_ESCAPE = re.compile(r"\\(?:x(..)|u(.{4})|U(.{8})|(.)|$)", re.DOTALL)
_ESCAPED_SPACE = {"t", "\t", "n", " "}
"""Escapes that make white space; all others make a visible character."""

At = tuple[int, int]
"""A line and a column of the file, both from 1."""


def locate(lines: Sequence[str], node: Node, line: int, column: int) -> At:
    """The place in the file of a line and column (from 1) of this node's value."""
    value: str = node.data
    offset = _offset(value, line, column)
    before = sum(char not in _SPACE for char in value[:offset])
    visible = offset < len(value) and value[offset] not in _SPACE
    if visible or before == 0:
        return _nth(lines, node, before) or (node.line, node.column)
    # White space and the end of the value have no place of their own: count from the character before.
    gap = offset - len(value[:offset].rstrip(_SPACE))
    at = _nth(lines, node, before - 1) or (node.line, node.column)
    return at[0], at[1] + 1 + gap


def _offset(value: str, line: int, column: int) -> int:
    rows = value.split("\n")
    row = min(max(line, 1), len(rows)) - 1
    start = sum(len(each) + 1 for each in rows[:row])
    return start + min(max(column, 1) - 1, len(rows[row]))


def _nth(lines: Sequence[str], node: Node, n: int) -> At | None:
    for count, at in enumerate(_visible(lines, node)):
        if count == n:
            return at
    return None


def _visible(lines: Sequence[str], node: Node) -> Iterator[At]:
    """The places of the visible characters of a scalar as written, in their order."""
    match node.style:
        case "literal" | "folded":
            yield from _verbatim(lines, node.line + 1, 1)
        case "single" | "double":
            line, column = _content(lines, node)
            read = _single_quoted if node.style == "single" else _double_quoted
            yield from read(lines, line, column + 1)
        case _:
            yield from _verbatim(lines, *_content(lines, node))


def _content(lines: Sequence[str], node: Node) -> At:
    """Where the value itself starts, after a name for links (`&name`)."""
    line, column = node.line, node.column
    named = re.match(r"&\S+\s*", lines[line - 1][column - 1 :])
    if named is None:
        return line, column
    column += named.end()
    while column > len(lines[line - 1]) and line < node.end_line:
        line, column = line + 1, _indent(lines[line]) + 1
    return line, column


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(_SPACE))


def _verbatim(lines: Sequence[str], line: int, column: int) -> Iterator[At]:
    for number in range(line, len(lines) + 1):
        start = column if number == line else 1
        for at, char in enumerate(lines[number - 1][start - 1 :], start):
            if char not in _SPACE:
                yield number, at


def _single_quoted(lines: Sequence[str], line: int, column: int) -> Iterator[At]:
    skip = False
    for number, at in _verbatim(lines, line, column):
        if skip:
            skip = False
            continue
        skip = lines[number - 1][at - 1 : at + 1] == "''"
        yield number, at


def _double_quoted(lines: Sequence[str], line: int, column: int) -> Iterator[At]:
    for number in range(line, len(lines) + 1):
        text = lines[number - 1]
        at = column if number == line else 1
        while at <= len(text):
            escape = _ESCAPE.match(text, at - 1)
            if escape is None:
                if text[at - 1] not in _SPACE:
                    yield number, at
                at += 1
                continue
            if _is_visible(escape):
                yield number, at
            at = escape.end() + 1


def _is_visible(escape: re.Match[str]) -> bool:
    code = escape[1] or escape[2] or escape[3]
    if code is not None:
        return chr(int(code, 16)) not in _SPACE
    return escape[4] is not None and escape[4] not in _ESCAPED_SPACE
