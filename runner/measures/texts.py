"""How far a text is from the right one: errors in characters and in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Sequence

NORMALISATIONS = ("unicode", "spaces", "case", "punctuation")
"""What may be made equal before texts are compared, in this order: NFC; any run of white space is one
space; capital letters; everything that is no letter, digit or space, nor a mark on one."""


def normalised(text: str, what: Sequence[str]) -> str:
    """The text with these differences taken away."""
    if "unicode" in what:
        text = unicodedata.normalize("NFC", text)
    if "case" in what:
        text = text.casefold()
    if "punctuation" in what:
        text = _without_punctuation(text)
    return " ".join(text.split()) if "spaces" in what else text


def _without_punctuation(text: str) -> str:
    """A mark goes with the letter that it stands on: in many scripts it is the vowel."""
    kept, is_kept = [], False
    for letter in text:
        if not unicodedata.category(letter).startswith("M"):
            is_kept = letter.isalnum() or letter.isspace()
        if is_kept:
            kept.append(letter)
    return "".join(kept)


def edits(there: Sequence[Hashable], found: Sequence[Hashable]) -> int:
    """The least number of insertions, deletions and replacements that make one of the other.

    In O(n · m / 64): all of a column at once, as the bits of a number (Myers 1999; Hyyrö 2003).
    """
    if not there or not found:
        return max(len(there), len(found))
    at: dict[Hashable, int] = {}
    for position, each in enumerate(there):
        at[each] = at.get(each, 0) | (1 << position)
    every = (1 << len(there)) - 1
    last = 1 << (len(there) - 1)
    rises, falls, distance = every, 0, len(there)
    for each in found:
        equal = at.get(each, 0)
        diagonal = (((equal & rises) + rises) ^ rises) | equal | falls
        up = falls | ~(diagonal | rises)
        down = rises & diagonal
        distance += bool(up & last)
        distance -= bool(down & last)
        up = (up << 1) | 1
        rises = ((down << 1) | ~(diagonal | up)) & every
        falls = up & diagonal & every
    return distance


def character_errors(there: str, found: str) -> tuple[int, int]:
    """How many edits of characters make the right text of the one found, and how many characters the
    right one has: their quotient is the character error rate, which may be above 1."""
    return edits(there, found), len(there)


def word_errors(there: str, found: str) -> tuple[int, int]:
    """The same of words, which are what stands between spaces."""
    words = there.split()
    return edits(words, found.split()), len(words)


def similarity(one: str, other: str) -> float:
    """1 for equal texts, 0 for texts that have nothing in common: 1 − edits / length of the longer."""
    longest = max(len(one), len(other))
    return 1 - edits(one, other) / longest if longest else 1.0
