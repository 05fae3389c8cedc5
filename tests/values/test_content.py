"""Bytes by their slices are the same bytes, whoever holds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.values.content import SLICE, Span, whole

at = st.integers(0, 60)


@given(st.binary(max_size=50), at, at, at, at)
def test_a_span_has_the_bytes_of_its_part(
    content: bytes, first: int, last: int, start: int, stop: int
) -> None:
    """Whatever is asked of it, also beyond its ends."""
    first, last = sorted((min(first, len(content)), min(last, len(content))))
    span = Span(content, first, last)
    assert len(span) == last - first
    assert span[:] == content[first:last]
    assert span[start:stop] == content[first:last][start:stop]


def test_all_pieces_are_joined_in_their_order() -> None:
    """Those that are longer than what is read at a time, too."""
    long = bytes(range(256)) * (SLICE // 256 + 3)
    assert whole([b"a", Span(long, 7, len(long)), b"", b"z"]) == b"a" + long[7:] + b"z"
