"""A JSON body as joined pieces, so that the base64 of an image is never looked at as text.

`json.dumps` walks every character of a string to escape it; base64 needs none of that.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Mapping

SLICE = 96 << 10
"""Bytes of an image that are encoded at a time; a multiple of 3, so that only the last slice is
padded and the slices join to one base64 text."""


def json_bytes(value: object) -> bytes:
    """Compact JSON in UTF-8. Half a surrogate pair, which UTF-8 cannot hold, becomes `?`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def base64_pieces(content: bytes) -> list[bytes]:
    """Standard base64 of these bytes, without line breaks, in pieces."""
    view = memoryview(content)
    return [
        b2a_base64(view[start : start + SLICE], newline=False)
        for start in range(0, len(content), SLICE)
    ]


def object_pieces(before: Mapping[str, object], key: str, text: list[bytes]) -> list[bytes]:
    """A JSON object with these entries and, last, a key whose text needs no escapes."""
    head = json_bytes({**before, key: ""})
    return [head[:-2], *text, b'"}']


def list_pieces(items: Iterable[list[bytes]]) -> list[bytes]:
    """A JSON list of values that are in pieces themselves."""
    pieces = [b"["]
    for number, item in enumerate(items):
        pieces += [b","] if number else []
        pieces += item
    return [*pieces, b"]"]
