"""A JSON body as joined pieces, so that the base64 of an image is never looked at as text.

`json.dumps` walks every character of a string to escape it; base64 needs none of that.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner.values.content import Content
from runner.values.passing import as_base64


@dataclass(frozen=True, slots=True)
class Base64:
    """Standard base64 of bytes that are read, and encoded, when they are asked for."""

    content: Content

    def __len__(self) -> int:
        return as_base64(len(self.content))

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(len(self))
        first, last = start // 4, -(-stop // 4)  # every three bytes are four letters
        text = b2a_base64(self.content[3 * first : 3 * last], newline=False)
        return text[start - 4 * first : max(start, stop) - 4 * first]


def json_bytes(value: object) -> bytes:
    """Compact JSON in UTF-8. Half a surrogate pair, which UTF-8 cannot hold, becomes `?`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def object_pieces(before: Mapping[str, object], key: str, text: Content) -> list[Content]:
    """A JSON object with these entries and, last, a key whose text needs no escapes."""
    head = json_bytes({**before, key: ""})
    return [head[:-2], text, b'"}']


def list_pieces(items: Iterable[Sequence[Content]]) -> list[Content]:
    """A JSON list of values that are in pieces themselves."""
    pieces: list[Content] = [b"["]
    for number, item in enumerate(items):
        pieces += [b","] if number else []
        pieces += item
    return [*pieces, b"]"]
