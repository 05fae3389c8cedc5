"""The running totals of a run: what a progress line and the end of a run show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.values.event import Event, event
from runner.values.response import Origin
from runner.values.result import FINE, USABLE, Result, Status
from runner.values.totals import Spent, Totals


@dataclass(slots=True)
class Tally:
    """Counts of results so far. `total` is the number of results that the plan promises.

    Dollars and tokens are those of every response that this run asked for, in all of its sessions,
    also of those that another one has replaced; `session_usd` is the part of this session. `account`
    takes them from the ledger, and in between they grow with what is answered. What came from the
    cache, or from another case that asks the same, cost nothing: `saved_usd` is what it would have
    cost.
    """

    total: int
    done: int = 0
    by_status: dict[Status, int] = field(default_factory=dict)
    asks: frozenset[str] | None = None
    """The steps that ask; None is all. What the others make of answers is in `made`."""
    made: dict[Status, int] = field(default_factory=dict)
    """Of the results by their status, those of steps that ask nothing."""
    by_origin: dict[Origin, int] = field(default_factory=dict)
    """Answers by where they came from in this session."""
    earlier: int = 0
    """Answers of an earlier session of this run: neither asked nor paid for again."""
    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    by_model: Mapping[str, Spent] = field(default_factory=dict)
    """The same tokens and dollars by the model that answered, as they were last in the ledger."""
    cost_usd: float = 0.0
    session_usd: float = 0.0
    saved_usd: float = 0.0
    unpriced: int = 0
    simulated: int = 0
    detections: int = 0
    last_error: str | None = None
    failed_entries: int = 0
    """Entries of lists (`for_each`) without a usable answer, in results that are usable."""
    entries: int = 0
    """Entries of lists that were gone through."""
    listed: int = 0
    """Results that were made of such entries."""
    lists: int = 0
    """How many such results the plan promises; nobody knows how many entries they will have."""
    issues: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    """Requests that were sent in this session, every try counted."""
    retried: int = 0
    """Those of them that were not the first try."""
    rate_limited: int = 0
    """Those of them that met a rate limit."""
    batches: dict[str, Mapping[str, object]] = field(default_factory=dict)
    """The parts of a run in batches, and what was last heard of each in this session."""
    doubtful: int = 0
    """Requests of all sessions that may have been paid for although no response came."""
    doubtful_names: Sequence[str] = ()
    """Whose they were: the first few names."""
    doubtful_usd: float = 0.0

    def account(self, totals: Totals) -> None:
        """Brings dollars, tokens and doubts in line with the ledger of the run."""
        self.by_model = totals.by_model
        self.cost_usd, self.session_usd = totals.cost_usd, totals.session_usd
        self.unpriced = totals.unpriced
        self.doubtful, self.doubtful_usd = totals.doubtful, totals.doubtful_usd
        self.doubtful_names = totals.doubtful_names
        spent = totals.by_model.values()
        self.input_tokens = sum(each.input_tokens for each in spent)
        self.output_tokens = sum(each.output_tokens for each in spent)
        self.thought_tokens = sum(each.thought_tokens for each in spent)

    def add(
        self,
        result: Result,
        origin: Origin = "asked",
        *,
        earlier: bool = False,
        parts: Sequence[tuple[Result, Origin, bool]] = (),
    ) -> None:
        """Counts one result; `earlier` says that another session of this run had it already. `parts`
        are the answers that it was joined of, with the same: they were paid for, one by one."""
        self.done += 1
        self.by_status[result.status] = self.by_status.get(result.status, 0) + 1
        if self.asks is not None and result.step not in self.asks:
            self.made[result.status] = self.made.get(result.status, 0) + 1
        self.detections += len(result.detections)
        noticed = [*result.issues, *(i for found in result.detections for i in found.issues)]
        for issue in noticed:
            self.issues[issue.code] = self.issues.get(issue.code, 0) + 1
        for each, source, before in parts or ((result, origin, earlier),):
            self.simulated += each.simulated and bool(each.model)
            if each.has_arrived:
                self._answered(each, source, before)
        if result.entries:
            self.listed += 1
            self.entries += len(result.entries)
            if result.status in USABLE:
                failed = [entry for entry in result.entries if entry.lacking]
                self.failed_entries += len(failed)
        if result.status not in USABLE and result.status not in ("not_run", "skipped"):
            self.last_error = f"{result.case}: {result.error or result.status}"

    def _answered(self, result: Result, origin: Origin, earlier: bool) -> None:
        """Counts where a response came from, and what it would have cost if it was not asked for."""
        self.models[result.model] = self.models.get(result.model, 0) + 1
        if earlier:
            self.earlier += 1
        else:
            self.by_origin[origin] = self.by_origin.get(origin, 0) + 1
        if origin != "asked":
            self.saved_usd += result.cost_usd or 0.0

    def note(self, happened: Event) -> None:
        """Counts what happened on the way to the results: a `Log`."""
        match happened.name:
            case "asked":
                self.requests += 1
                self.retried += happened.fields["attempt"] != 1
            case "missed":
                self.rate_limited += happened.fields["kind"] == "rate_limit"
            case "batch":
                self.batches[str(happened.fields["part"])] = happened.fields
            case "answered":
                cost = _number(happened.fields["cost_usd"])
                self.cost_usd += cost
                self.session_usd += cost
                self.input_tokens += int(_number(happened.fields["input_tokens"]))
                self.output_tokens += int(_number(happened.fields["output_tokens"]))
                self.thought_tokens += int(_number(happened.fields["thought_tokens"]))

    def ended(self, exit_code: int, stopped: str | None, why: str | None, folder: str) -> Event:
        """The end of a session, as its log tells it."""
        counts = (self.done, self.unusable, self.not_asked, self.requests)
        dollars = [round(usd, 9) for usd in (self.cost_usd, self.session_usd, self.saved_usd)]
        return event("run_ended", exit_code, stopped, why, *counts, *dollars, self.doubtful, folder)

    def spent_as_json(self) -> dict[str, object]:
        """Tokens and dollars by model, by the alphabet."""
        return {name: spent.as_json() for name, spent in sorted(self.by_model.items())}

    @property
    def likely_entries(self) -> int | None:
        """How many entries there will be, if the lists to come are as long as those so far; None
        before the first one."""
        if not self.listed:
            return None
        return round(self.entries * max(self.lists, self.listed) / self.listed)

    @property
    def not_asked(self) -> int:
        """Results that the plan promises and that are not there."""
        return max(0, self.total - self.done)

    @property
    def unusable(self) -> int:
        """Results without a usable answer; what was skipped wanted none."""
        return self.done - sum(self.by_status.get(status, 0) for status in FINE)


def _number(value: object) -> float:
    return value if isinstance(value, float | int) else 0.0
