"""A text of somebody else's in Markdown: shown letter by letter, and nothing of it takes effect."""

from __future__ import annotations

import re

from runner.text.excerpt import visible

_MARKS = re.compile(r"[\\`*_\[\]<>&|~#]")
"""What begins emphasis, code, links, images, tags, entities, cells and headings."""

_LIST = re.compile(r"^(\s*)([-+]|\d+(?=[.)]))")
_ADDRESS = re.compile(r"://|\bwww\.|@|&#35;(?=\d)|\b[Gg][Hh]-(?=\d)")
"""Whatever a service turns into a link by itself: addresses, e-mail, @somebody, #12, GH-12."""

_APART = "&#8203;"
"""A space without width: nobody sees it, and no link goes across it."""


def escaped(text: str) -> str:
    """The text as Markdown that shows just this text, in one line, also in a cell of a table.

    Marks are written as numbered characters, which no reader of Markdown takes for marks. Addresses,
    names after an `@` and numbers after a `#` are broken by a space that nobody sees, so that nobody is
    called by what a model wrote. Dollars stand apart, since GitHub sets what is between two as a
    formula.
    """
    shown = _MARKS.sub(lambda mark: f"&#{ord(mark[0])};", visible(text))
    shown = _LIST.sub(lambda start: f"{start[1]}{_APART}{start[2]}", shown)
    shown = _ADDRESS.sub(lambda found: found[0] + _APART, shown)
    return shown.replace("$", "<span>$</span>") if shown.count("$") > 1 else shown
