"""The API key, kept out of what a service sends back and of what is written down."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote

KEY_NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""Where the environment holds the key, in the order in which Google's own package looks for it."""

OPENAI_KEY_NAME = "OPENAI_API_KEY"
"""Where the environment holds the key of an OpenAI-compatible server: never sent to another."""

SHORTEST_HIDDEN = 16
"""A shorter key may be a word or a number that answers hold, and is only hidden if it is neither."""

SHORTEST = 6
"""Nothing shorter is hidden at all."""

HIDDEN = "[key]"
"""Stands where the API key stood."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Keys that are never shown. No repr holds them; plain words and numbers are no keys."""

    keys: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, *keys: str | None) -> Secret:
        """The secret of these keys; None is no key."""
        return cls(frozenset(key for key in keys if key and _is_key(key)))

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Secret:
        """The secret of every key in an environment, whichever of them is used."""
        return cls.of(*(environ.get(name) for name in (*KEY_NAMES, OPENAI_KEY_NAME)))

    def and_of(self, *keys: str | None) -> Secret:
        """The secret of these keys, too."""
        return Secret(self.keys | Secret.of(*keys).keys)

    def hidden(self, text: str) -> str:
        """The text without the keys, plain or as base64, hex, or written in an address or JSON."""
        for form in _forms(self.keys):
            text = text.replace(form, HIDDEN)
        return text

    def hidden_bytes(self, content: bytes) -> bytes:
        """The same for bytes in UTF-8."""
        for form in _forms(self.keys):
            content = content.replace(form.encode(), HIDDEN.encode())
        return content

    def hidden_json(self, value: object) -> object:
        """The JSON value without the keys in any of its texts and names."""
        match value:
            case str():
                return self.hidden(value)
            case list():
                return [self.hidden_json(item) for item in value]
            case dict():
                return {self.hidden(k): self.hidden_json(item) for k, item in value.items()}
            case _:
                return value

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a key stands in a text, in any of these forms: from, and up to."""
        if self.keys:
            forms = "|".join(map(re.escape, _forms(self.keys)))
            yield from (match.span() for match in re.finditer(forms, text))


@lru_cache(8)
def _forms(keys: frozenset[str]) -> tuple[str, ...]:
    """Every spelling of the keys, the longest first: one may hold another. It is asked for with every
    header of every answer, and with every line of a log."""
    return tuple(sorted({form for key in keys for form in _forms_of(key)}, key=_longest_first))


def _is_key(key: str) -> bool:
    """`sk-1234` is one, `anything` and `1e-10000` are none."""
    letters = sum(letter.isalpha() for letter in key)
    return len(key) >= SHORTEST_HIDDEN or (len(key) >= SHORTEST and 2 <= letters < len(key))


def _longest_first(form: str) -> tuple[int, str]:
    return -len(form), form


def _forms_of(key: str) -> set[str]:
    raw, escaped = key.encode(), quote(key, safe="")
    forms = {key, escaped, _lower(escaped), quote(key), raw.hex(), raw.hex().upper()}
    written = json.dumps(key)[1:-1]
    within = {written, written.replace("/", r"\/")}
    forms |= within | {json.dumps(each)[1:-1] for each in within}  # an answer is JSON within JSON
    forms |= {html.escape(key), html.escape(key, quote=False), repr(key)[1:-1]}
    for encode in (b64encode, urlsafe_b64encode):
        forms |= {_core(encode(bytes(before) + raw), before, len(raw)) for before in range(3)}
    return forms


def _lower(escaped: str) -> str:
    """`%2F` → `%2f`: some write it so."""
    return re.sub("%..", lambda found: found[0].lower(), escaped)


def _core(encoded: bytes, before: int, length: int) -> str:
    """The letters of a base64 text that say nothing but the key: the first and the last letter may
    share their bits with what stands around it."""
    first = -(-before * 8 // 6)
    return encoded[first : (before + length) * 8 // 6].decode()
