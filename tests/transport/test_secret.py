"""The API key is hidden in every spelling, and nothing else is."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.transport.secret import HIDDEN, SHORTEST_HIDDEN, Secret

KEY = "AIzaCANARY-0123456789/+abcdefghijklmnop"
KEYS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=SHORTEST_HIDDEN, max_size=60
)
"""What can be sent as a key."""


@given(KEYS, st.text(max_size=20), st.text(max_size=20))
def test_a_key_is_found_within_any_text(key: str, before: str, after: str) -> None:
    """Plain, in an address, in JSON, in hex."""
    secret = Secret.of(key)
    for form in (key, quote(key, safe=""), json.dumps(key)[1:-1], key.encode().hex()):
        hidden = secret.hidden(before + form + after)
        assert form not in hidden
        assert HIDDEN in hidden
        raw = (before + form + after).encode("utf-8", "replace")
        assert form.encode() not in secret.hidden_bytes(raw)


@given(KEYS, st.binary(max_size=20), st.binary(max_size=20))
def test_a_key_is_found_within_base64(key: str, before: bytes, after: bytes) -> None:
    """Wherever in it the key begins: no 12 letters of base64 that stand for it are left."""
    for encode in (b64encode, urlsafe_b64encode):
        text = encode(before + key.encode() + after).decode()
        hidden = Secret.of(key).hidden(text)
        start, end = -(-len(before) * 4 // 3), (len(before) + len(key)) * 4 // 3
        own = text[start:end]
        assert HIDDEN in hidden
        assert [own[i : i + 12] for i in range(len(own) - 11) if own[i : i + 12] in hidden] == []


@pytest.mark.parametrize("key", [None, "", "short", "x" * (SHORTEST_HIDDEN - 1)])
def test_what_is_no_key_is_not_hidden(key: str | None) -> None:
    """A short word may be part of an answer."""
    assert Secret.of(key).hidden(f"an answer with {key} in it") == f"an answer with {key} in it"


def test_a_key_is_found_in_every_text_of_a_json_value() -> None:
    """Names and values, at any depth; the rest stays what it is."""
    value = {"a": [1, None, f"x{KEY}y", {KEY: True}]}
    assert Secret.of(KEY).hidden_json(value) == {"a": [1, None, "x[key]y", {"[key]": True}]}


def test_several_keys_are_hidden_and_none_is_shown() -> None:
    """One of them may hold the other."""
    secret = Secret.of(KEY[:20]).and_of(KEY, None)
    assert secret.hidden(f"{KEY} {KEY[:20]}") == "[key] [key]"
    assert KEY[:10] not in repr(secret)
