"""The tags of a template with the place of every word: what Jinja's own parser does not keep.

A tag is `{{ … }}`, `{% … %}` or `{# … #}`. The words are read by Jinja's rules, so that a place
found here is the place of what Jinja means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["print", "block", "comment"]
_KINDS: dict[str, Kind] = {"{{": "print", "{%": "block", "{#": "comment"}
_ENDS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_OPEN = re.compile(r"\{[{%#]")
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_WORD = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<name>[^\W\d]\w*)
      | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)
      | (?P<sign>==|!=|<=|>=|//|\*\*|.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a tag: `kind` is `name`, `text`, `number` or `sign`; `start` its offset."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: offsets of its first and after its last character; `closed` is False without an end."""

    kind: Kind
    start: int
    end: int
    words: tuple[Word, ...]
    closed: bool = True

    @property
    def name(self) -> str:
        """The first word: what a `{% … %}` does."""
        return self.words[0].text if self.words else ""


def find_tags(template: str) -> tuple[Tag, ...]:
    """Every tag in order. A tag without an end stops at the next tag or at the end of its line."""
    return tuple(_Reader(template).tags())


class _Reader:
    """Reads a template once, from start to end."""

    def __init__(self, template: str) -> None:
        self._template = template
        # Quotes that were found open to the end: each further one would be looked for in vain.
        self._endless: set[str] = set()

    def tags(self) -> Iterator[Tag]:
        at = 0
        while match := _OPEN.search(self._template, at):
            tag = self._tag(match.start())
            yield tag
            at = tag.end
            if tag.kind == "block" and tag.closed and tag.name == "raw":
                end = _RAW_END.search(self._template, at)
                at = end.start() if end else len(self._template)

    def _tag(self, start: int) -> Tag:
        template = self._template
        sign = template[start : start + 2]
        kind, ending = _KINDS[sign], _ENDS[sign]
        if kind == "comment":
            end = template.find(ending, start + 2)
            closed = end >= 0
            return Tag(kind, start, end + 2 if closed else len(template), (), closed)
        words: list[Word] = []
        brackets, at = "", start + 2
        while at < len(template):
            # `}}` inside of `{'a': {}}` closes two groups; after `[` it can only be the end.
            if not brackets.endswith("{") and template.startswith(
                (ending, f"-{ending}", f"+{ending}"), at
            ):
                return Tag(kind, start, template.index(ending, at) + 2, _inside(words))
            if template.startswith(("{{", "{%"), at) and (not brackets or template[at + 1] == "%"):
                break
            word = self._word(at)
            at = word.start + len(word.text)
            if word.kind == "space":
                continue
            words.append(word)
            if word.text in "([{":
                brackets += word.text
            elif word.text in ")]}":
                brackets = brackets[:-1]
        return _unclosed(template, kind, start, at, words)

    def _word(self, at: int) -> Word:
        char = self._template[at]
        if char in self._endless:
            return Word("sign", char, at)
        match = _WORD.match(self._template, at)
        assert match is not None  # `.` takes any character
        if match.group() in "'\"":
            self._endless.add(char)
        return Word(str(match.lastgroup), match.group(), at)


def _inside(words: list[Word]) -> tuple[Word, ...]:
    """The words without the `-` or `+` that trims white space."""
    trims = bool(words) and words[0].text in ("-", "+") and words[0].kind == "sign"
    return tuple(words[1:] if trims else words)


def _unclosed(template: str, kind: Kind, start: int, limit: int, words: list[Word]) -> Tag:
    line_end = template.find("\n", start, limit)
    end = line_end if line_end >= 0 else limit
    inside = tuple(word for word in words if word.start + len(word.text) <= end)
    return Tag(kind, start, end, inside, closed=False)
