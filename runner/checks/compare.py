"""The comparators of checks: does a value hold against what the author wrote?

A value of another kind than what it is compared with holds against nothing, not even `not_equals`:
the text "12" is no number, and nothing is turned into something else behind the author's back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TypeGuard

from runner.checks.words import listed, shown, shown_with_kind
from runner.text.linear_regex import Unfit, linear


@dataclass(frozen=True, slots=True)
class Manner:
    """How texts and numbers are compared. `tolerance` is how far equal numbers may differ.

    `normalise` takes differences away before texts are compared. Texts are equal, too, when they are
    at least so similar (`similarity`, 0–1), or have at most such an error rate in characters (`cer`)
    or words (`wer`) per one of the right text.
    """

    ignore_case: bool = False
    tolerance: float = 0.0
    normalise: tuple[str, ...] = ()
    similarity: float | None = None
    cer: float | None = None
    wer: float | None = None


Holds = Callable[[object, object, Manner], bool | None]
"""Whether a value (first) holds against what was written (second); None: it is of another kind."""


@dataclass(frozen=True, slots=True)
class Comparator:
    """`holds` decides; `expected` ends the sentence "find.boxes.count is 0, …"."""

    holds: Holds
    expected: Callable[[object], str]
    of_the_list: bool = False
    """True: looks at a list itself; False: must hold for every entry."""
    told: Callable[[object, object, Manner], str] | None = None
    """The whole end of the sentence, where what was found is better told in another way."""


def mismatch(name: str, value: object, written: object, manner: Manner) -> str | None:
    """What is wrong with a single value, as the end of a sentence; None when it holds."""
    comparator = COMPARATORS[name]
    held = comparator.holds(value, written, manner)
    if held:
        return None
    if held is False and comparator.told:
        return comparator.told(value, written, manner)
    found = shown(value) if held is False else shown_with_kind(value)
    return f"is {found}, expected {comparator.expected(written)}{how_far(value, written, manner)}"


def how_far(value: object, right: object, manner: Manner) -> str:
    """How far a text is from the right one, where that is compared, as the end of a sentence."""
    if not isinstance(value, str) or not isinstance(right, str):
        return ""
    return "".join(
        f"; {words} {found:.3g}, {limit}"
        for words, found, limit, held in _distances(value, right, manner)
        if not held
    )


def is_number(value: object) -> TypeGuard[int | float]:
    """A number that can be compared; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def pattern_mistake(pattern: str) -> str | None:
    """Why this is no pattern for `matches`, as a sentence; None when it is one."""
    try:
        linear(_encodable(pattern))
    except Unfit as error:
        return str(error)
    return None


def is_nothing(value: object) -> bool:
    """No value, no entry, or a text without a letter."""
    match value:
        case None:
            return True
        case str():
            return not value.strip()
        case list() | tuple() | Mapping():
            return len(value) == 0
        case _:
            return False


def same(value: object, other: object, manner: Manner) -> bool | None:
    """Equality of plain values of one kind, entry by entry."""
    match value, other:
        case bool(), bool():
            return value == other
        case str(), str():
            return _plain(value, manner) == _plain(other, manner) or _near_texts(
                value, other, manner
            )
        case (list() | tuple(), list() | tuple()):
            return len(value) == len(other) and all(
                same(a, b, manner) for a, b in zip(value, other, strict=True)
            )
        case Mapping(), Mapping():
            return value.keys() == other.keys() and all(
                same(entry, other[key], manner) for key, entry in value.items()
            )
        case None, None:
            return True
    if is_number(value) and is_number(other):
        return _near(value, other, manner.tolerance)
    return None


def _near_texts(value: str, right: str, manner: Manner) -> bool:
    """Whether every distance that is compared is small enough; False when none is."""
    held = [each for *_, each in _distances(value, right, manner)]
    return bool(held) and all(held)


def _distances(value: str, right: str, manner: Manner) -> list[tuple[str, float, str, bool]]:
    """Of each distance its words, what it is, what is wanted, and whether it is that."""
    from runner.measures.texts import character_errors, similarity, word_errors

    texts = _plain(right, manner), _plain(value, manner)
    found: list[tuple[str, float, str, bool]] = []
    if manner.similarity is not None:
        alike = similarity(*texts)
        limit = f"at least {manner.similarity:g} needed"
        found.append(("their similarity is", alike, limit, alike >= manner.similarity - 1e-9))
    for words, count, most in (
        ("the character error rate is", character_errors, manner.cer),
        ("the word error rate is", word_errors, manner.wer),
    ):
        if most is not None:
            errors, length = count(*texts)
            rate = errors / length if length else float(errors > 0)
            found.append((words, rate, f"at most {most:g} allowed", rate <= most + 1e-9))
    return found


def _near(value: float, other: float, tolerance: float) -> bool:
    """`|a − b| ≤ tolerance`, with an allowance for decimals that have no exact binary form: 10.01
    and 10 differ by 0.01 for everyone who writes a tolerance of 0.01."""
    if value == other:
        return True
    allowance = 4e-16 * max(abs(value), abs(other)) if tolerance else 0.0
    return abs(value - other) <= tolerance + allowance


def _differs(value: object, written: object, manner: Manner) -> bool | None:
    equal = same(value, written, manner)
    return None if equal is None else not equal


def _one_of(value: object, written: object, manner: Manner) -> bool | None:
    answers = [same(value, choice, manner) for choice in _as_list(written)]
    if any(answers):
        return True
    return False if False in answers else None


def _contains(value: object, written: object, manner: Manner) -> bool | None:
    if not isinstance(value, str):
        return None
    text = _plain(value, manner)
    return all(_plain(str(word), manner) in text for word in _as_list(written))


def _contains_none(value: object, written: object, manner: Manner) -> bool | None:
    if not isinstance(value, str):
        return None
    text = _plain(value, manner)
    return not any(_plain(str(word), manner) in text for word in _as_list(written))


def _matches(value: object, written: object, manner: Manner) -> bool | None:
    if not isinstance(value, str):
        return None
    pattern = _encodable(f"(?i){written}" if manner.ignore_case else str(written))
    return linear(pattern).search(_encodable(value)) is not None


def _at_least(value: object, written: object, manner: Manner) -> bool | None:
    if not (is_number(value) and is_number(written)):
        return None
    return value >= written


def _at_most(value: object, written: object, manner: Manner) -> bool | None:
    if not (is_number(value) and is_number(written)):
        return None
    return value <= written


def _between(value: object, written: object, manner: Manner) -> bool | None:
    low, high = _as_list(written)
    if not (is_number(value) and is_number(low) and is_number(high)):
        return None
    return low <= value <= high


def _is_empty(value: object, written: object, manner: Manner) -> bool | None:
    return is_nothing(value) is bool(written)


def _includes(value: object, written: object, manner: Manner) -> bool | None:
    if not isinstance(value, list | tuple):
        return None
    return not _lacking(value, written, manner)


def _lacking(value: object, written: object, manner: Manner) -> list[object]:
    there = {_plain(each, manner) for each in _labels(value)}
    return [each for each in _as_list(written) if _plain(str(each), manner) not in there]


def _labels(value: object) -> list[str]:
    """The texts of a list, and the labels of its records."""
    entries = [each.get("label") if isinstance(each, Mapping) else each for each in _as_list(value)]
    return [each for each in entries if isinstance(each, str)]


def _told_lacking(value: object, written: object, manner: Manner) -> str:
    found = list(dict.fromkeys(_labels(value)))
    lacking = listed(_lacking(value, written, manner))
    most = 10
    shown_labels = listed(found[:most]) + (f" and {len(found) - most} more" if found[most:] else "")
    return (
        f"holds {shown_labels}, expected {lacking} among them" if found else f"holds no {lacking}"
    )


COMPARATORS: Mapping[str, Comparator] = {
    "equals": Comparator(same, shown),
    "not_equals": Comparator(_differs, lambda written: f"anything but {shown(written)}"),
    "contains": Comparator(_contains, lambda written: f"it to contain {listed(_as_list(written))}"),
    "not_contains": Comparator(
        _contains_none, lambda written: f"it not to contain {listed(_as_list(written), 'or')}"
    ),
    "matches": Comparator(_matches, lambda written: f"it to match {written}"),
    "one_of": Comparator(_one_of, lambda written: f"one of {listed(_as_list(written), 'or')}"),
    "at_least": Comparator(_at_least, lambda written: f"at least {shown(written)}"),
    "at_most": Comparator(_at_most, lambda written: f"at most {shown(written)}"),
    "between": Comparator(
        _between, lambda written: " to ".join(shown(end) for end in _as_list(written))
    ),
    "is_empty": Comparator(
        _is_empty, lambda written: "nothing" if written else "something", of_the_list=True
    ),
    "includes": Comparator(
        _includes,
        lambda written: f"a list with {listed(_as_list(written))}",
        of_the_list=True,
        told=_told_lacking,
    ),
}
"""Every comparator with a literal value; `same_as` looks its value up first and is then `same`."""


def _as_list(written: object) -> list[object]:
    return list(written) if isinstance(written, list | tuple) else [written]


def _plain(text: str, manner: Manner) -> str:
    """One spelling of letters that can be written in two ways (é, or e and an accent): Unicode NFC."""
    composed = unicodedata.normalize("NFC", text)
    if manner.normalise:
        from runner.measures.texts import normalised

        composed = normalised(composed, manner.normalise)
    return composed.casefold() if manner.ignore_case else composed


def _encodable(text: str) -> str:
    """RE2 works on UTF-8, in which half of a surrogate pair cannot be written."""
    return text.encode("utf-8", "replace").decode()
