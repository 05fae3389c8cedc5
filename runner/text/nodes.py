"""A node of a YAML file: a value with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

Style = Literal["plain", "single", "double", "literal", "folded", "map", "list"]


@dataclass(slots=True)
class Node:
    """A value with its place. Lines and columns count from 1, ends are exclusive.

    `keys` holds where each key of a mapping stands. What a link points to is shared. `weight`
    counts the characters and values in it, `depth` the levels of lists and mappings.
    """

    data: Any
    style: Style
    line: int
    column: int
    end_line: int
    end_column: int
    children: dict[str, Node] | list[Node] = field(default_factory=list)
    keys: dict[str, Node] = field(default_factory=dict)
    weight: int = 1
    depth: int = 0
    written: str = ""
    """A plain scalar as it was written, which may look like another number."""
    linked: Node | None = None
    """For a link: the value that it points to, where that is written."""

    @property
    def is_unwritten(self) -> bool:
        """True for the nothing after `prompt:`."""
        return (self.line, self.column) == (self.end_line, self.end_column)


def value_text(line: str, column: int, *, in_flow: bool = False) -> str:
    """The value that starts at this column (from 1), to its end on the line, without comment.

    In brackets (`in_flow`) it ends before the next comma or closing bracket.
    """
    # Without the look-behind, a long run of spaces would be tried from each of its characters.
    rest = re.sub(r"(?<!\s)\s++#.*$|^#.*$", "", line[column - 1 :])
    if in_flow:
        rest = re.split(r"[,\]]|(?<!\})\}(?!\})", rest, maxsplit=1)[0]
    return rest.rstrip()
