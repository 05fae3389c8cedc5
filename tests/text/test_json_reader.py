"""Strict JSON: a value, or an error with its place."""

from __future__ import annotations

import json
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.text.json_reader import JsonError, read_json

READ: list[tuple[str | bytes, object]] = [
    ('{"a": [1, 2.5, -3e2, true, null, "é"]}', {"a": [1, 2.5, -300.0, True, None, "é"]}),
    (b"\xef\xbb\xbf[1]", [1]),
    (" 1 ", 1),
    ("9" * 400, int("9" * 400)),
    ("1e-999", 0.0),
    ("[" * 200 + "]" * 200, json.loads("[" * 200 + "]" * 200)),
    ('"[[[\\"[["', '[[["[['),
    ('"\\ud83d\\ude00"', "😀"),
    ('"a \\ud83d b"', "a \ufffd b"),
    ('{"\\udc00": ["\\ud800"]}', {"\ufffd": ["\ufffd"]}),
]


@pytest.mark.parametrize(("text", "value"), READ, ids=lambda part: str(part)[:20])
def test_json_is_read(text: str | bytes, value: object) -> None:
    """Half of a surrogate pair becomes the sign for an unreadable character."""
    assert read_json(text) == value


ERRORS: list[tuple[str | bytes, str, str]] = [
    ('{"a": 1,\n "b": {"a": 2, "\\u0061": 3}}', "duplicate_key", 'the key "a" stands twice (line 2, column 16)'),
    ('[{"a": "x"}, {"a": "y", "a": "z"}]', "duplicate_key", 'the key "a" stands twice (line 1, column 25)'),
    ('{"a": "a", "b": "a", "b": 1}', "duplicate_key", 'the key "b" stands twice (line 1, column 22)'),
    ("[1, NaN]", "number", "NaN is no JSON number (line 1, column 5)"),
    ('["NaN", -Infinity]', "number", "-Infinity is no JSON number (line 1, column 9)"),
    ("[1,\n " + "9" * 5000 + "]", "number", "a number has 5000 digits (line 2, column 2)"),
    ("1e999", "number", "the number 1e999 is too large (line 1, column 1)"),
    ("[" * 100_000, "too_deep", "it is nested more than 200 levels deep (line 1, column 201)"),
    ('{"a":' * 100_000, "too_deep", "it is nested more than 200 levels deep (line 1, column 1001)"),
    ("", "syntax", "a value is missing (line 1, column 1)"),
    ('{"a": 1,\n}', "syntax", "a key in double quotes is missing (line 2, column 1)"),
    ("[1 2]", "syntax", "a comma or the end of a list or object is missing (line 1, column 4)"),
    ('{"a" 1}', "syntax", "a colon is missing after a key (line 1, column 6)"),
    ("[1] and text", "syntax", "text goes on after the value (line 1, column 5)"),
    ('"never', "syntax", "a text in quotes never ends (line 1, column 1)"),
    ('"\\x"', "syntax", "a backslash is followed by something that it cannot stand before (line 1, column 2)"),
    ("{'a': 1}", "syntax", "a key in double quotes is missing (line 1, column 2)"),
    ("\ufeff1", "syntax", "a byte order mark stands before the value (line 1, column 1)"),
    (b"[\xff]", "encoding", "the text is not UTF-8 (line 1, column 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "told"), ERRORS, ids=[str(row[0])[:30] for row in ERRORS])
def test_what_is_no_json_is_told_with_its_place(text: str | bytes, kind: str, told: str) -> None:
    """Nothing is guessed: repeated keys, NaN and endless numbers are errors."""
    error = read_json(text)
    assert isinstance(error, JsonError)
    assert (error.kind, str(error)) == (kind, told)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON.filter(lambda value: all(map(isfinite, _floats(value)))))
def test_every_value_survives(value: object) -> None:
    """What Python writes as JSON is read as the same value."""
    assert read_json(json.dumps(value)) == value


@given(st.one_of(st.text(), st.binary(), st.text('[]{}:,"\\ud8 0123e.-NaInfity\n', max_size=30)))
def test_any_text_is_a_value_or_an_error(text: str | bytes) -> None:
    """Never an exception, and an error's place lies in the text."""
    found = read_json(text)
    if isinstance(found, JsonError):
        assert 0 <= found.offset <= len(text)
        assert found.line >= 1
        assert found.column >= 1


def _floats(value: object) -> list[float]:
    if isinstance(value, list | dict):
        inside = value if isinstance(value, list) else value.values()
        return [number for item in inside for number in _floats(item)]
    return [value] if isinstance(value, float) else []
