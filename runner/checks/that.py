"""`that:` — a value that is looked at in every case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from runner.checks.ballot import Ballot
from runner.checks.cells import TABLES, no_number, read_cell, right_one
from runner.checks.compare import COMPARATORS, Manner, how_far, mismatch, same
from runner.checks.positions import RELATIONS, Region, misfit, misplaced, region
from runner.checks.things import things
from runner.checks.words import counted, shown
from runner.roles import CaseResults
from runner.text.detections import LISTS
from runner.text.lookup import Found, Missing, look_up
from runner.values.reference import Reference
from runner.values.verdict import CaseVerdict, Verdict

Scalar = str | int | float | bool

_NOT_JUDGED = frozenset({"not_run", "no_truth"})


@dataclass(frozen=True, slots=True)
class That:
    """Something that must hold for a value in every case; all comparators that are set must hold.

    A comparator that is None is not set. `pass_rate` is the share of cases that must pass. `only`
    restricts the check to some combinations. A case without a usable answer fails; one whose step
    did not run, or whose truth is not known, is not judged.
    """

    that: Reference
    equals: Scalar | None = None
    not_equals: Scalar | None = None
    same_as: Reference | None = None
    contains: str | Sequence[str] | None = None
    not_contains: str | Sequence[str] | None = None
    matches: str | None = None
    one_of: Sequence[Scalar] | None = None
    at_least: float | None = None
    at_most: float | None = None
    between: Sequence[float] | None = None
    is_empty: bool | None = None
    includes: str | Sequence[str] | None = None
    inside: Reference | Region | None = None
    left_of: Reference | Region | None = None
    right_of: Reference | Region | None = None
    above: Reference | Region | None = None
    below: Reference | Region | None = None
    overlaps: Reference | Region | None = None
    fits: Mapping[str, object] | None = None
    ignore_case: bool = False
    normalise: Sequence[str] = ()
    tolerance: float = 0.0
    similarity: float | None = None
    cer: float | None = None
    wer: float | None = None
    iou: float | None = None
    pass_rate: float = 1.0
    level: Literal["error", "warning"] = "error"
    only: Mapping[str, Scalar] = field(default_factory=dict)
    name: str = ""

    def judge(self, cases: Iterable[CaseResults]) -> Verdict:
        """One verdict over the cases of one combination; all repeats of a case are one case."""
        combination: Mapping[str, object] = self.only
        repeated: dict[str, list[tuple[int, CaseVerdict]]] = {}
        for case in cases:
            if self.applies_to(case.combination):
                combination = case.combination
                repeated.setdefault(case.case, []).append((case.repeat, self.judge_case(case)))
        ballot = Ballot(max((len(verdicts) for verdicts in repeated.values()), default=1))
        for verdicts in repeated.values():
            for repeat, verdict in verdicts:
                ballot.add(repeat, verdict)
        return self.verdict(ballot, combination)

    def judge_case(self, case: CaseResults) -> CaseVerdict:
        """One case in one repeat: holds, fails and why, or was not judged: also when it would hold of
        every entry of a list that has none."""
        verdict = self.as_condition(case)
        if verdict.passed and self._is_idle(case):
            why = f"{self.that} is empty: there is nothing to judge"
            return CaseVerdict(case.case, None, why)
        return verdict

    def as_condition(self, case: CaseResults) -> CaseVerdict:
        """The same for `when:`, where everything holds of what is empty."""
        found = _value_of(self.that, case)
        if isinstance(found, Missing) and found.kind != "absent":
            passed = None if found.kind in _NOT_JUDGED else False
            return CaseVerdict(case.case, passed, found.why)
        for objection in self._objections(found, case):
            return objection
        return CaseVerdict(case.case, True, "")

    def applies_to(self, combination: Mapping[str, object]) -> bool:
        """Whether the check is about this combination."""
        return all(combination.get(axis) == value for axis, value in self.only.items())

    def verdict(self, ballot: Ballot, combination: Mapping[str, object]) -> Verdict:
        """The verdict over what a ballot counted."""
        return ballot.verdict(
            self.name or str(self.that), combination, self.pass_rate, self.level == "warning"
        )

    def _objections(self, found: Found | Missing, case: CaseResults) -> Iterator[CaseVerdict]:
        value = found.value if isinstance(found, Found) else None
        for comparator, written in self._comparisons():
            if isinstance(found, Missing) and comparator != "is_empty":
                yield CaseVerdict(case.case, False, found.why)
                return
            why = self._objection(comparator, value, written)
            if why:
                yield CaseVerdict(case.case, False, why)
        if self.same_as is not None and self.iou is not None:
            yield from self._misfits(case, self.same_as, self.iou)
        elif self.same_as is not None:
            yield from self._differs(found, case, self.same_as)
        for relation in RELATIONS:
            written = getattr(self, relation)
            if written is not None:
                yield from self._misplaced(relation, written, case)
        if self.fits is not None:
            yield from self._unfit(found, case, self.fits)

    def _is_idle(self, case: CaseResults) -> bool:
        about_all = [COMPARATORS[comparator].of_the_list for comparator, _ in self._comparisons()]
        if any(about_all) or self.same_as is not None or self.fits is not None:
            return False
        found = _value_of(self.that, case)
        if isinstance(found, Found) and isinstance(found.value, list | tuple):
            return not any(_entries(found.value))
        return not about_all and things(self.that, case) == ()

    def _comparisons(self) -> Iterator[tuple[str, object]]:
        for comparator in COMPARATORS:
            written = getattr(self, comparator)
            if written is not None:
                yield comparator, written

    def _objection(self, comparator: str, value: object, written: object) -> str | None:
        """What is wrong, for the first entry that is wrong; None when it holds for every entry."""
        if COMPARATORS[comparator].of_the_list or not isinstance(value, list | tuple):
            end = mismatch(comparator, value, written, self._manner)
            return end and f"{self.that} {end}"
        if self._is_of_records(value):
            expected = COMPARATORS[comparator].expected(written)
            return f"{self.that} is {shown(value)}, expected {expected}; its length is {self.that}.count"
        wrong = [
            (number, end)
            for number, entry in _entries(value)
            if (end := mismatch(comparator, entry, written, self._manner))
        ]
        return _about_entries(self.that, wrong)

    def _is_of_records(self, value: Sequence[object]) -> bool:
        """A list of records has nothing to compare, even when it is empty: no silent pass."""
        named = bool(self.that.path) and self.that.path[-1] in LISTS
        return (named and not value) or any(isinstance(entry, Mapping) for entry in value)

    def _differs(
        self, found: Found | Missing, case: CaseResults, other: Reference
    ) -> Iterator[CaseVerdict]:
        expected, found = right_one(other, _value_of(other, case)), right_one(self.that, found)
        for side in (expected, found):
            if isinstance(side, Missing):
                passed = None if side.kind in _NOT_JUDGED else False
                yield CaseVerdict(case.case, passed, side.why)
                return
        assert not isinstance(expected, Missing)
        assert not isinstance(found, Missing)
        unread = no_number(other, expected.value, found.value)
        if unread := unread or no_number(self.that, found.value, expected.value):
            yield CaseVerdict(case.case, None, unread.why)
            return
        if why := self._difference(found.value, expected.value, other):
            yield CaseVerdict(case.case, False, why)

    def _misfits(self, case: CaseResults, other: Reference, iou: float) -> Iterator[CaseVerdict]:
        """Everything that is there must be found, one for one, and nothing else."""
        there, found = things(other, case), things(self.that, case)
        for side in (there, found):
            if isinstance(side, Missing):
                passed = None if side.kind in _NOT_JUDGED else False
                yield CaseVerdict(case.case, passed, side.why)
                return
        assert not isinstance(there, Missing)
        assert not isinstance(found, Missing)
        why = misfit(self.that, found, there, other, iou)
        if why:
            yield CaseVerdict(case.case, False, why)

    def _misplaced(
        self, relation: str, written: Reference | Region, case: CaseResults
    ) -> Iterator[CaseVerdict]:
        found = things(self.that, case)
        if isinstance(found, Missing):
            yield CaseVerdict(case.case, False, found.why)
            return
        if isinstance(written, Reference):
            others, to = things(written, case), str(written)
            if isinstance(others, Missing):
                passed = None if others.kind in _NOT_JUDGED else False
                yield CaseVerdict(case.case, passed, others.why)
                return
        else:
            regions = {each.image: region(written, each) for each in found}
            others = tuple(each for each in regions.values() if each)
            to = f"[{', '.join(map(str, written))}]"
        why = misplaced(relation, self.that, found, others, to)
        if why:
            yield CaseVerdict(case.case, False, why)

    def _unfit(
        self, found: Found | Missing, case: CaseResults, schema: Mapping[str, object]
    ) -> Iterator[CaseVerdict]:
        from runner.text.json_schema import validate

        if isinstance(found, Missing):
            yield CaseVerdict(case.case, False, found.why)
            return
        for wrong in validate(found.value, schema):
            steps = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in wrong.path)
            yield CaseVerdict(case.case, False, f"{self.that}{''.join(steps)}: {wrong.message}")
            return

    def _difference(self, value: object, expected: object, other: Reference) -> str | None:
        if isinstance(value, list | tuple) and not isinstance(expected, list | tuple):
            wrong = [
                (number, f"is {shown(entry)}, expected {self._expected(entry, expected, other)}")
                for number, entry in _entries(value)
                if not self._same(entry, expected, other)
            ]
            if not any(_entries(value)):
                return f"{self.that} is empty, expected {self._expected(value, expected, other)}"
            return _about_entries(self.that, wrong)
        if self._same(value, expected, other):
            return None
        return f"{self.that} is {shown(value)}, expected {self._expected(value, expected, other)}"

    def _expected(self, value: object, expected: object, other: Reference) -> str:
        return f"the same as {other}: {shown(expected)}{how_far(value, expected, self._manner)}"

    def _same(self, value: object, expected: object, other: Reference) -> bool | None:
        if other.root in TABLES:
            expected = read_cell(expected, value)
        if self.that.root in TABLES:
            value = read_cell(value, expected)
        return same(value, expected, self._manner)

    @property
    def _manner(self) -> Manner:
        return Manner(
            self.ignore_case,
            self.tolerance,
            tuple(self.normalise),
            self.similarity,
            self.cer,
            self.wer,
        )


def _value_of(reference: Reference, case: CaseResults) -> Found | Missing:
    return look_up(reference, case.steps, case.row, case.vars, case.truth, case.item)


def _entries(value: Sequence[object]) -> Iterator[tuple[str, object]]:
    """Every single value in a list and its number from 1, `2.1` in a list of lists."""
    for number, entry in enumerate(value, 1):
        if isinstance(entry, list | tuple):
            yield from ((f"{number}.{inner}", deep) for inner, deep in _entries(entry))
        else:
            yield str(number), entry


def _about_entries(that: Reference, wrong: Sequence[tuple[str, str]]) -> str | None:
    if not wrong:
        return None
    number, end = wrong[0]
    more = len(wrong) - 1
    rest = f" (and {counted(more, 'more entry', 'more entries')})" if more else ""
    return f"entry {number} of {that} {end}{rest}"
