"""The running totals of a run: what a progress line and the end of a run show."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.values.result import USABLE, Result, Status


@dataclass(slots=True)
class Tally:
    """Counts of results so far. `total` is the number of results that the plan promises."""

    total: int
    done: int = 0
    by_status: dict[Status, int] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    simulated: int = 0
    detections: int = 0
    last_error: str | None = None
    issues: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Counts one result."""
        self.done += 1
        self.by_status[result.status] = self.by_status.get(result.status, 0) + 1
        self.input_tokens += result.usage.get("input_tokens", 0)
        self.output_tokens += result.usage.get("output_tokens", 0)
        self.thought_tokens += result.usage.get("thought_tokens", 0)
        self.simulated += result.simulated
        self.detections += len(result.detections)
        noticed = [*result.issues, *(i for found in result.detections for i in found.issues)]
        for issue in noticed:
            self.issues[issue.code] = self.issues.get(issue.code, 0) + 1
        if result.usage:
            self.models[result.model] = self.models.get(result.model, 0) + 1
            self.unpriced += result.cost_usd is None
            self.cost_usd += result.cost_usd or 0.0
        if result.status not in USABLE and result.status != "not_run":
            self.last_error = f"{result.case}: {result.error or result.status}"

    @property
    def not_asked(self) -> int:
        """Results that the plan promises and that are not there."""
        return max(0, self.total - self.done)

    @property
    def unusable(self) -> int:
        """Results without a usable answer."""
        return self.done - sum(self.by_status.get(status, 0) for status in USABLE)
