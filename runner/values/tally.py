"""The running totals of a run: what a progress line and the end of a run show."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.values.event import Event, event
from runner.values.response import Origin
from runner.values.result import USABLE, Result, Status


@dataclass(slots=True)
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

    def add(self, result: Result) -> None:
        """Counts one answer."""
        self.answers += 1
        self.input_tokens += result.usage.get("input_tokens", 0)
        images = result.usage.get("image_tokens")
        known = self.image_tokens is not None and images is not None
        self.image_tokens = (self.image_tokens or 0) + (images or 0) if known else None
        self.cached_tokens += result.usage.get("cached_tokens", 0)
        self.output_tokens += result.usage.get("output_tokens", 0)
        self.thought_tokens += result.usage.get("thought_tokens", 0)
        self.cost_usd += result.cost_usd or 0.0
        self.unpriced += result.cost_usd is None

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


NAMED = 5
"""So many doubtful requests are named; the log names all."""


@dataclass(slots=True)
class Tally:
    """Counts of results so far. `total` is the number of results that the plan promises.

    `cost_usd` and the tokens are those of every response that this run asked for, in all of its
    sessions; `session_usd` is the part of this session. What came from the cache, or from another
    case that asks the same, cost nothing: `saved_usd` is what it would have cost.
    """

    total: int
    done: int = 0
    by_status: dict[Status, int] = field(default_factory=dict)
    by_origin: dict[Origin, int] = field(default_factory=dict)
    """Answers by where they came from in this session."""
    earlier: int = 0
    """Answers of an earlier session of this run: neither asked nor paid for again."""
    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    by_model: dict[str, Spent] = field(default_factory=dict)
    """The same tokens and dollars by the model that answered."""
    cost_usd: float = 0.0
    session_usd: float = 0.0
    saved_usd: float = 0.0
    unpriced: int = 0
    simulated: int = 0
    detections: int = 0
    last_error: str | None = None
    issues: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    """Requests that were sent in this session, every try counted."""
    retried: int = 0
    """Those of them that were not the first try."""
    rate_limited: int = 0
    """Those of them that met a rate limit."""
    doubtful: int = 0
    """Requests that may have been paid for although no response came."""
    doubtful_names: list[str] = field(default_factory=list)
    """Whose they were: the first few names."""
    doubtful_usd: float = 0.0

    def add(self, result: Result, origin: Origin = "asked", *, earlier: bool = False) -> None:
        """Counts one result; `earlier` says that another session of this run had it already."""
        self.done += 1
        self.by_status[result.status] = self.by_status.get(result.status, 0) + 1
        self.simulated += result.simulated
        self.detections += len(result.detections)
        noticed = [*result.issues, *(i for found in result.detections for i in found.issues)]
        for issue in noticed:
            self.issues[issue.code] = self.issues.get(issue.code, 0) + 1
        if result.usage or result.status not in ("failed", "not_run"):
            self._pay(result, origin, earlier)
        if result.status not in USABLE and result.status != "not_run":
            self.last_error = f"{result.case}: {result.error or result.status}"

    def _pay(self, result: Result, origin: Origin, earlier: bool) -> None:
        """Counts what a response cost, or would have cost."""
        self.models[result.model] = self.models.get(result.model, 0) + 1
        if earlier:
            self.earlier += 1
        else:
            self.by_origin[origin] = self.by_origin.get(origin, 0) + 1
        cost = result.cost_usd or 0.0
        if origin != "asked":
            self.saved_usd += cost
            return
        self.by_model.setdefault(result.model, Spent()).add(result)
        self.unpriced += result.cost_usd is None
        self.cost_usd += cost
        self.session_usd += 0.0 if earlier else cost
        self.input_tokens += result.usage.get("input_tokens", 0)
        self.output_tokens += result.usage.get("output_tokens", 0)
        self.thought_tokens += result.usage.get("thought_tokens", 0)

    def note(self, happened: Event) -> None:
        """Counts what happened on the way to the results: a `Log`."""
        match happened.name:
            case "asked":
                self.requests += 1
                self.retried += happened.fields["attempt"] != 1
            case "missed":
                self.rate_limited += happened.fields["kind"] == "rate_limit"
                if happened.fields["maybe_billed"]:
                    self._doubt(happened)
            case "doubtful":
                self._doubt(happened)

    def ended(self, exit_code: int, stopped: str | None, why: str | None, folder: str) -> Event:
        """The end of a session, as its log tells it."""
        counts = (self.done, self.unusable, self.not_asked, self.requests)
        dollars = [round(usd, 9) for usd in (self.cost_usd, self.session_usd, self.saved_usd)]
        return event("run_ended", exit_code, stopped, why, *counts, *dollars, self.doubtful, folder)

    def _doubt(self, happened: Event) -> None:
        name = str(happened.fields["name"])
        self.doubtful += 1
        if name not in self.doubtful_names and len(self.doubtful_names) < NAMED:
            self.doubtful_names.append(name)
        estimate = happened.fields["estimate_usd"]
        self.doubtful_usd += estimate if isinstance(estimate, float | int) else 0.0

    def spent_as_json(self) -> dict[str, object]:
        """Tokens and dollars by model, by the alphabet."""
        return {name: spent.as_json() for name, spent in sorted(self.by_model.items())}

    @property
    def not_asked(self) -> int:
        """Results that the plan promises and that are not there."""
        return max(0, self.total - self.done)

    @property
    def unusable(self) -> int:
        """Results without a usable answer."""
        return self.done - sum(self.by_status.get(status, 0) for status in USABLE)
