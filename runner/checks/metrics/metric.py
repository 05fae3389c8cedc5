"""What every metric has: a verb that says what one answer adds, and how that makes a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from runner.checks.cells import right_one
from runner.measures.evidence import Measured as Sampled
from runner.roles import CaseResults
from runner.text.lookup import Found, Missing, MissingKind, look_up
from runner.values.measured import Better, Contribution, NotJudged
from runner.values.reference import Reference

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

Parts = Mapping[str, tuple[float, ...]]

LooksAt = Literal["things", "masks", "text", "number", "value", "anything", "a step", "the run"]
"""What `of` leads to. `value` is a text, a number, or yes or no."""


class Gathered(Protocol):
    """What all answers of a combination add to a metric, in bounded memory."""

    @property
    def resamples(self) -> int:
        """How often it is resampled for an interval."""
        ...

    def put(self, parts: Parts, image: int, repeat: int) -> None:
        """One answer; `image` and `repeat` count from 0."""
        ...

    def sampled(self, images: int) -> Sampled:
        """The metric as one can resample it."""
        ...

    def value(self) -> float | None:
        """The metric of everything; None when it is not defined."""
        ...

    def of_repeat(self, repeat: int) -> float | None:
        """The metric of one repeat by itself."""
        ...

    def by_label(self) -> Iterator[tuple[str, float | None]]:
        """The metric of every label by itself."""
        ...

    def shares(self) -> tuple[int, int] | None:
        """Successes and tries, when the metric is their quotient and nothing else."""
        ...


class Metric(Protocol):
    """One number over a run. Its fields are its options in a workflow."""

    looks_at: ClassVar[LooksAt]
    better: ClassVar[Better]
    unit: ClassVar[str]
    whole: ClassVar[bool]
    """True: of the run as a whole; False: the mean of its repeats."""

    def gathered(self, repeats: int) -> Gathered:
        """Nothing yet; answers are put into it."""
        ...

    def measure(self, case: CaseResults) -> Contribution | NotJudged:
        """What one answer adds."""
        ...


@runtime_checkable
class AcrossRepeats(Protocol):
    """A metric that looks at all repeats of a case together."""

    def compare(self, repeats: Sequence[CaseResults]) -> Contribution | NotJudged:
        """What a case adds."""
        ...


NO_NUMBER = "it is no number"

REASONS: Mapping[MissingKind, str] = {
    "not_run": "its step did not run",
    "unusable": "no usable answer",
    "absent": "the answer does not hold this value",
    "no_truth": "nobody has said what is right",
    "no_number": NO_NUMBER,
}
"""Why an answer is not judged: few sentences, so that they can be counted."""


def not_judged(missing: Missing) -> NotJudged:
    """The reason by its kind; the sentence itself names the case, and would never be counted."""
    return NotJudged(REASONS[missing.kind])


def value_of(reference: Reference, case: CaseResults) -> Found | Missing:
    """The value that a reference leads to in one case."""
    return look_up(reference, case.steps, case.row, case.vars, case.truth, case.item)


def right_value_of(reference: Reference, case: CaseResults) -> Found | Missing:
    """The value that is right in one case; whatever it lacks, there is no truth then."""
    found = right_one(reference, value_of(reference, case))
    return Missing(found.why, "no_truth") if isinstance(found, Missing) else found


Combine = Callable[["Numbers"], "Numbers"]
