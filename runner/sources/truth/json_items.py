"""The entries of the lists in a large JSON object, one by one, and the bytes where each stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from runner.sources.opening import Unreadable

BLOCK = 1 << 20
LARGEST = 64 << 20
"""A single entry may have this many bytes: the outline of one thing has a few kilobytes."""

_SURE = 3
"""So many characters after a number say where it ends."""

_SPACE = re.compile(r"[ \t\r\n]*")


class Item(NamedTuple):
    """An entry of the list under `key`: its position from 0, its value, its bytes in the file."""

    key: str
    number: int
    value: Any
    start: int
    end: int
    raw: str

    def in_letters(self) -> Any:
        """The value with its texts as they are meant."""
        return json.loads(self.raw.encode("latin-1").decode("utf-8", "replace"))


def items(stream: BinaryIO, keys: frozenset[str]) -> Iterator[Item]:
    """The entries of the lists under these keys of the object in a file; the rest is passed over.

    The texts in a `value` hold wrong letters where they are not ASCII; `in_letters` reads it again.
    Raises `Unreadable` where the file is no such JSON.
    """
    window = _Window(stream)
    window.expect("{", "it is JSON, but no object")
    if window.next_is("}"):
        return
    while True:
        name = window.value()
        if not isinstance(name, str):
            raise window.broken()
        window.expect(":")
        if window.next_is("["):
            yield from window.entries(name, wanted=name in keys)
        else:
            window.value()
        if not window.next_is(","):
            window.expect("}")
            return


def entries(stream: BinaryIO) -> Iterator[Item]:
    """The entries of the list that a file is, like `items`. Raises `Unreadable`."""
    window = _Window(stream)
    window.expect("[", "it is JSON, but no list")
    yield from window.entries("", wanted=True)


class _Window:
    """The part of a file that is looked at. A character stands for a byte (Latin-1), so that the
    parser's offsets are those of the file; marks and numbers of JSON are ASCII."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._text = stream.read(max(BLOCK, 3)).decode("latin-1")
        self._before = self._lines = 0
        self._at = 3 if self._text.startswith("\xef\xbb\xbf") else 0
        self._parse = json.JSONDecoder().raw_decode

    def entries(self, key: str, *, wanted: bool) -> Iterator[Item]:
        """What stands in a list, of which the bracket is read."""
        if self.next_is("]"):
            return
        number = 0
        while True:
            self._skip()
            start = self._before + self._at
            value = self.value()
            if wanted:
                end = self._before + self._at
                raw = self._text[start - self._before : self._at]
                yield Item(key, number, value, start, end, raw)
            number += 1
            if not self.next_is(","):
                self.expect("]")
                return

    def value(self) -> Any:
        """The next value, whole: more is read as long as it has no end."""
        self._skip()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    raise self.broken() from None
                continue
            if len(self._text) - end < _SURE and self._more():  # 12 may become 12.5, or 12e+3
                continue
            self._at = end
            return value

    def next_is(self, mark: str) -> bool:
        """Whether this mark comes next; it is then read."""
        self._skip()
        if self._text[self._at : self._at + 1] != mark:
            return False
        self._at += 1
        return True

    def expect(self, mark: str, why: str | None = None) -> None:
        """Reads this mark. Raises `Unreadable` when something else stands there."""
        if not self.next_is(mark):
            raise Unreadable("truth_broken", why) if why else self.broken()

    def broken(self) -> Unreadable:
        """That the file is no JSON, and from which line on; or that it ends before it is over."""
        at, why = self._at, ""
        try:
            self._parse(self._text, at)
        except json.JSONDecodeError as error:
            at, why = error.pos, error.msg
        except RecursionError:
            pass
        line = self._lines + self._text.count("\n", 0, at) + 1
        rest = self._text[at:].strip()
        if not rest or why.startswith("Unterminated"):
            said = f"it ends too early, in line {line:,}: a copy of it may have been cut off"
        else:
            said = f"line {line:,} cannot be read"
        return Unreadable("truth_broken", f"it is not whole JSON: {said}")

    def _skip(self) -> None:
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or not self._more():
                return

    def _more(self) -> bool:
        """Drops what is read and adds at least as much as is left: a long value is not parsed too
        often. False at the end of the file, and where a value does not end."""
        left = len(self._text) - self._at
        if left > LARGEST:
            return False
        block = self._stream.read(max(BLOCK, left)).decode("latin-1")
        if not block:
            return False
        self._before += self._at
        self._lines += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :] + block, 0
        return True
