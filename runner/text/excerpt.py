"""A line of a file under which a caret can stand: every character as wide as it looks.

Tabs, wide characters and marks without width keep the caret in its place. What cannot be seen or
would turn the line around (control characters, bidirectional marks) is shown escaped, so that
nobody is shown another line than the one that is read.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

TAB = "→   "
"""A tab is shown, since it is often what is wrong."""

_JOINER, _VARIATION = "\u200d", "\ufe0f"
_SKIN_TONES = frozenset(chr(code) for code in range(0x1F3FB, 0x1F400))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a line that is shown; `start` and `width` say where the caret stands in it.

    Both count columns of the terminal, `start` from 0; `width` is at least 1.
    """

    text: str
    start: int
    width: int


def excerpt(line: str, column: int, end_column: int | None, most: int) -> Excerpt:
    """The line, cut to at most this many columns around its part from `column` to `end_column`.

    Columns of the line count characters from 1; the end is exclusive, None marks one character.
    """
    begin = max(0, column - 3 * most)  # a line of a megabyte is not measured as a whole
    end = column + 3 * most
    cells = [_cell(line, at) for at in range(begin, min(end, len(line)))]
    first = min(max(column, 1) - 1 - begin, len(cells))
    last = min(max(end_column or column + 1, column + 1) - 1 - begin, len(cells))
    left, right = _window(cells, first, most)
    before = "…" if left > 0 or begin > 0 else ""
    after = "…" if right < len(cells) or end < len(line) else ""
    shown = "".join(text for text, _ in cells[left:right])
    start = len(before) + sum(width for _, width in cells[left:first])
    width = sum(width for _, width in cells[first : min(last, right)])
    return Excerpt(f"{before}{shown}{after}".rstrip(), start, max(width, 1))


def visible(text: str) -> str:
    """The text with everything that cannot be seen, or changes how the rest looks, escaped.

    Line breaks and tabs are escaped, too: the text stays on its line.
    """
    return "".join(_escaped(char) if _is_hidden(text, at) else char for at, char in enumerate(text))


def visible_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(map(visible, text.split("\n")))


def visible_json(value: object, indent: int | None = None) -> str:
    """A JSON value as it may be printed: the same characters are escaped in JSON's own way."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        json.dumps(char)[1:-1] if char != "\n" and _is_hidden(text, at) else char
        for at, char in enumerate(text)
    )


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(_cell(text, at)[1] for at in range(len(text)))


def _window(cells: list[tuple[str, int]], first: int, most: int) -> tuple[int, int]:
    """The range of cells to show: all, or what fits around the start of the marked part."""
    if sum(width for _, width in cells) <= most:
        return 0, len(cells)
    room = most - 2  # for the two signs that say that something is left out
    left = first
    used = 0
    while left > 0 and used + cells[left - 1][1] <= room // 3:
        left -= 1
        used += cells[left][1]
    right = first
    while right < len(cells) and used + cells[right][1] <= room:
        used += cells[right][1]
        right += 1
    while left > 0 and used + cells[left - 1][1] <= room:
        left -= 1
        used += cells[left][1]
    return left, right


def _cell(text: str, at: int) -> tuple[str, int]:
    """What is shown for a character, and its width in columns."""
    char = text[at]
    if " " <= char <= "~":
        return char, 1
    if char == "\t":
        return TAB, len(TAB)
    if _is_hidden(text, at):
        shown = _escaped(char)
        return shown, len(shown)
    if char in (_JOINER, _VARIATION) or unicodedata.category(char) in ("Mn", "Me"):
        return char, 0
    if char in _SKIN_TONES and at > 0:
        return char, 0
    wide = unicodedata.east_asian_width(char) in "WF" or text[at + 1 : at + 2] == _VARIATION
    return char, 2 if wide else 1


def _is_hidden(text: str, at: int) -> bool:
    char = text[at]
    if " " <= char <= "~":
        return False
    if char == _JOINER:  # holds emoji and the letters of some scripts together
        return at == 0 or text[at - 1].isascii()
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _escaped(char: str) -> str:
    code = ord(char)
    if char in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
