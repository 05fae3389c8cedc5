"""Before an expensive run: says what it may cost, and asks a person whether to go on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date

from runner.stages.plan import ASSUMED_OUTPUT_TOKENS, ModelShare, Plan
from runner.text.excerpt import visible
from runner.text.words import money
from runner.tokens import cost
from runner.values.response import Usage
from runner.workflow.spec import Workflow

EXPENSIVE_USD = 1.0

LONG_ANSWER = 5
"""An answer with much thinking takes so many times the tokens that the plan assumes."""


def confirm(
    plan: Plan,
    workflow: Workflow,
    yes: bool,
    say: Callable[[str], None],
    *,
    is_paid: bool,
    day: date,
    left: float = 1.0,
    spent_usd: float = 0.0,
) -> bool:
    """Whether to go on. A person is asked only on a terminal, and only about a run worth asking
    about; elsewhere `say` gets a sentence, and nothing ever waits.

    `is_paid`: a service answers that may send a bill. Of a run that goes on, `left` is the share of
    its requests that is still to be asked, `spent_usd` what it has spent.
    """
    why = doubt(plan, workflow, day, left, spent_usd) if is_paid and not yes else None
    if why is None:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        say(f"{why}. There is no terminal to ask at: going on (--yes says so beforehand)")
        return True
    print(visible(f"{why}. Go on? [y/N]"), end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def doubt(
    plan: Plan, workflow: Workflow, day: date, left: float = 1.0, spent_usd: float = 0.0
) -> str | None:
    """Why a person should think about this run first; None when it costs little."""
    limit = workflow.run.max_cost_usd
    unpriced = [name for name, share in plan.by_model.items() if share.cost_usd is None]
    likely = left * sum(share.cost_usd or 0.0 for share in plan.by_model.values())
    if limit is not None and likely > limit - spent_usd:
        to_ask = sum(share.requests for share in plan.by_model.values()) * left
        affordable = int(to_ask * max(0.0, limit - spent_usd) / likely)
        return (
            f"the estimate of {money(likely)} is above {_what_is_left(limit, spent_usd)}: the run "
            f"will stop after about {affordable:,} of {round(to_ask):,} requests"
        )
    if unpriced and limit is None:
        names = ", ".join(unpriced)
        return f"the price of {names} is not known, and no max_cost_usd holds the run back"
    most = left * sum(_most(workflow, name, share, day) for name, share in plan.by_model.items())
    if min(most, limit - spent_usd if limit is not None else most) <= EXPENSIVE_USD:
        return None
    stops = "" if limit is None else f"; it stops at {money(limit)}"
    return f"this may cost about {money(likely)}, with long answers about {money(most)}{stops}"


def _most(workflow: Workflow, name: str, share: ModelShare, day: date) -> float:
    """What the requests to a model cost when its answers are long."""
    if not share.requests:
        return 0.0
    each = share.output_tokens // share.requests
    long = each * LONG_ANSWER if each >= ASSUMED_OUTPUT_TOKENS else each
    usage = Usage(share.input_tokens // share.requests, long)
    return share.requests * (cost(workflow.models[name], usage, day) or 0.0)


def _what_is_left(limit: float, spent_usd: float) -> str:
    if not spent_usd:
        return f"max_cost_usd of {money(limit)}"
    return f"what is left of max_cost_usd ({money(max(0.0, limit - spent_usd))} of {money(limit)})"
