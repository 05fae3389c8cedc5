"""Metrics of the answers themselves: whether there is one, what it took, whether it is the same again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

from runner.checks.compare import Manner, same
from runner.checks.metrics.gathered import InOrder, Summed
from runner.checks.metrics.metric import Gathered, LooksAt, not_judged, value_of
from runner.checks.metrics.texts import text_of
from runner.checks.things import Placed, comparable, overlaps, place_of, things
from runner.measures import sums
from runner.measures.matching import matches
from runner.measures.texts import similarity
from runner.roles import CaseResults
from runner.text.lookup import PLACES, Missing
from runner.values.measured import Better, Contribution, NotJudged
from runner.values.reference import Reference
from runner.values.result import USABLE, Result

NOT_ASKED = frozenset({"not_run", "skipped"})
NOTHING_ASKED = NotJudged("no step was asked")
TOKENS = ("input_tokens", "output_tokens", "thought_tokens")


@dataclass(frozen=True, slots=True)
class _OfSteps:
    """Looks at the results of one step, or of all that were asked."""

    of: Reference | None = None

    looks_at: ClassVar[LooksAt] = "a step"
    better: ClassVar[Better] = "less"
    unit: ClassVar[str] = ""
    whole: ClassVar[bool] = False

    def _results(self, case: CaseResults) -> Iterator[Result]:
        for name, result in case.steps.items():
            if (self.of is None or self.of.root == name) and result.status not in NOT_ASKED:
                yield result


@dataclass(frozen=True, slots=True)
class _Share(_OfSteps):
    counts: ClassVar[Callable[[Result], bool]]

    def gathered(self, repeats: int) -> Gathered:
        """So many of so many results."""
        return Summed(sums.share, repeats, is_share=True)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """So many of the results of a case."""
        results = list(self._results(case))
        if not results:
            return NOTHING_ASKED
        counted = sum(type(self).counts(each) for each in results)
        return Contribution({"": (float(counted), float(len(results)))})


@dataclass(frozen=True, slots=True)
class ErrorRate(_Share):
    """The share of requests without a usable answer: failed, refused, cut off, unreadable."""

    counts: ClassVar[Callable[[Result], bool]] = staticmethod(lambda r: r.status not in USABLE)


@dataclass(frozen=True, slots=True)
class ValidAnswerRate(_Share):
    """The share of answers that fit their shape wholly: nothing left out, nothing unusable."""

    better: ClassVar[Better] = "more"
    counts: ClassVar[Callable[[Result], bool]] = staticmethod(
        lambda result: result.status in ("ok", "empty")
    )


@dataclass(frozen=True, slots=True)
class CostUsd(_OfSteps):
    """What the answers of the run cost, all repeats together; those from the cache count as if they
    were bought, so that the same answers always cost the same."""

    unit: ClassVar[str] = "USD"
    whole: ClassVar[bool] = True

    def gathered(self, repeats: int) -> Gathered:
        """The sum."""
        return Summed(sums.total, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """What the answers of a case cost."""
        results = list(self._results(case))
        if not results:
            return NOTHING_ASKED
        costs = [result.cost_usd for result in results if result.cost_usd is not None]
        unknown = any(result.cost_usd is None and result.usage for result in results)
        notes = ("answers of unknown price are left out",) if unknown else ()
        return Contribution({"": (float(sum(costs)),)}, notes=notes)


@dataclass(frozen=True, slots=True)
class Tokens(_OfSteps):
    """The tokens of the run as the service counted them, sent, answered and thought, all repeats
    together."""

    unit: ClassVar[str] = "tokens"
    whole: ClassVar[bool] = True

    def gathered(self, repeats: int) -> Gathered:
        """The sum."""
        return Summed(sums.total, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """The tokens of a case."""
        results = list(self._results(case))
        if not results:
            return NOTHING_ASKED
        used = sum(result.usage.get(kind, 0) for result in results for kind in TOKENS)
        return Contribution({"": (float(used),)})


@dataclass(frozen=True, slots=True)
class Seconds95(_OfSteps):
    """95 of 100 results were there in so many seconds, from sending to the end of the answer, with
    retries and without waiting for one's turn. Answers from the cache are not judged."""

    unit: ClassVar[str] = "s"

    def gathered(self, repeats: int) -> Gathered:
        """The numbers in their order."""
        return InOrder(0.95, repeats)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """What each result of a case took."""
        took = [case.seconds[r.step] for r in self._results(case) if r.step in case.seconds]
        return Contribution({"": tuple(took)}) if took else NotJudged("nothing was sent for it")


@dataclass(frozen=True, slots=True)
class Stability:
    """How much the repeats of a case agree, 0–1, the mean of all pairs: of things the overlap of
    matched ones, each without a partner counting as 0; of texts their similarity; of everything else
    1 when it is the same. Repeats without a usable answer are left out: `error_rate` counts them."""

    of: Reference

    looks_at: ClassVar[LooksAt] = "anything"
    better: ClassVar[Better] = "more"
    unit: ClassVar[str] = ""
    whole: ClassVar[bool] = False

    def gathered(self, repeats: int) -> Gathered:
        """The mean over cases: repeats have been looked at by then."""
        return Summed(sums.share, 1)

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """One repeat alone says nothing."""
        return self.compare([case])

    def compare(self, repeats: Sequence[CaseResults]) -> Contribution | NotJudged:
        """The mean agreement of all pairs of repeats."""
        values: list[object] = []
        missing: Missing | None = None
        for case in repeats:
            value = self._value(case)
            if isinstance(value, Missing):
                missing = value
            else:
                values.append(value)
        if len(values) < 2:
            few = NotJudged("fewer than two repeats have a usable answer")
            return not_judged(missing) if missing and not values else few
        pairs = [_agreement(self.of, *pair) for pair in combinations(values, 2)]
        untold = [each for each in pairs if isinstance(each, str)]
        if untold:
            return NotJudged(untold[0])
        known = [each for each in pairs if not isinstance(each, str)]
        return Contribution({"": (sum(known) / len(known), 1.0)})

    def _value(self, case: CaseResults) -> object | Missing:
        if self.of.path and self.of.path[-1] in PLACES:
            return things(self.of, case)
        found = value_of(self.of, case)
        return found if isinstance(found, Missing) else found.value


def _agreement(of: Reference, one: object, other: object) -> float | str:
    """How much two values agree, or a sentence on why nobody can say."""
    match one, other:
        case str(), str():
            return similarity(one, other)
        case tuple(), tuple():
            return _agreement_of_things(of, one, other)
        case _:
            texts = text_of(one), text_of(other)
            if texts[0] is not None and texts[1] is not None and isinstance(one, list):
                return similarity(texts[0], texts[1])
            return float(same(one, other, Manner()) is True)


def _agreement_of_things(
    of: Reference, one: Sequence[Placed], other: Sequence[Placed]
) -> float | str:
    import numpy as np

    most = max(len(one), len(other))
    if most == 0:
        return 1.0
    ious = overlaps(one, other, place_of(of, one, other) or "box")
    if isinstance(ious, str):
        return ious
    if comparable(one, other):
        differs = np.array([[a.label != b.label for b in other] for a in one], dtype=bool)
        ious = np.where(differs.reshape(ious.shape), 0.0, ious)
    return sum(pair.iou for pair in matches(ious, 0.0)) / most
