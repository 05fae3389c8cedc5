"""Metrics of single values: numbers, words, and whatever can be equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from runner.checks.cells import TABLES, no_number, read_cell
from runner.checks.compare import Manner, is_number, same
from runner.checks.metrics.gathered import Summed
from runner.checks.metrics.metric import (
    NO_NUMBER,
    Gathered,
    LooksAt,
    not_judged,
    right_value_of,
    value_of,
)
from runner.checks.words import spelled
from runner.measures import sums
from runner.roles import CaseResults
from runner.text.lookup import Missing
from runner.values.measured import Better, Contribution, Labels, NotJudged
from runner.values.reference import Reference

NO_ANSWER = "(no answer)"
NO_VALUE = "(no value)"


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is found, and what is right."""

    of: Reference
    against: Reference

    better: ClassVar[Better] = "more"
    unit: ClassVar[str] = ""
    whole: ClassVar[bool] = False

    def _pair(self, case: CaseResults) -> tuple[object, object] | Missing:
        """Both values; a cell of a table is read as what it is compared with. What is missing on
        the right side is told first: then nothing can be judged."""
        there, found = right_value_of(self.against, case), value_of(self.of, case)
        if isinstance(there, Missing):
            return there
        if isinstance(found, Missing):
            return found
        value, right = found.value, there.value
        if self.against.root not in TABLES:
            return value, right
        return no_number(self.against, right, value) or (value, read_cell(right, value))


@dataclass(frozen=True, slots=True)
class _Equal(_Pair):
    normalise: Sequence[str] = ()

    def _manner(self) -> Manner:
        return Manner(normalise=tuple(self.normalise))


@dataclass(frozen=True, slots=True)
class ExactMatch(_Equal):
    """The share of answers that are exactly right. An answer that cannot be used is wrong."""

    looks_at: ClassVar[LooksAt] = "anything"

    def gathered(self, repeats: int) -> Gathered:
        """Right answers, and answers."""
        return Summed(sums.share, repeats, is_share=True)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """Right or wrong."""
        pair = self._pair(case)
        if isinstance(pair, Missing):
            return _wrong(pair, Contribution({"": (0.0, 1.0)}, lacking=True))
        right = same(*pair, self._manner()) is True
        return Contribution({"": (float(right), 1.0)})


@dataclass(frozen=True, slots=True)
class _Classes(_Equal):
    """A value that is one of several classes."""

    normalise: Sequence[str] = ("unicode", "spaces", "case")

    looks_at: ClassVar[LooksAt] = "value"

    def _classes(self, case: CaseResults) -> tuple[str, str | None] | NotJudged:
        """What is there and what was found, None without a usable answer."""
        pair = self._pair(case)
        if not isinstance(pair, Missing):
            found, there = pair
            return self._name(there), self._name(found)
        right = right_value_of(self.against, case)
        if isinstance(right, Missing) or pair.kind not in ("unusable", "absent"):
            return not_judged(pair)
        return self._name(right.value), None

    def _name(self, value: object) -> str:
        from runner.measures.texts import normalised

        if isinstance(value, bool):
            return "true" if value else "false"
        if is_number(value):
            return spelled(value)
        if value is None:
            return NO_VALUE
        return normalised(str(value), self.normalise)


@dataclass(frozen=True, slots=True)
class Accuracy(_Classes):
    """The share of right answers. An answer that cannot be used is wrong."""

    def gathered(self, repeats: int) -> Gathered:
        """Right answers, and answers, by what is right."""
        return Summed(sums.share, repeats, is_share=True)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """Right or wrong, and what was taken for what."""
        pair = self._classes(case)
        if isinstance(pair, NotJudged):
            return pair
        there, found = pair
        parts = {there: (float(there == found), 1.0)}
        labels = None if found is None else _labels(there, found)
        return Contribution(parts, (there, found or NO_ANSWER), found is None, labels=labels)


@dataclass(frozen=True, slots=True)
class MacroF1(_Classes):
    """The mean of the F1 of every class, rare ones too. An answer that cannot be used is a miss."""

    def gathered(self, repeats: int) -> Gathered:
        """Right, wrong and missed of every class."""
        return _OfClasses(sums.macro_f1, repeats, by_label_first=True)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """Right, or missed of one class and wrong in another."""
        pair = self._classes(case)
        if isinstance(pair, NotJudged):
            return pair
        there, found = pair
        parts = {there: (1.0, 0.0, 0.0)} if there == found else {there: (0.0, 0.0, 1.0)}
        if found is not None and found != there:
            parts[found] = (0.0, 1.0, 0.0)
        labels = None if found is None else _labels(there, found)
        return Contribution(parts, (there, found or NO_ANSWER), found is None, labels=labels)


@dataclass(frozen=True, slots=True)
class MeanAbsoluteError(_Pair):
    """How far numbers are off on average. Without a usable answer there is no number to judge."""

    looks_at: ClassVar[LooksAt] = "number"
    better: ClassVar[Better] = "less"

    def gathered(self, repeats: int) -> Gathered:
        """Distances and numbers."""
        return Summed(sums.share, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """The distance, or those of the entries of two lists of one length."""
        pair = self._pair(case)
        if isinstance(pair, Missing):
            return not_judged(pair)
        found, there = (each if isinstance(each, list | tuple) else [each] for each in pair)
        if len(found) != len(there):
            return NotJudged("the lists are of different lengths")
        distances = []
        for one, other in zip(found, there, strict=True):
            right = read_cell(other, one)
            if not (is_number(one) and is_number(right)):
                return NotJudged(NO_NUMBER)
            distances.append(abs(one - right))
        return Contribution({"": (float(sum(distances)), float(len(distances)))})


@dataclass(frozen=True, slots=True)
class CountError(_Pair):
    """How many too few or too many on average. Without a usable answer nothing was counted."""

    looks_at: ClassVar[LooksAt] = "anything"
    better: ClassVar[Better] = "less"

    def gathered(self, repeats: int) -> Gathered:
        """Differences and images, by label where things have them."""
        return Summed(sums.share, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """The difference of two numbers, or of the lengths of two lists."""
        pair = self._pair(case)
        if isinstance(pair, Missing):
            return not_judged(pair)
        found, there = pair
        counts = _count(found), _count(read_cell(there, 1))
        if counts[0] is None or counts[1] is None:
            return NotJudged(NO_NUMBER)
        return Contribution({"": (abs(counts[0] - counts[1]), 1.0)})


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of the answer, or every number in a list."""

    of: Reference

    looks_at: ClassVar[LooksAt] = "number"
    better: ClassVar[Better] = None
    unit: ClassVar[str] = ""
    whole: ClassVar[bool] = False

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """The sum of the numbers of one answer, and how many they are."""
        found = value_of(self.of, case)
        if isinstance(found, Missing):
            return not_judged(found)
        value = found.value
        numbers = list(value) if isinstance(value, list | tuple) else [value]
        if self.of.root in TABLES:
            numbers = [read_cell(each, 1) for each in numbers]
        known = [float(each) for each in numbers if is_number(each)]
        if len(known) < sum(each is not None for each in numbers):
            return NotJudged(NO_NUMBER)
        return Contribution({"": (sum(known), float(len(known)))})


@dataclass(frozen=True, slots=True)
class Mean(_Number):
    """The average of a number. Without a usable answer there is none to judge."""

    def gathered(self, repeats: int) -> Gathered:
        """Sum and count."""
        return Summed(sums.share, repeats)


@dataclass(frozen=True, slots=True)
class Total(_Number):
    """The sum of a number; with repeats that of one repeat. Without a usable answer nothing is
    added."""

    def gathered(self, repeats: int) -> Gathered:
        """The sum."""
        return Summed(sums.total, repeats)


class _OfClasses(Summed):
    """Sums of which a single label is a metric of its own: the F1 of one class."""

    def by_label(self) -> Iterator[tuple[str, float | None]]:
        """The F1 of every class."""
        import numpy as np

        for label, parts in sorted(self._totals().items()):
            value = float(sums.f1(np.array(parts)))
            yield label, None if np.isnan(value) else value


def _labels(there: str, found: str) -> Labels:
    return Labels(frozenset({there}), frozenset({found}))


def _count(value: object) -> float | None:
    if is_number(value):
        return float(value)
    return float(len(value)) if isinstance(value, list | tuple) else None


def _wrong(missing: Missing, wrong: Contribution) -> Contribution | NotJudged:
    """What cannot be used, or lacks the value, is wrong; what was not asked or has no truth is not
    judged."""
    return wrong if missing.kind in ("unusable", "absent") else not_judged(missing)
