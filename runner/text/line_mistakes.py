"""What a line shows by itself, before YAML reads it: signs that only look like YAML's own.

Web pages, word processors and chats put long dashes, bullets and spaces that cannot be seen in
place of plain signs, and leave lines of their own. YAML takes them all for text, so it complains
further down about something else, or not at all. Only lines outside of a text are looked at: what
a prompt says is its author's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.text.lints import NAMES, SENT
from runner.text.scalars import in_quotes
from runner.text.scene import take_apart, write
from runner.values.problem import Place, Problem

_SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Spaces that YAML takes for letters."""

_NOTHINGS = "\u200b\u200e\u200f\u2060\u00ad"
"""Characters without width. U+FEFF is refused everywhere (W113)."""

_DASHES = "‐‑‒–—−"
_BULLETS = "•●▪◦·"
_HIDDEN = re.compile(f"[{_SPACES}{_NOTHINGS}]")
_BLANK = f" \t{_SPACES}{_NOTHINGS}"

_SUSPECT = re.compile(rf"[{_SPACES}{_NOTHINGS}{_DASHES}{_BULLETS}]|^\s*//|```|- +- |\* |\{{#")
"""Most files hold nothing of this kind and are not looked at any further."""

_LEAD = re.compile(rf"[{_BLANK}]*+(?:-[{_BLANK}]++)*+")
_GAP = re.compile(rf"[{_BLANK}]*+")
_KEY = re.compile(rf"[a-z](?:[\w.-]|[{_NOTHINGS}])*+[{_SPACES}{_NOTHINGS}]*+:(?=[{_BLANK}]|$)")
_MARK = re.compile(rf"([{_DASHES}{_BULLETS}*])[{_BLANK}]++(?=\S)")
_NAMES = {"\u00a0": "no-break space", "\u202f": "no-break space", "\u3000": "wide space"}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A mistake in a line, and the line without it. `column` counts from 1."""

    code: str
    message: str
    column: int
    length: int
    fix: str
    line: str


@dataclass(slots=True)
class _Around:
    """What the lines above left open.

    `text` is the column of the key whose text goes on in deeper lines, `quote` the sign that ends
    a quotation, `list_at` where entries may stand.
    """

    text: int | None = None
    quote: str | None = None
    list_at: bool = False


def mend_lines(lines: Sequence[str], file: str) -> tuple[list[str], list[Problem]]:
    """The lines with plain signs, and what was wrong: one problem of a kind, at its first line."""
    mended = list(lines)
    found: dict[str, list[tuple[int, _Seen]]] = {}
    if not any(map(_SUSPECT.search, lines)):
        return mended, []
    around = _Around()
    for at, line in enumerate(lines):
        for seen in _looked_at(line, around):
            found.setdefault(seen.message, []).append((at + 1, seen))
            mended[at] = seen.line
        _go_on(mended[at], at + 1, around)
    return mended, [_problem(each, file) for each in found.values()]


def _problem(seen: list[tuple[int, _Seen]], file: str) -> Problem:
    number, first = seen[0]
    others = len({line for line, _ in seen} - {number})
    more = f" (and on {others} more line{'s' if others > 1 else ''})" if others else ""
    place = Place(file, number, first.column, first.column + first.length)
    return Problem(first.code, first.message + more, place, fix=first.fix)


def _looked_at(line: str, around: _Around) -> Iterator[_Seen]:
    """The mistakes of a line, each mended in the line of the next."""
    if not _SUSPECT.search(line) or around.quote or line.lstrip().startswith("#"):
        return
    looks = (_indentation,) if _is_inside(line, around) else _LOOKS
    for look in looks:
        seen = look(line, around)
        if seen is not None:
            line = seen.line
            yield seen


def _is_inside(line: str, around: _Around) -> bool:
    """Whether the line, with its spaces of any kind, goes on with the text of a line above."""
    return around.text is not None and _width(line) > around.text


def _end(pattern: re.Pattern[str], line: str, start: int = 0) -> int:
    """Where what may stand here ends; `start` when it does not."""
    found = pattern.match(line, start)
    return found.end() if found else start


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(f" \t{_SPACES}"))


def _go_on(line: str, number: int, around: _Around) -> None:
    """Adds what this line opens, and ends what it ends."""
    if around.quote:
        around.quote = None if around.quote in line else around.quote
        return
    if not line.strip() or line.lstrip().startswith("#") or _is_inside(line, around):
        return
    parts = take_apart(number, line)
    around.text = (parts.key_column - 1 if parts.key else parts.indent) if parts.value else None
    around.list_at = parts.is_item or not (parts.value or parts.key in SENT)
    if re.fullmatch(r'"(?:[^"\\]|\\.)*+|\'(?:[^\']|\'\')*+', parts.value):
        around.quote = parts.value[:1] or None


def _indentation(line: str, around: _Around) -> _Seen | None:
    """`\u00a0\u00a0prompt: …`, also before the text of a block."""
    inside = _is_inside(line, around)
    lead = line[: _width(line) if inside else _end(_LEAD, line)]
    hidden = _HIDDEN.search(lead)
    if hidden is None or (inside and hidden.start() > (around.text or 0)):
        return None
    before = lead[: hidden.start()]
    if before.endswith((" ", "\t")) and "-" in before and not _KEY.match(line, len(lead)):
        return None  # a plain space follows the dash: the value itself starts with this one
    where = "after the dash" if "-" in before else "in the indentation"
    return _hidden(line, hidden.start(), len(lead), where)


def _in_key(line: str, around: _Around) -> _Seen | None:
    """`pro\u200bmpt:` and `prompt\u00a0:`."""
    start = _end(_LEAD, line)
    key = _KEY.match(line, start)
    hidden = _HIDDEN.search(line, start, key.end()) if key else None
    if key is None or hidden is None:
        return None
    seen = _named("in the key", hidden.group())
    plain = _HIDDEN.sub("", key.group())
    mended = line[:start] + plain + line[key.end() :]
    return _Seen("W129", seen, hidden.start() + 1, 1, f"write {plain}", mended)


def _around_value(line: str, around: _Around) -> _Seen | None:
    """`id:\u00a0find`, and what cannot be seen at either end of a value that is a name."""
    start = _end(_LEAD, line)
    key = _KEY.match(line, start)
    if key is None:
        return None
    value = _end(_GAP, line, key.end())
    hidden = _HIDDEN.search(line, key.end(), value)
    is_name = key.group()[:-1] in NAMES
    if hidden and (is_name or hidden.start() == key.end()):
        return _hidden(line, hidden.start(), value, "after the colon")
    hidden = _HIDDEN.search(line, len(line.rstrip(_BLANK)))
    if hidden and is_name:
        return _hidden(line, hidden.start(), len(line), "at the end of the line")
    return None


def _hidden(line: str, at: int, end: int, where: str) -> _Seen:
    """Spaces of any kind from here to `end`, as plain ones."""
    char = line[at]
    run = len(line[at:]) - len(line[at:].lstrip(char))
    plain = re.sub(f"[{_SPACES}]", " ", re.sub(f"[{_NOTHINGS}]", "", line[at:end]))
    them = "it" if run == 1 else "them"
    fix = f"delete {them}"
    if char not in _NOTHINGS and line[end:]:
        fix = "type a normal space instead" if run == 1 else "type normal spaces instead"
    return _Seen("W129", _named(where, char), at + 1, run, fix, line[:at] + plain + line[end:])


def _named(where: str, char: str) -> str:
    if char in _NOTHINGS:
        return f"a character that cannot be seen (U+{ord(char):04X}) stands {where}"
    name = _NAMES.get(char, "special space")
    return f"a {name} (U+{ord(char):04X}) stands {where}: for YAML it is a letter"


def _dash(line: str, around: _Around) -> _Seen | None:
    """`– id: a` and `• a.jpg`."""
    start = len(line) - len(line.lstrip())
    mark = _MARK.match(line, start)
    if mark is None:
        return None
    is_key = _KEY.match(line, mark.end())
    if not is_key and not (around.list_at and mark[1] != "*"):
        return None
    name = unicodedata.name(mark[1]).lower()
    message = f"a list entry starts with a plain hyphen, not with `{mark[1]}` ({name})"
    mended = f"{line[:start]}- {line[mark.end() :]}"
    return _Seen("W129", message, start + 1, 1, f"write `{mended.strip()}`", mended)


def _two_dashes(line: str, around: _Around) -> _Seen | None:
    """`- - id: a`."""
    two = re.match(r"( *)- +(?=- +[a-z]\w*:(?: |$))", line)
    if two is None:
        return None
    mended = f"{two[1]}{line[two.end() :]}"
    message = "there is one dash too many: this makes a list in a list"
    at = two.end() + 1
    return _Seen("W118", message, at, 1, f"write `{mended.strip()}`", mended)


def _comment(line: str, around: _Around) -> _Seen | None:
    """`// my photos`."""
    found = re.match(r"(\s*)//+\s*", line)
    if found is None:
        return None
    mended = f"{found[1]}# {line[found.end() :]}"
    at, length = len(found[1]) + 1, len(line.strip())
    return _Seen("W134", "a comment starts with #", at, length, f"write {mended.strip()}", mended)


def _fence(line: str, around: _Around) -> _Seen | None:
    """The lines of three backticks around the YAML of a web page or a chat."""
    if not re.fullmatch(r"\s*+```++\s*+\w*+\s*+", line):
        return None
    at, length = line.index("`") + 1, len(line.strip())
    message = "this line belongs to the page that the text was copied from, not to the workflow"
    return _Seen("W134", message, at, length, "delete it", "")


def _template_comment(line: str, around: _Around) -> _Seen | None:
    """`prompt: {# note #} Find`: YAML reads a group in brackets that holds a comment."""
    parts = take_apart(1, line)
    if not parts.value.startswith("{#"):
        return None
    value = line[parts.column - 1 :].rstrip()
    mended = parts.with_value(in_quotes(value))
    message = "a value that starts with {# must be in quotes"
    return _Seen("W101", message, parts.column, len(value), write(parts.key, value), mended)


_LOOKS = (
    _indentation,
    _dash,
    _in_key,
    _around_value,
    _two_dashes,
    _comment,
    _fence,
    _template_comment,
)
