"""`askpix plan --exact`: the tokens of input as the service counts them, beside the estimate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from runner.cli.exits import DONE, NOTHING_RAN, WITHOUT_ANSWER
from runner.stages.plan import Plan
from runner.stages.sample import Sample, Total
from runner.text.excerpt import visible
from runner.text.words import money, number
from runner.values.request import Request
from runner.workflow.spec import Workflow

if TYPE_CHECKING:
    from runner.roles import Connection
    from runner.stages.exact import Counted

SAMPLE = 200
"""So many requests of each model are counted unless more are asked for."""

LIKE_GENERATE_CONTENT = (
    "the service counts no requests of the Interactions API: the same texts and images were counted "
    "in a generateContent request, around which it may put other tokens"
)
SCHEMA = "whether a response schema is in the count is not documented"


@dataclass(frozen=True, slots=True)
class Exact:
    """What counting found about one model. `total` is None when nothing could be counted."""

    model: str
    sample: Sample
    counted: Counted
    total: Total | None
    cost_usd: float | None
    """Of all requests of the plan, with what is assumed of the answers."""

    @property
    def is_whole(self) -> bool:
        """Whether each different request was counted."""
        return len(self.counted.tokens) == self.sample.distinct


class Met:
    """The requests of a plan as they are met: a `Visit`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.samples: dict[str, Sample] = {}
        self.others: set[str] = set()
        self.notes: dict[str, None] = {}

    def __call__(self, provider: str, request: Request, tokens: int) -> None:
        """Counts a request in; those of a provider that counts nothing are left to the estimate."""
        if provider != "gemini":
            self.others.add(provider)
            return
        self.samples.setdefault(request.model, Sample(self.most)).add(request, tokens)
        if request.family == "interactions":
            self.notes[LIKE_GENERATE_CONTENT] = None
        if request.schema is not None:
            self.notes[SCHEMA] = None


def count(
    workflow: Workflow, planned: Plan, met: Met, connection: Connection, day: date
) -> tuple[Exact, ...]:
    """What the service counts for this plan, by model."""
    import asyncio

    from runner.stages.exact import Counting

    counted = asyncio.run(Counting(workflow, connection, met.samples).counts())
    return tuple(
        _exact(workflow, planned, name, sample, counted[name], day)
        for name, sample in met.samples.items()
    )


def exit_code(found: Sequence[Exact]) -> int:
    """0 when all that was drawn was counted, 2 when nothing was, 3 between."""
    if not any(each.counted.failed for each in found):
        return DONE
    return WITHOUT_ANSWER if any(each.counted.tokens for each in found) else NOTHING_RAN


def lines(found: Sequence[Exact], met: Met, planned: Plan) -> Iterator[str]:
    """The counts for people."""
    yield "Input as the service counts it (countTokens):"
    for each in found:
        yield from map(visible, _model_lines(each, planned))
    for note in met.notes if any(each.counted.tokens for each in found) else ():
        yield f"  note: {note}"
    if planned.later:
        yield f"  {number(planned.later, 'request')} wait for an earlier answer: estimated only"
    for provider in sorted(met.others):
        yield f"  {visible(provider)}: counts nothing beforehand; its estimate stands"


def as_json(found: Sequence[Exact], met: Met) -> dict[str, object]:
    """The counts for programs: `input_tokens_from` and `input_tokens_to` are the 95 % interval."""
    return {"models": {each.model: _as_json(each) for each in found}, "notes": list(met.notes)}


def _exact(
    workflow: Workflow, planned: Plan, name: str, sample: Sample, counted: Counted, day: date
) -> Exact:
    total, estimated = sample.total(counted.tokens), planned.by_model[name].cost_usd
    cost = None
    if total is not None and estimated is not None:
        price = workflow.models[name].price_on(day, total.tokens // sample.requests)
        difference = total.tokens - sample.estimate
        cost = estimated + difference * price.input / 1e6 if price else None
    return Exact(name, sample, counted, total, cost)


def _model_lines(each: Exact, planned: Plan) -> Iterator[str]:
    sample, total = each.sample, each.total
    share = planned.by_model[each.model]
    of = f"{len(each.counted.tokens):,} of {number(sample.distinct, 'different request')}"
    yield f"  {each.model}: {of} counted"
    if total is not None:
        about = "" if each.is_whole else "about "
        yield (
            f"    {about}{total.tokens:,} tokens in{_margin(total)}; estimated {sample.estimate:,}"
            f" ({_difference(total.tokens, sample.estimate)})"
        )
        yield (
            f"    about {money(each.cost_usd)} with answers as assumed; "
            f"estimated {money(share.cost_usd)}"
        )
    for why, times in each.counted.failed.most_common(3):
        yield f"    {number(times, 'request')} could not be counted: {why}"
    if each.counted.stopped:
        yield "    no more were tried: it would be the same for every one"


def _margin(total: Total) -> str:
    if total.margin is None:
        return ", by too few to say how sure"
    return f" ± {total.margin:,} (95 %)" if total.margin else ""


def _difference(tokens: int, estimate: int) -> str:
    percent = 100 * (tokens - estimate) / max(estimate, 1)
    return "as estimated" if tokens == estimate else f"{percent:+.1f} %"


def _as_json(each: Exact) -> Mapping[str, object]:
    total, margin = each.total, each.total.margin if each.total else None
    between: tuple[int | None, int | None] = (None, None)
    if total is not None and margin is not None:
        between = (max(0, total.tokens - margin), total.tokens + margin)
    return {
        "requests": each.sample.requests,
        "distinct": each.sample.distinct,
        "counted": len(each.counted.tokens),
        "estimated_input_tokens": each.sample.estimate,
        "input_tokens": total.tokens if total else None,
        "input_tokens_from": between[0],
        "input_tokens_to": between[1],
        "cost_usd": None if each.cost_usd is None else round(each.cost_usd, 9),
        "failed": dict(each.counted.failed),
        "stopped": each.counted.stopped,
    }
