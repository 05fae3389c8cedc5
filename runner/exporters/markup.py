"""XML and YAML from texts that anyone wrote: nothing in a label ends its tag, its quotes or its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Source: w3.org/TR/xml, production 2: what no XML document can hold, not even escaped."""


def attributes(values: Mapping[str, object]) -> str:
    """Attributes of an XML element, with a space before each."""
    return "".join(f" {name}={quoteattr(_possible(str(v)))}" for name, v in values.items())


def element(name: str, text: object, about: Mapping[str, object] = {}) -> str:
    """An XML element with a text in it, and attributes."""
    return f"<{name}{attributes(about)}>{escape(_possible(str(text)), _LINE_ENDS)}</{name}>"


_LINE_ENDS = {"\r": "&#13;"}
"""A parser makes a plain line feed of it."""


def _possible(text: str) -> str:
    """The text with `\\x00` in letters where a character stood that XML does not have."""
    return _NO_XML.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def yaml_text(text: str) -> str:
    """A text of YAML in double quotes, on one line, with escapes for what cannot be seen.

    Half a surrogate pair, which YAML does not have, is written out (`\\\\ud800`).
    """
    return '"' + "".join(map(_in_quotes, text)) + '"'


def _in_quotes(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    if "\ud800" <= letter <= "\udfff":
        return f"\\\\u{ord(letter):04x}"
    return f"\\U{ord(letter):08x}"


def number(value: float) -> str:
    """A number as text, to a billionth, without an exponent: `30.25`, `7`."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
