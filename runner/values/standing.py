"""Standing: what a run says of itself that it can be compared by. A baseline is one that was accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.values.measured import Better

Parts = Mapping[str, tuple[float, ...]]
"""What one answer adds to a metric, by label."""


@dataclass(frozen=True, slots=True)
class Votes:
    """In how many repeats a check held for a case, and in how many not; both 0: it was not judged."""

    passed: int = 0
    failed: int = 0

    @property
    def held(self) -> bool | None:
        """Most of the judged repeats; a tie fails."""
        return self.passed > self.failed if self.passed + self.failed else None

    @property
    def is_flaky(self) -> bool:
        """The same question got answers of both kinds."""
        return self.passed > 0 and self.failed > 0


@dataclass(frozen=True, slots=True)
class CheckStanding:
    """A per-image check in one combination, by the name of the case."""

    name: str
    definition: Mapping[str, object]
    combination: Mapping[str, object]
    votes: Mapping[str, Votes]

    def judges(self, case: str) -> bool:
        """Whether any repeat of a case was judged."""
        return case in self.votes and self.votes[case].held is not None


@dataclass(frozen=True, slots=True)
class MetricStanding:
    """A metric in one combination. `parts` has of every case what each repeat adds, None where it was
    not judged. `is_own`: the workflow asks for it; False for what every run has."""

    name: str
    definition: Mapping[str, object]
    combination: Mapping[str, object]
    better: Better
    unit: str
    value: float | None
    parts: Mapping[str, tuple[Parts | None, ...]]
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    is_own: bool = True

    def judges(self, case: str) -> bool:
        """Whether any repeat of a case was judged."""
        return any(parts is not None for parts in self.parts.get(case, ()))


@dataclass(frozen=True, slots=True)
class Standing:
    """A run, to be compared with another. Without images, prompts rendered or answers.

    `models` are those that answered; `settings` is the resolved workflow, flat (`steps.find.prompt`), without what only says how to
    run or what to write. `files` are the SHA-256 of other files that shaped it, by what they are
    (`truth boxes.csv`); `images` those of each case, in its order. `seconds` None: not known.
    """

    workflow: str
    run: str
    plan: str
    simulated: bool
    repeat: int
    models: tuple[str, ...]
    settings: Mapping[str, object]
    files: Mapping[str, str]
    images: Mapping[str, tuple[str, ...]]
    checks: tuple[CheckStanding, ...] = ()
    metrics: tuple[MetricStanding, ...] = ()
    cost_usd: float | None = None
    tokens: int = 0
    seconds: float | None = None
    partial: tuple[str, ...] = field(default=())
    """Why it is not whole: sentences, none of a whole run."""
    failed: tuple[str, ...] = field(default=())
    """Its own checks that do not hold, warnings not among them; a baseline does not tell."""
    is_mixed: bool = False
    """Some answers are simulated and some are not."""

    def is_of_another_kind(self, other: Standing) -> bool:
        """Whether a simulator answered in one of them and a model in the other; where nobody answered,
        there is no kind."""
        return bool(self.models and other.models) and self.simulated != other.simulated
