"""The JSON in a body: what is none, what is the beginning of some, what no file could hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.transport.json_body import NotJson, json_value

RICH = {
    "words": ["größer, 猫 🐈", '"quoted" \\ \n', "\ud83d\udc08 as an escape", "{[", ""],
    "numbers": [0, -1, 12345, 3.25, -1.5e-7, 1e300],
    "more": {"yes": True, "no": False, "nothing": None, "deep": [[[{}]]], "empty": []},
}


def refused(body: bytes) -> bool:
    """Whether a body that is no JSON was cut off."""
    with pytest.raises(NotJson) as caught:
        json_value(body)
    return caught.value.is_cut_off


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_cut_anywhere_is_cut_off(ascii: bool, indent: int | None) -> None:
    """Within a letter, a number, an escape, between two values: at each of its bytes."""
    body = json.dumps(RICH, ensure_ascii=ascii, indent=indent).encode("utf-8", "surrogatepass")
    body = body.replace(b"\xed\xa0\xbd\xed\xb0\x88", "🐈".encode())
    whole = json_value(body)
    assert isinstance(whole, dict)
    assert whole["numbers"] == RICH["numbers"]
    for end in range(1, len(body)):
        assert refused(body[:end]), body[max(0, end - 20) : end]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"hello",
        b'"a text that never ends',
        b'{"a": \xff\xfe"}',
        b'{"a": 1} and more',
        b'{"a" 1}',
        b'{"a": 1]}',
        b'{"a": nothing at all}',
        b"[" * 100_000,
        b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_json_was_not_cut_off(body: bytes) -> None:
    """It would be the same when it had arrived whole."""
    assert not refused(body)


def test_half_of_a_surrogate_pair_is_no_letter() -> None:
    """It could be written to no file; whole pairs stay."""
    value = json_value(rb'{"a\ud83d": ["\ude00", "\ud83d\ude00"]}')
    assert value == {"a\ufffd": ["\ufffd", "😀"]}


def test_a_byte_order_mark_may_stand_before_a_value() -> None:
    """Some gateways write one."""
    assert json_value(b"\xef\xbb\xbf{}") == {}


@given(st.binary() | st.text(alphabet='{}[]",:\\u09eE.-tn').map(str.encode))
def test_whatever_comes_is_a_value_or_none(body: bytes) -> None:
    """Never a crash, never a text that UTF-8 cannot hold."""
    try:
        value = json_value(body)
    except NotJson:
        return
    json.dumps(value, ensure_ascii=False).encode()
