"""The base64 of an image is made when it is sent, slice by slice."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from runner.providers.gemini.pieces import Base64
from runner.values.content import Span

at = st.integers(0, 80)


@given(st.binary(max_size=50), at, at)
def test_any_slice_of_base64_is_that_of_the_whole(content: bytes, start: int, stop: int) -> None:
    """However it lies to the groups of four letters, and whether or not the bytes are in memory."""
    text = base64.b64encode(content)
    for held in (content, Span(b"ab" + content + b"c", 2, 2 + len(content))):
        encoded = Base64(held)
        assert len(encoded) == len(text)
        assert encoded[:] == text
        assert encoded[start:stop] == text[start:stop]
