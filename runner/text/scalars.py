"""What a word of a YAML file means, and how a text must be written to stay a text.

The scalars are those of YAML 1.2's core schema where people expect them, and text everywhere
else: `no`, `16:9`, `2026-11-20`, `1_000`, `010`, `0x1F` and numbers of more than 18 digits stay
exactly what the author sees. Source: yaml.org/spec/1.2.2, section 10.3.2.
"""

from __future__ import annotations

import re
from math import isinf

_CONSTANTS: dict[str, bool | None] = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "null": None,
    "Null": None,
    "NULL": None,
    "~": None,
    "": None,
}
MOST_DIGITS = 18
"""Whole numbers of more digits are texts: not every program could hold them."""

_INTEGER = re.compile(rf"[-+]?(?:0|[1-9][0-9]{{0,{MOST_DIGITS - 1}}})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_TOO_MANY_DIGITS = re.compile(r"[-+]?[0-9]+")


class TooLarge(ValueError):
    """A number that no computer can hold: `1e999`."""


def plain_value(text: str) -> str | int | float | bool | None:
    """What a scalar without quotes means. Raises `TooLarge`."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and not _TOO_MANY_DIGITS.fullmatch(text):
        number = float(text)
        if isinf(number):
            raise TooLarge(text)
        return number
    return text


def loses_digits(text: str, value: object) -> bool:
    """True for a number that is written like a version, `1.10`, and would come out as 1.1."""
    return isinstance(value, float) and bool(re.fullmatch(r"[0-9]+\.[0-9]*[1-9]0", text))


def is_plain(text: str) -> bool:
    """True for a text that surely needs no quotes: it starts with a letter, without `: ` or ` #`."""
    starts_as_text = text[:1].isalpha() and isinstance(plain_value(text), str)
    return starts_as_text and not re.search(r":(?:\s|$)|\s#", text)


def in_quotes(text: str) -> str:
    """The text as a YAML value on one line that means exactly this text."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
