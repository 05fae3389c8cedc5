"""Metrics of texts that were read: errors in characters and in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from runner.checks.metrics.gathered import Summed
from runner.checks.metrics.metric import Gathered, LooksAt, not_judged, right_value_of, value_of
from runner.checks.words import spelled
from runner.measures import sums
from runner.measures.texts import character_errors, normalised, word_errors
from runner.roles import CaseResults
from runner.text.lookup import Missing
from runner.values.measured import Better, Contribution, NotJudged
from runner.values.reference import Reference


@dataclass(frozen=True, slots=True)
class _Errors:
    of: Reference
    against: Reference
    normalise: Sequence[str] = ("unicode", "spaces")

    looks_at: ClassVar[LooksAt] = "text"
    better: ClassVar[Better] = "less"
    unit: ClassVar[str] = ""
    whole: ClassVar[bool] = False
    errors: ClassVar[Callable[[str, str], tuple[int, int]]]

    def gathered(self, repeats: int) -> Gathered:
        """Errors and length: long texts count for more than short ones."""
        return Summed(sums.share, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """The errors of one text; without a usable answer all of it is missing."""
        there, found = right_value_of(self.against, case), value_of(self.of, case)
        if isinstance(there, Missing):
            return not_judged(there)
        lacking = isinstance(found, Missing)
        if isinstance(found, Missing) and found.kind in ("not_run", "no_truth"):
            return not_judged(found)
        right = text_of(there.value)
        read = "" if isinstance(found, Missing) else text_of(found.value)
        if right is None or read is None:
            return NotJudged("it is no text")
        count = type(self).errors
        errors, length = count(*(normalised(each, self.normalise) for each in (right, read)))
        return Contribution({"": (float(errors), float(length))}, lacking=lacking)


@dataclass(frozen=True, slots=True)
class CharacterErrorRate(_Errors):
    """Wrong, missing and extra characters, per character of the right text; it may be above 1."""

    errors: ClassVar[Callable[[str, str], tuple[int, int]]] = staticmethod(character_errors)


@dataclass(frozen=True, slots=True)
class WordErrorRate(_Errors):
    """Wrong, missing and extra words, per word of the right text; it may be above 1."""

    errors: ClassVar[Callable[[str, str], tuple[int, int]]] = staticmethod(word_errors)


def text_of(value: object) -> str | None:
    """A text, or a list of texts as lines; a number of a table as it is written."""
    match value:
        case str():
            return value
        case bool() | None:
            return None
        case int() | float():
            return spelled(value)
        case list() | tuple() if all(isinstance(each, str) for each in value):
            return "\n".join(value)
        case _:
            return None
