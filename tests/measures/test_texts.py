"""How far a text is from the right one."""

from __future__ import annotations

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.measures.texts import (
    character_errors,
    edits,
    normalised,
    similarity,
    word_errors,
)

letters = st.text(alphabet="abcä 1\U0001f600", max_size=90)


def table_edits(there: str, found: str) -> int:
    """The textbook's table, cell by cell."""
    row = [*range(len(found) + 1)]
    for number, one in enumerate(there, 1):
        above, row = row, [number]
        for column, other in enumerate(found):
            row.append(min(above[column + 1] + 1, row[column] + 1, above[column] + (one != other)))
    return row[-1]


@given(letters, letters)
def test_edits_are_those_of_the_textbook(there: str, found: str) -> None:
    """The same number, in whatever order, and 0 only for equal texts."""
    assert edits(there, found) == edits(found, there) == table_edits(there, found)
    assert (edits(there, found) == 0) == (there == found)


words = st.lists(st.sampled_from(["a", "bb", "ccc", "d1"]), min_size=1, max_size=20).map(" ".join)


@given(words, words)
def test_error_rates_are_those_of_jiwer(there: str, found: str) -> None:
    """Of characters and of words."""
    errors, length = character_errors(there, found)
    assert errors / length == pytest.approx(jiwer.cer(there, found))
    errors, length = word_errors(there, found)
    assert errors / length == pytest.approx(jiwer.wer(there, found))


NORMAL: dict[tuple[str, ...], str] = {
    (): " Ca\u0301fe\u0301,\n  3 STRASSE ",
    ("unicode",): " C\u00e1f\u00e9,\n  3 STRASSE ",
    ("spaces",): "Ca\u0301fe\u0301, 3 STRASSE",
    ("case",): " ca\u0301fe\u0301,\n  3 strasse ",
    ("unicode", "punctuation"): " C\u00e1f\u00e9\n  3 STRASSE ",
    ("unicode", "spaces", "case", "punctuation"): "c\u00e1f\u00e9 3 strasse",
}


@pytest.mark.parametrize("what", NORMAL)
def test_only_what_is_named_is_made_equal(what: tuple[str, ...]) -> None:
    """Nothing is normalised that nobody asked for."""
    assert normalised(" Ca\u0301fe\u0301,\n  3 STRASSE ", what) == NORMAL[what]


def test_a_mark_stays_with_its_letter() -> None:
    """Where punctuation does not count, a vowel of Hindi still does."""
    assert normalised("का, कि!", ("punctuation",)) == "का कि"
    assert normalised("e\u0301,\u0301 a", ("punctuation",)) == "e\u0301 a"


def test_similarity_is_a_share() -> None:
    """1 for equal texts, 0 for those without a common letter."""
    assert [
        similarity(*pair) for pair in (("", ""), ("ab", "ab"), ("ab", "cd"), ("abcd", "abc"))
    ] == [
        1.0,
        1.0,
        0.0,
        0.75,
    ]
