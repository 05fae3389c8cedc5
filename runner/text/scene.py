"""Where a YAML parser gave up: the line, the lines around it, what it was reading there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from runner.text.nodes import Node, value_text
from runner.text.scalars import in_quotes
from runner.text.tree import Tree
from runner.values.problem import Place, Problem

SHORT = 60
"""Values up to this length are printed whole in an advice; a longer one is better a block."""


Beside = Callable[[str], frozenset[str]]
"""The keys that a format knows beside a key; none when it does not know that one."""


def nothing(key: str) -> frozenset[str]:
    """The keys beside a key in a file of which no format is known."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake, and the lines to read instead of the written ones (none: reading ends here)."""

    problem: Problem
    edits: dict[int, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line taken apart. `column` (from 1) is where the value starts, `indent` counts characters."""

    number: int
    text: str
    indent: int
    key: str | None
    key_column: int
    value: str
    column: int

    @property
    def is_item(self) -> bool:
        """True for an entry of a list."""
        return self.text.startswith(("- ", "-\n"), self.indent) or self.text[self.indent :] == "-"

    @property
    def words(self) -> str:
        """What stands on the line."""
        return self.text.strip()

    def with_value(self, value: str) -> str:
        """The line with another value."""
        return self.text[: self.column - 1] + value


def take_apart(number: int, text: str) -> Line:
    """The parts of a line: `  - key: value # comment`."""
    indent = len(text) - len(text.lstrip(" \t"))
    dashes = re.compile(r"(?:-\s++)*+").match(text, indent)
    start = dashes.end() if dashes else indent
    colon = _colon_after_key(text, start)
    if colon is None:
        return Line(number, text, indent, None, start + 1, value_text(text, start + 1), start + 1)
    value = colon + 1
    value += len(text[value:]) - len(text[value:].lstrip())
    key = text[start:colon].strip().strip("\"'")
    return Line(number, text, indent, key, start + 1, value_text(text, value + 1), value + 1)


def _colon_after_key(text: str, start: int) -> int | None:
    """The offset of the colon that ends a key which starts here."""
    if text.startswith(('"', "'"), start):
        quoted = re.compile(r"""(?:"[^"]*+"|'[^']*+')\s*+(?=:(?:\s|$))""").match(text, start)
        return quoted.end() if quoted else None
    if text.startswith(("[", "]", "{", "}", "#", "&", "*", "!", "|", ">", "%", "@", "`"), start):
        return None
    found = re.compile(r":(?=\s|$)").search(text, start)
    if found is None or found.start() == start or " #" in text[start : found.start()]:
        return None
    return found.start()


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the parser gave up (`line`, `column`), and since when it was reading what it could not
    finish. `wanted` and `during` are its own words, `last` is the last scalar before, `beside` what
    the format knows."""

    lines: list[str]
    file: str
    wanted: str
    during: str
    line: int
    column: int
    since: tuple[int, int] | None
    last: Node | None
    beside: Beside = nothing

    @staticmethod
    def of(lines: list[str], tree: Tree, file: str, beside: Beside = nothing) -> Scene:
        """The scene of a tree that has a failure."""
        error = tree.failure
        assert error is not None
        mark, since = error.problem_mark or error.context_mark, error.context_mark
        return Scene(
            lines,
            file,
            str(error.problem or ""),
            str(error.context or ""),
            min(mark.line + 1, len(lines)) if mark else 1,
            mark.column + 1 if mark else 1,
            (min(since.line + 1, len(lines)), since.column + 1) if since else None,
            tree.last,
            beside,
        )

    def split(self, number: int) -> Line:
        """A line of the text, taken apart."""
        return take_apart(number, self.lines[number - 1])

    def above(self, number: int) -> Line | None:
        """The nearest line above that says something."""
        for before in range(number - 1, 0, -1):
            words = self.lines[before - 1].strip()
            if words and not words.startswith("#"):
                return self.split(before)
        return None

    def finding(
        self,
        code: str,
        message: str,
        at: tuple[int, int, int],
        fix: str,
        edits: dict[int, str] | None = None,
    ) -> Finding:
        """A finding at (line, column, length)."""
        line, column, length = at
        place = Place(self.file, line, column, column + max(length, 1))
        return Finding(Problem(code, message, place, fix=fix), edits or {})

    def quote(self, line: Line, code: str, message: str, value: str | None = None) -> Finding:
        """The advice to put the value of a line in quotes."""
        value = line.value if value is None else value
        at = (line.number, line.column, len(value))
        edits = {line.number: line.with_value(in_quotes(value))}
        return self.finding(code, message, at, write(line.key, value), edits)


def write(key: str | None, value: str) -> str:
    """How to write a text: in quotes, or under `|` when it is long."""
    if key is None:
        return f"put it in quotes: {in_quotes(value)}"
    if len(value) <= SHORT:
        return f"write {key}: {in_quotes(value)}"
    return f"write it as a block, which needs no quotes:\n{key}: |\n  {value}"
