"""What a run has paid, counted from every attempt of every session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spent:
    """What the answers of one model took, as the service counted it, and what they cost.

    `image_tokens` are a part of the input, None when an answer did not tell them; so are
    `cached_tokens`. `unpriced` counts the answers of which nobody knows the cost: `cost_usd` is
    without theirs.
    """

    answers: int = 0
    input_tokens: int = 0
    image_tokens: int | None = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0

    def as_json(self) -> dict[str, object]:
        """As it stands in run.json and in the summary for scripts."""
        return {
            "answers": self.answers,
            "input": self.input_tokens,
            "image": self.image_tokens,
            "cached": self.cached_tokens,
            "output": self.output_tokens,
            "thought": self.thought_tokens,
            "cost_usd": round(self.cost_usd, 9),
            "cost_complete": not self.unpriced,
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """Every attempt of every session, counted when none is under way.

    `sent` are the attempts that left this machine. `by_outcome` counts `answered`, each kind of
    failure, and `unknown`: cut off by the end of its process.

    `cost_usd` is what all answers cost, also those that a later one has replaced, and what a lost
    store is known to have cost; `session_usd` is the part of the newest session. `doubtful` attempts
    brought no answer and may have been paid for: about `doubtful_usd` besides, some of whose names
    are in `doubtful_names`. `bound_usd` is the most that all of this can be: what may have been paid
    and what nobody knows the price of counts with all that was set aside for it.
    """

    attempts: int = 0
    sent: int = 0
    by_outcome: Mapping[str, int] = field(default_factory=dict)
    cost_usd: float = 0.0
    session_usd: float = 0.0
    bound_usd: float = 0.0
    doubtful: int = 0
    doubtful_usd: float = 0.0
    doubtful_names: tuple[str, ...] = ()
    by_model: Mapping[str, Spent] = field(default_factory=dict)
    """What the answers took, by the model that gave them."""

    @property
    def unpriced(self) -> int:
        """Answers of which nobody knows the cost."""
        return sum(spent.unpriced for spent in self.by_model.values())
