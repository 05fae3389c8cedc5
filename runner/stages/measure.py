"""Measure: results × metrics → verdicts with numbers, in one pass over the cases.

What is held does not grow with the cases: above a thousand images, several are drawn together when
an interval is made. What every answer adds is given away, to be written down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from random import Random

from runner.checks.metrics import METRICS
from runner.checks.metrics.limits import Limits, number, remarks, value_told
from runner.checks.metrics.metric import AcrossRepeats, Gathered, Metric
from runner.checks.metrics.vocabulary import Vocabulary
from runner.measures.evidence import Interval, interval, wilson
from runner.roles import CaseResults
from runner.stages.definition import definition_of
from runner.values.measured import (
    Contribution,
    LabelMeasured,
    Measured,
    MeasuredAnswer,
    Method,
    NotJudged,
)
from runner.values.request import canonical_json
from runner.values.verdict import CaseVerdict, Outcome, Verdict
from runner.workflow.spec import Combination, MetricSpec

GROUPS = 1000
"""So many images are drawn by themselves for an interval; of more, several are drawn together."""

KEPT = 1000
"""Labels and images that a verdict names; so many classes stand in a table of what was taken for
what."""

MOST_CLASSES = 100

UNMATCHED = "nothing of it in the truth was matched"

Keep = Callable[[MeasuredAnswer], None]


def metric_of(spec: MetricSpec) -> Metric:
    """The metric that a spec describes."""
    return METRICS.load(spec.metric)(**spec.options)


@dataclass(slots=True)
class Meters:
    """The metrics of a workflow; takes the cases in the order of the plan, then gives verdicts."""

    specs: Sequence[MetricSpec]
    repeats: int = 1
    keep: Keep = lambda answer: None
    _meters: list[Meter] = field(init=False)

    def __post_init__(self) -> None:
        self._meters = [
            Meter(spec, metric_of(spec), self.repeats, self.keep) for spec in self.specs
        ]

    def seat(self, combinations: Sequence[Combination]) -> None:
        """Names the combinations of the plan: one without a case gets a verdict, too."""
        for meter in self._meters:
            for combination in combinations:
                meter.seat(combination, canonical_json(combination))

    def add(self, case: CaseResults) -> None:
        """One case in one combination and repeat."""
        key = canonical_json(case.combination)
        for meter in self._meters:
            seat = meter.seat(case.combination, key)
            if seat is not None:
                seat.add(case)

    def verdicts(self) -> tuple[Verdict, ...]:
        """One for each metric and combination."""
        return tuple(verdict for meter in self._meters for verdict in meter.verdicts())


@dataclass(slots=True)
class Meter:
    """One metric and what it has gathered, in each combination that it is about."""

    spec: MetricSpec
    metric: Metric
    repeats: int
    keep: Keep
    seats: dict[str, Seat] = field(default_factory=dict)

    def seat(self, combination: Mapping[str, object], key: str) -> Seat | None:
        """The seat of a combination; None when the metric is not about it."""
        if key not in self.seats:
            only = self.spec.only.items()
            if not all(combination.get(axis) == value for axis, value in only):
                return None
            self.seats[key] = Seat(self.spec, self.metric, self.repeats, combination, self.keep)
        return self.seats[key]

    def verdicts(self) -> Iterator[Verdict]:
        """One for each combination; a metric that met none says so, too."""
        empty = Seat(self.spec, self.metric, self.repeats, self.spec.only, self.keep)
        for seat in self.seats.values() or [empty]:
            definition = definition_of(self.spec)
            yield replace(seat.verdict(), place=self.spec.place, definition=definition)


@dataclass(slots=True)
class Seat:
    """A metric in one combination. The repeats of a case follow one another."""

    spec: MetricSpec
    metric: Metric
    asked: int
    combination: Mapping[str, object]
    keep: Keep
    gathered: Gathered = field(init=False)
    repeats: int = field(init=False)
    images: int = 0
    judged: int = 0
    lacking: int = 0
    there: int = 0
    """Things of the truth; where the metric is not defined none of them was matched."""
    not_judged: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    confusion: dict[str, Counter[str]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    waiting: list[CaseResults] = field(default_factory=list)
    limits: Limits = field(init=False)
    held: int = 0
    """Images for which the limits were looked at one by one, and those for which they hold."""
    passed: int = 0
    named: list[CaseVerdict] = field(default_factory=list)
    turn: int = 0
    order: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.repeats = 1 if isinstance(self.metric, AcrossRepeats) else self.asked
        self.gathered = self.metric.gathered(self.repeats)
        self.limits = Limits(self.spec.at_least, self.spec.at_most)

    def add(self, case: CaseResults) -> None:
        """One repeat of a case."""
        if self.waiting and self.waiting[0].case != case.case:
            self._settle()
        self.waiting.append(case)

    def verdict(self) -> Verdict:
        """The verdict over everything that was added."""
        self._settle()
        measured = self._measured()
        why, outcome = self._judged(measured)
        return Verdict(
            name=self.spec.name,
            outcome=outcome,
            combination=self.combination,
            judged=self.held,
            passed=self.passed,
            skipped=0,
            reached=measured.value or 0.0,
            needed=self.limits.first,
            why=why,
            cases=tuple(self.named),
            measured=measured,
        )

    def _settle(self) -> None:
        """Measures the repeats of the case that has been waiting."""
        cases, self.waiting = self.waiting, []
        if not cases:
            return
        alone = self.metric.gathered(self.repeats)
        if isinstance(self.metric, AcrossRepeats):
            added = [(cases[0], self.metric.compare(cases))]
        else:
            added = [(case, self.metric.measure(case)) for case in cases]
        for case, each in added:
            self._put(case, each, alone)
        self.images += 1
        judged = [each for _, each in added if isinstance(each, Contribution)]
        if self.spec.per == "image" and judged:
            unmet = _unmatched(sum(each.there for each in judged))
            self._hold(cases[0].case, self._scaled(alone.value()), unmet)

    def _put(self, case: CaseResults, added: Contribution | NotJudged, alone: Gathered) -> None:
        answer = (self.spec.name, case.case, case.combination, case.repeat, added)
        self.keep(MeasuredAnswer(*answer))
        if isinstance(added, NotJudged):
            self.not_judged[added.why] += 1
            return
        repeat = min(case.repeat, self.repeats) - 1
        self.gathered.put(added.parts, self._group(), repeat)
        if self.spec.per == "image":
            alone.put(added.parts, 0, repeat)
        self.judged += 1
        self.lacking += added.lacking
        self.there += added.there
        self.notes.update(added.notes)
        if added.labels is not None:
            self.vocabulary.add(added.labels)
        if added.confused:
            there, found = (self._class(name) for name in added.confused)
            self.confusion.setdefault(there, Counter())[found] += 1

    def _group(self) -> int:
        """The place of the image among those that are drawn. Beyond the first thousand each thousand
        is dealt out in an order of chance, of which the seed is fixed: what returns at regular
        distances must not come together."""
        turn, place = divmod(self.images, GROUPS)
        if turn == 0:
            return place
        if turn != self.turn:
            self.turn, self.order = turn, Random(turn).sample(range(GROUPS), GROUPS)
        return self.order[place]

    def _class(self, name: str) -> str:
        """The name of a class in the table; of many only the first have their own."""
        if name in self.classes or len(self.classes) < MOST_CLASSES:
            self.classes.add(name)
            return name
        return "(other)"

    def _hold(self, name: str, value: float | None, unmet: str | None) -> None:
        """Looks at the limits for one image or label. Where the metric is not defined they hold, or
        fail for the reason `unmet`."""
        if (value is None and not unmet) or self.limits.are_none:
            return
        self.held += 1
        why = unmet
        if value is not None:
            objection = self.limits.objection(value, self.metric.unit)
            shown = number(value, self.metric.unit)
            why = objection and f"{self.spec.metric} is {shown}, {objection}"
        self.passed += why is None
        if why and len(self.named) < KEPT:
            self.named.append(CaseVerdict(name, False, why))

    def _hold_labels(self, measured: Measured) -> None:
        values = {each.label: each.value for each in measured.labels}
        there = self.vocabulary.there
        if len(values) < KEPT:  # of more, those that are not among them may count as one
            values = dict.fromkeys(there) | values
        for label, value in values.items():
            self._hold(label, value, UNMATCHED if label in there else None)

    def _measured(self) -> Measured:
        value = self._scaled(self.gathered.value()) if self.judged else None
        span, method = self._interval(value)
        repeats = self._of_repeats() if value is not None else ()
        stranger = self.vocabulary.stranger()
        notes = {stranger: self.judged, **self.notes} if stranger else dict(self.notes)
        labels = tuple(LabelMeasured(*each) for each in self.gathered.by_label() if each[0])
        return Measured(
            name=self.spec.name,
            metric=self.spec.metric,
            combination=self.combination,
            better=self.metric.better or self.spec.goal,
            unit=self.metric.unit,
            value=value,
            low=span.low if span else None,
            high=span.high if span else None,
            method=method,
            repeats=repeats,
            spread=_deviation(repeats),
            judged=self.judged,
            lacking=self.lacking,
            not_judged=dict(self.not_judged),
            labels=labels[:KEPT],
            confusion={there: dict(found) for there, found in sorted(self.confusion.items())},
            notes=notes,
        )

    def _interval(self, value: float | None) -> tuple[Interval | None, Method | None]:
        """Wilson's for a share of cases, else the bootstrap over images. Where the images are all
        alike the bootstrap knows nothing, and there is none; nor of what is counted, not sampled."""
        if value is None or self.metric.whole:
            return None, None
        shares = self.gathered.shares()
        if shares is not None:
            return wilson(*shares), "wilson"
        images = min(self.images, GROUPS)
        if images < 2:
            return None, None
        span = interval(self.gathered.sampled(images), images, self.gathered.resamples)
        return (span, "bootstrap") if span.low < span.high else (None, None)

    def _of_repeats(self) -> tuple[float | None, ...]:
        if self.repeats == 1 or self.metric.whole:
            return ()
        return tuple(self.gathered.of_repeat(repeat) for repeat in range(self.repeats))

    def _scaled(self, value: float | None) -> float | None:
        """What is of the whole run is that of all repeats together."""
        return value * self.repeats if value is not None and self.metric.whole else value

    def _judged(self, measured: Measured) -> tuple[str, Outcome]:
        unmet = _unmatched(self.there) if measured.value is None else None
        said = unmet or value_told(measured)
        if self.spec.per == "label":
            self._hold_labels(measured)
        if self.limits.are_none or (measured.value is None and not unmet):
            return "; ".join([said, *remarks(measured)]), "skipped"
        value, objection = measured.value, None
        if value is not None:
            objection = self.limits.objection(value, self.metric.unit)
        failing = self.held - self.passed
        parts = [f"{said}, {objection}" if objection else said]
        if failing:
            what = "labels" if self.spec.per == "label" else "images"
            parts.append(f"{failing:,} of {self.held:,} {what} fail")
        why = "; ".join([*parts, *remarks(measured)])
        if not objection and not unmet and not failing:
            return why, "passed"
        return why, "warned" if self.spec.level == "warning" else "failed"


def _unmatched(there: int) -> str | None:
    if there < 2:
        return "the only thing of the truth was not matched" if there else None
    return f"none of the {there:,} things of the truth was matched"


def _deviation(values: Sequence[float | None]) -> float | None:
    """The standard deviation of repeats, with n − 1."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    mean = sum(known) / len(known)
    return sqrt(sum((value - mean) ** 2 for value in known) / (len(known) - 1))
