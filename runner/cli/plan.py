"""`askpix plan`: what a run would ask, and what it would cost. Asks nothing; with `--exact` the
service counts the tokens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import click

from runner.catalogue import catalogue
from runner.cli import exact as exact_counts
from runner.cli.exact import Exact, Met
from runner.cli.numbers import whole
from runner.cli.options import (
    address_options,
    leave_on_errors,
    leaving,
    opened,
    workflow_options,
)
from runner.cli.saying import say
from runner.front.connecting import connection_of
from runner.front.environment import BASE_URL_NAME, OPENAI_URL_NAME
from runner.front.opening import problems_before
from runner.roles import OPENAI
from runner.stages.foreseen import Open
from runner.stages.passing import Travel
from runner.stages.plan import Plan, nobody
from runner.text.excerpt import visible, visible_json
from runner.text.words import money, number, tokens, weight
from runner.values.problem import errors_of
from runner.workflow.spec import Combination, Workflow

SHOWN = 12
"""Combinations that are listed."""


@click.command(name="plan")
@click.argument("file", type=click.Path(path_type=Path))
@workflow_options
@address_options
@click.option("--exact", is_flag=True, help="Have the service count the tokens; needs a key.")
@click.option(
    "--sample",
    type=whole(30),
    metavar="N",
    help=f"With --exact: count at most N requests of each model ({exact_counts.SAMPLE}), and reckon"
    " from them.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(
    file: Path,
    variables: tuple[str, ...],
    provider: str | None,
    limit: int | None,
    batch: bool | None,
    allow_outside: bool,
    base_url: str | None,
    api_version: str,
    exact: bool,
    sample: int | None,
    form: Literal["text", "json"],
) -> int:
    """Say what a run would ask, how much, at what cost; asks nothing.

    Tokens and cost are estimates: an image is counted by the rule of its model, a text at four
    characters a token, and nobody can know the length of an answer beforehand. With --exact the
    service counts the input: nothing is answered, but your images are sent.
    """
    if sample is not None and not exact:
        raise click.UsageError("--sample N says how many requests --exact counts; add --exact")
    from runner.story import advice_on_images, make_plan

    workflow = opened(file, variables, provider, limit, batch=batch, allow_outside=allow_outside)
    odd = problems_before(workflow)
    leave_on_errors(odd if errors_of(odd) else (*odd, *advice_on_images(workflow)))
    met = exact_counts.Met(sample or exact_counts.SAMPLE)
    planned = make_plan(workflow, visit=met if exact else nobody)
    found = _counted(workflow, planned, met, base_url, api_version) if exact else ()
    code = exact_counts.exit_code(found)
    request = wire_request(planned, base_url, api_version)
    if request is not None and workflow.run.mode == "batch":
        request = _as_line(planned, request)
    if form == "json":
        told = _as_json(workflow, planned, request)
        if exact:
            told["exact"] = exact_counts.as_json(found, met)
        click.echo(visible_json(told, indent=2))
        return code
    click.echo("\n".join(summary(workflow, planned)))
    if exact:
        click.echo("\n".join(["", *exact_counts.lines(found, met, planned)]))
    if request is not None:
        click.echo("\nThe first request, as it would be sent:\n")
        click.echo(visible_json(request, indent=2))
    return code


def _counted(
    workflow: Workflow, planned: Plan, met: Met, base_url: str | None, api_version: str
) -> tuple[Exact, ...]:
    """What the service counts; leaves the program when a key is needed and there is none."""
    if not met.samples:
        return ()
    with leaving():
        connection = connection_of(workflow, base_url, api_version, None)
    drawn = sum(len(each.drawn()) for each in met.samples.values())
    say(f"counting {number(drawn, 'request')} …")
    return exact_counts.count(workflow, planned, met, connection, date.today())


def summary(workflow: Workflow, planned: Plan) -> list[str]:
    """The plan in a few lines for people."""
    lines = [f"{workflow.name}: {_product(workflow, planned)}"]
    if planned.combinations > 1:
        lines += [f"  {_combination(each)}" for each in workflow.combinations[:SHOWN]]
        if planned.combinations > SHOWN:
            lines.append(f"  … and {planned.combinations - SHOWN:,} more combinations")
    for name, share in planned.by_model.items():
        lines.append(
            f"  {name}: {number(share.requests, 'request')}, about {tokens(share.input_tokens)} "
            f"tokens in and {tokens(share.output_tokens)} out, about {money(share.cost_usd)}"
        )
        lines.append(f"    estimated by: {_rules(share.rules)}")
    lines += _not_sent(planned)
    lines += _batches(workflow, planned)
    lines += [f"  {_travel(each)}" for each in planned.travels]
    lines += [f"  {_open(each)}" for each in planned.open]
    if planned.tiles:
        lines.append(f"  {planned.tiles:,} of them about one tile of an image each")
    if planned.later:
        lines.append(
            f"  {number(planned.later, 'request')} wait for an earlier answer: "
            "their prompts are counted as written"
        )
    if planned.maybe:
        lines.append(f"  {planned.maybe:,} of them only where `when` holds")
    if planned.unreadable:
        lines.append(f"  {number(planned.unreadable, 'case')} cannot be asked:")
        lines += [f"    {image.name}: {image.issue.why}" for image in planned.broken[:10]]
    limit = workflow.run.max_cost_usd
    if limit is not None and planned.cost_usd is not None and planned.cost_usd > limit:
        lines.append(
            f"  the estimate is above max_cost_usd of {money(limit)}: the run stops when it is reached"
        )
    if all(step.provider == "simulator" for step in workflow.asks):
        lines.append("  the simulator answers: nothing is sent, nothing is paid")
    if any(step.provider == OPENAI for step in workflow.asks):
        lines.append(
            "  prices of `provider: openai` are not known here; a server of your own costs nothing"
        )
    return [visible(line) for line in lines]


def _not_sent(planned: Plan) -> list[str]:
    """Why fewer requests are sent than there are."""
    lines = []
    if planned.same:
        lines.append(
            f"  {planned.same:,} of the {number(planned.requests, 'request')} ask exactly what "
            "another one asks, as identical images do: each question is sent once"
        )
    if planned.stored:
        known = "is" if planned.stored == 1 else "are"
        lines.append(f"  {planned.stored:,} {known} answered in the cache, and cost nothing again")
    return lines


def _batches(workflow: Workflow, planned: Plan) -> list[str]:
    """What a run in batches saves."""
    if workflow.run.mode != "batch":
        return []
    costs = [
        None if share.cost_usd is None else share.cost_usd / workflow.models[name].batch_share
        for name, share in planned.by_model.items()
    ]
    live = sum(cost for cost in costs if cost is not None)
    instead = f", instead of about {money(live)}" if live and None not in costs else ""
    waves = "; what waits for an earlier answer takes a day more" if planned.later else ""
    return [f"  in batches: for half of the price{instead}, within a day{waves}"]


def _open(open: Open) -> str:
    """A step of which nobody knows yet how often it is asked."""
    case = "in each case" if open.most is None else f"in each case, at most {open.most:,}"
    most = "" if open.most is None else f": at most {number(open.jobs * open.most, 'request')}"
    return f"step {open.step}: and one request for each entry of {open.over} {case}{most}"


def _travel(travel: Travel) -> str:
    """How some images travel, and why, as a line."""
    images, size = number(travel.images, "image"), f"about {weight(travel.bytes)}"
    match travel.way, travel.why:
        case "files", "said":
            return f"{images} ({size}) uploaded first: the workflow says so"
        case "files", "used":
            return f"{images} ({size}) uploaded first: so many requests need each that less travels"
        case "files", _:
            most = catalogue().safe_bytes_per_request / 1e6
            return f"{images} ({size}) uploaded first: within, a request would pass {most:,.0f} MB"
        case "uri", _:
            return f"{images} by web address: the service fetches them"
        case "fetched", _:
            return f"{images} downloaded here first: pinned, or not for the service to fetch"
        case _:
            return f"{images} ({size}) within the requests"


def _rules(rules: Sequence[str]) -> str:
    more = f"; {len(rules) - 4} more rules" if len(rules) > 4 else ""
    return "; ".join(rules[:4]) + more


def wire_request(planned: Plan, base_url: str | None, api_version: str) -> dict[str, object] | None:
    """The first request with its image bytes left out, and where it goes."""
    if planned.first is None:
        return None
    if planned.first.family == "chat_completions":
        from runner.providers.openai.shown import shown_request as shown_chat

        return shown_chat(planned.first, base_url or os.environ.get(OPENAI_URL_NAME))
    from runner.providers.gemini.shown import shown_request

    address = base_url or os.environ.get(BASE_URL_NAME)
    return shown_request(planned.first, address, api_version, planned.uploaded)


def _as_line(planned: Plan, request: dict[str, object]) -> dict[str, object]:
    """The first request as a line of the file of a batch."""
    assert planned.first is not None
    url = str(request["url"]).replace(":generateContent", ":batchGenerateContent")
    line = {"key": planned.first.key, "request": request["body"]}
    return {"method": "POST", "url": url, "headers": request["headers"], "line of its file": line}


def _product(workflow: Workflow, planned: Plan) -> str:
    factors = [number(planned.cases, "case")]
    if planned.combinations > 1:
        factors.append(number(planned.combinations, "combination"))
    if planned.repeats > 1:
        factors.append(number(planned.repeats, "repeat"))
    counted = [step for step in workflow.asks if step.for_each is None]
    if len(counted) > 1:
        factors.append(number(len(counted), "step"))
    if planned.requests == 0:
        return f"{' × '.join(factors)}, none of which can be asked"
    return f"{' × '.join(factors)} = {number(planned.requests, 'request')}"


def _combination(combination: Combination) -> str:
    return ", ".join(f"{axis}: {value}" for axis, value in combination.items())


def _as_json(
    workflow: Workflow, planned: Plan, request: dict[str, object] | None
) -> dict[str, object]:
    return {
        "workflow": workflow.name,
        "cases": planned.cases,
        "combinations": [dict(combination) for combination in workflow.combinations],
        "repeats": planned.repeats,
        "steps": [step.id for step in workflow.steps],
        "requests": planned.requests,
        "requests_that_wait": planned.later,
        "requests_that_may_be_skipped": planned.maybe,
        "requests_about_tiles": planned.tiles,
        "requests_for_entries": [
            {"step": o.step, "for_each": o.over, "cases": o.jobs, "at_most": o.most}
            for o in planned.open
        ],
        "images": [
            {"way": t.way, "why": t.why, "images": t.images, "bytes": t.bytes}
            for t in planned.travels
        ],
        "unreadable": [
            {"image": image.name, "code": image.issue.code, "why": image.issue.why}
            for image in planned.broken
        ],
        "estimate": {
            name: {
                "requests": share.requests,
                "input_tokens": share.input_tokens,
                "output_tokens_assumed": share.output_tokens,
                "cost_usd": share.cost_usd,
                "rules": list(share.rules),
            }
            for name, share in planned.by_model.items()
        },
        "mode": workflow.run.mode,
        "estimated_cost_usd": planned.cost_usd,
        "plan": planned.key,
        "first_request": request,
    }
