"""A caret stands under the characters that it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.text.excerpt import Excerpt, columns, excerpt, visible

LINES: list[tuple[str, int, int | None, Excerpt]] = [
    ("a: bc", 4, 6, Excerpt("a: bc", 3, 2)),
    ("a: bc", 4, None, Excerpt("a: bc", 3, 1)),
    ("", 1, 2, Excerpt("", 0, 1)),
    ("ab", 9, 20, Excerpt("ab", 2, 1)),  # behind the end
    ("\tb: 1", 2, 3, Excerpt("→   b: 1", 4, 1)),
    ("é: bc", 4, 6, Excerpt("é: bc", 3, 2)),
    ("e\u0301: bc", 5, 7, Excerpt("e\u0301: bc", 3, 2)),  # an accent of its own has no width
    ("日本: bc", 5, 7, Excerpt("日本: bc", 6, 2)),
    ("🐱: 🐱🐱", 4, 6, Excerpt("🐱: 🐱🐱", 4, 4)),
    ("👍🏽: b", 5, 6, Excerpt("👍🏽: b", 4, 1)),
    ("❤️: b", 5, 6, Excerpt("❤️: b", 4, 1)),
    ("a\x1b[31m: b", 1, 2, Excerpt("a\\x1b[31m: b", 0, 1)),
    ("a\u202eb: c", 4, 5, Excerpt("a\\u202eb: c", 8, 1)),
    ("\u200bb", 1, 2, Excerpt("\\u200bb", 0, 6)),
]


@pytest.mark.parametrize(("line", "column", "end", "shown"), LINES)
def test_the_caret_stands_under_its_characters(
    line: str, column: int, end: int | None, shown: Excerpt
) -> None:
    """Tabs and wide characters move it; what cannot be seen, or turns the line around, is escaped."""
    assert excerpt(line, column, end, 100) == shown


ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (1, Excerpt("0123456789abcdefgh…", 0, 1)),
        (26, Excerpt("…jklmnopqrstuvwxyzA…", 7, 1)),
        (62, Excerpt("…IJKLMNOPQRSTUVWXYZ", 18, 1)),
    ],
)
def test_a_long_line_is_shown_around_the_caret(column: int, shown: Excerpt) -> None:
    """What is left out on either side is marked."""
    assert excerpt(ALPHABET, column, column + 1, 20) == shown


def test_a_line_of_a_megabyte_costs_nothing() -> None:
    """Only what is near the caret is measured."""
    found = excerpt("x" * 1_000_000, 500_000, 500_010, 40)
    assert (len(found.text), found.width) == (40, 10)
    assert found.text.startswith("…")
    assert found.text.endswith("…")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("a\u2066b", "a\\u2066b"),
        ("👨‍👩‍👧 é 日", "👨‍👩‍👧 é 日"),
        ("\ud800\U000e0001", "\\ud800\\U000e0001"),
    ],
)
def test_nothing_invisible_is_printed(text: str, shown: str) -> None:
    """No message can move the cursor, colour the terminal or turn itself around."""
    assert visible(text) == shown


@given(st.text(max_size=60), st.integers(1, 70), st.integers(1, 70), st.integers(20, 60))
def test_any_line_fits(line: str, column: int, end: int, most: int) -> None:
    """The excerpt is never wider than it may be, and the caret stands on it or right behind it."""
    found = excerpt(line, column, end, most)
    assert columns(found.text) <= most
    assert 0 <= found.start <= most
    assert found.width >= 1
