"""A template as it is looked at: its text, its tags, and what was found wrong so far."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from runner.text.tags import Tag, find_tags
from runner.values.problem import Severity


@dataclass(frozen=True, slots=True)
class TemplateMistake:
    """Something that cannot be rendered, told without Jinja's words. Line and column from 1.

    A warning can be rendered, and may not mean what its author meant.
    """

    line: int
    column: int
    length: int
    message: str
    fix: str | None
    code: str
    severity: Severity = "error"


class Page:
    """The text and tags of a template, and a growing list of mistakes. Offsets count from 0."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.tags = find_tags(template)
        self.mistakes: list[TemplateMistake] = []
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", template))]

    def tell(
        self,
        code: str,
        at: int,
        length: int,
        message: str,
        fix: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Adds a mistake at an offset."""
        line, column = self.position(at)
        mistake = TemplateMistake(line, column, max(length, 1), message, fix, code, severity)
        self.mistakes.append(mistake)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (from 1) of an offset."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def span(self, tag: Tag) -> tuple[int, int]:
        """Offset and length of a tag, as far as its first line goes."""
        line_end = self.template.find("\n", tag.start, tag.end)
        return tag.start, (line_end if line_end >= 0 else tag.end) - tag.start


def blanked(text: str, tags: Iterable[Tag]) -> str:
    """The text with spaces in place of these tags, in order: everything else keeps its place."""
    parts, at = [], 0
    for tag in tags:
        parts += [text[at : tag.start], re.sub(r"[^\n]", " ", text[tag.start : tag.end])]
        at = tag.end
    return "".join([*parts, text[at:]])
