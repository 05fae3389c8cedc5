"""What is counted on the disk is counted as it would be in memory."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from runner.sources.counted import Clashes, Counted

NAMES = st.text("aé\ud800", max_size=2)


@given(st.lists(NAMES))
def test_texts_are_counted_like_a_counter_does(texts: list[str]) -> None:
    """Each is told how often it came; letters that no file can hold are letters, too."""
    counted, expected = Counted(), Counter[str]()
    for text in texts:
        expected[text] += 1
        assert counted.add(text) == expected[text]
    assert [counted.times(text) for text in [*texts, "never"]] == [
        expected[text] for text in [*texts, "never"]
    ]


@given(st.lists(st.tuples(NAMES, NAMES)))
def test_a_name_clashes_when_it_stands_for_two_things(pairs: list[tuple[str, str]]) -> None:
    """The same thing twice is no clash."""
    clashes, meant = Clashes(), dict[str, set[str]]()
    for name, thing in pairs:
        clashes.add(name, thing)
        meant.setdefault(name, set()).add(thing)
    assert {name for name in meant if name in clashes} == {
        name for name, things in meant.items() if len(things) > 1
    }
