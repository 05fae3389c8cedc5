"""The end of a run: what came of it, which checks held, and where to look."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from runner.report.metrics_json import metrics_json
from runner.story import Outcome
from runner.text.excerpt import visible
from runner.text.words import money, number, tokens
from runner.values.response import Origin
from runner.values.result import USABLE, Status
from runner.values.tally import Tally
from runner.values.verdict import Verdict
from runner.workflow.spec import Workflow

STATUS_WORDS: dict[Status, str] = {
    "ok": "answered",
    "empty": "answered: nothing found",
    "partial": "answered, some items unusable",
    "truncated": "cut off",
    "refused": "refused",
    "malformed": "unreadable answer",
    "failed": "failed",
    "not_run": "not run",
    "skipped": "skipped (`when`)",
}

MARKS = {"passed": "✓", "failed": "✗", "warned": "!", "skipped": "–"}
PLAIN_MARKS = {"passed": "ok", "failed": "FAIL", "warned": "warn", "skipped": "skip"}


LONGEST = 300
"""Letters of an error that are shown; the whole stands in results.jsonl."""


def tell(
    workflow: Workflow, outcome: Outcome, *, resume: str | None = None, only_paths: bool = False
) -> None:
    """Prints the end of a run for people: to stderr, the paths to stdout.

    `resume` is the command that goes on with a run that was stopped. `only_paths` leaves stderr to
    a log for programs.

    Names of files and words of a model are shown, never acted on: control characters are escaped.
    """
    for text in () if only_paths else _lines(workflow, outcome, resume):
        click.echo(visible(text), err=True)
    for path in _places(outcome):
        click.echo(visible(path))


def as_json(
    workflow: Workflow,
    outcome: Outcome,
    *,
    seconds: float | None = None,
    resume: str | None = None,
) -> dict[str, object]:
    """The end of a run for scripts: what `docs/logs.md` says of it.

    `seconds` is how long this session took, `resume` the command that goes on with the run, None
    when there is nothing to go on with.
    """
    tally = outcome.tally
    return {
        "workflow": workflow.name,
        "exit_code": outcome.exit_code,
        "stopped": outcome.halt.kind,
        "why": outcome.halt.why or None,
        "resume": resume,
        "folder": str(outcome.folder),
        "seconds": None if seconds is None else round(seconds, 3),
        "results": tally.done,
        "by_status": dict(sorted(tally.by_status.items())),
        "not_asked": tally.not_asked,
        "issues": dict(sorted(tally.issues.items())),
        "detections": tally.detections,
        "simulated": tally.simulated > 0,
        "answers": {
            "asked": tally.by_origin.get("asked", 0),
            "earlier": tally.earlier,
            "cache": tally.by_origin.get("cache", 0),
            "shared": tally.by_origin.get("shared", 0),
        },
        "requests": {
            "sent": tally.requests,
            "retried": tally.retried,
            "rate_limited": tally.rate_limited,
            "doubtful": tally.doubtful,
        },
        "cost_usd": round(tally.cost_usd, 9),
        "cost_complete": not tally.unpriced,
        "session_usd": round(tally.session_usd, 9),
        "saved_usd": round(tally.saved_usd, 9),
        "doubtful_usd": round(tally.doubtful_usd, 9),
        "tokens": {
            "input": tally.input_tokens,
            "output": tally.output_tokens,
            "thought": tally.thought_tokens,
        },
        "by_model": tally.spent_as_json(),
        "checks": [
            {
                "name": verdict.name,
                "outcome": verdict.outcome,
                "combination": dict(verdict.combination),
                "why": verdict.why,
            }
            for verdict in outcome.verdicts
        ],
        "metrics": metrics_json(outcome.verdicts)["metrics"],
        "outputs": {to: [str(path) for path in paths] for to, paths in outcome.written.items()},
    }


def _lines(workflow: Workflow, outcome: Outcome, resume: str | None) -> Iterator[str]:
    tally = outcome.tally
    yield ""
    yield from _table(
        [(words, f"{count:,}") for words, count in _counts(tally)]
        + ([("not asked", f"{tally.not_asked:,}")] if tally.not_asked else [])
        + ([("noticed", _noticed(tally))] if tally.issues else [])
        + [("cost", _cost(tally))]
    )
    yield from _by_model(tally)
    yield from _not_paid_again(tally)
    yield from _doubtful(tally)
    if tally.simulated:
        yield "  simulated: no model looked at these images"
    if tally.last_error:
        yield f"  last error: {tally.last_error[:LONGEST]}"
    if outcome.verdicts:
        yield ""
        yield from verdict_lines(outcome.verdicts)
    if outcome.halt.kind is not None:
        yield ""
        yield f"stopped before the end: {outcome.halt.why}"
        if resume:
            yield f"{_first(outcome)}: {resume}"


def _counts(tally: Tally) -> Iterator[tuple[str, int]]:
    """How many results of each status there are. A filter answers nothing: what was made of answers
    has a line of its own, unless it failed."""
    made = {status: count for status, count in tally.made.items() if status in USABLE}
    for status, words in STATUS_WORDS.items():
        if count := tally.by_status.get(status, 0) - made.get(status, 0):
            yield words, count
    if made:
        yield "made of answers", sum(made.values())


def _first(outcome: Outcome) -> str:
    """What comes before going on: the same command alone would meet the same end."""
    match outcome.halt.kind:
        case "limit" if "max_requests" in outcome.halt.why:
            return "to go on, raise `max_requests`, then"
        case "limit" if "max_cost_usd" in outcome.halt.why:
            return "to go on, raise `max_cost_usd`, then"
        case "service":
            return "to go on when that is mended"
        case _:
            return "to go on"


def _noticed(tally: Tally) -> str:
    """The commonest issues of the answers and images, by their codes."""
    commonest = sorted(tally.issues.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = ", ".join(f"{code} {count:,}×" for code, count in commonest[:5])
    more = f" and {len(commonest) - 5} more kinds" if len(commonest) > 5 else ""
    return f"{shown}{more} (`issues` in results.jsonl)"


def _cost(tally: Tally) -> str:
    count = tally.input_tokens + tally.output_tokens + tally.thought_tokens
    if not (count or tally.cost_usd or tally.unpriced):
        return "nothing"
    used = tokens(count)
    if 0 < tally.simulated == sum(tally.models.values()):
        return f"nothing ({used} tokens simulated; a model would have cost {money(tally.cost_usd)})"
    known = "" if not tally.unpriced else ", without what answers of unknown price or length cost"
    return f"{money(tally.cost_usd)} for {used} tokens{known}"


def _by_model(tally: Tally) -> Iterator[str]:
    """Where several models answered: what each of them took and cost."""
    if len(tally.by_model) < 2 or tally.simulated:
        return
    for name, spent in sorted(tally.by_model.items()):
        used = tokens(spent.input_tokens + spent.output_tokens + spent.thought_tokens)
        cost = None if spent.unpriced == spent.answers else spent.cost_usd
        yield f"    {name}: {number(spent.answers, 'answer')}, {used} tokens, {money(cost)}"


def _not_paid_again(tally: Tally) -> Iterator[str]:
    """What was there already, of this run, of others, or of another case that asks the same."""
    asked, answered = tally.by_origin.get("asked", 0), sum(tally.models.values())
    if tally.earlier:
        yield (
            f"  {tally.earlier:,} of {answered:,} were answered before and cost nothing again; "
            f"{asked:,} {_were(asked)} asked: {money(tally.session_usd)}"
        )
    free = [
        f"{count:,} {words}"
        for origin, words in FREE.items()
        if (count := tally.by_origin.get(origin, 0))
    ]
    if free:
        yield f"  {', '.join(free)}: nothing was paid for {money(tally.saved_usd)} worth of answers"


FREE: dict[Origin, str] = {
    "cache": "came from the cache",
    "shared": "asked exactly what another case asked (identical images do)",
}


def _doubtful(tally: Tally) -> Iterator[str]:
    """Who may have been paid for without an answer, by name."""
    if not tally.doubtful:
        return
    names = tally.doubtful_names
    more = "; …" if tally.doubtful > len(names) else ""
    yield (
        f"  {number(tally.doubtful, 'request')} may have been paid for although no answer came "
        f"(about {money(tally.doubtful_usd)} more): {'; '.join(names)}{more}"
    )


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        yield f"  {name:<{width}}  {value}"


def verdict_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What every check and metric says, and the first cases that did not pass."""
    for verdict in verdicts:
        combination = ", ".join(f"{axis} {value}" for axis, value in verdict.combination.items())
        where = f" ({combination})" if combination else ""
        yield f"  {_mark(verdict)} {verdict.name}{where}: {verdict.why}"
        if verdict.outcome in ("failed", "warned"):
            lines = [f"{case.case}: {case.why}" for case in verdict.cases]
            others = [line for line in lines if line not in verdict.why]  # it tells the first one
            yield from (f"      {line}" for line in others[:5])
            if len(others) > 5:
                yield f"      and {number(len(others) - 5, 'more case')}: see checks.json"


def _mark(verdict: Verdict) -> str:
    import sys

    try:
        MARKS[verdict.outcome].encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return PLAIN_MARKS[verdict.outcome]
    return MARKS[verdict.outcome]


def _places(outcome: Outcome) -> Iterator[str]:
    """The run folder, then its outputs by their place in it."""
    yield f"{shown(outcome.folder)}{os.sep}"
    for paths in outcome.written.values():
        for path in paths[:3]:
            yield f"  {path.relative_to(outcome.folder)}"
        if len(paths) > 3:
            yield f"  … and {len(paths) - 3:,} more"


def shown(path: Path) -> str:
    """The path from the current folder when that is shorter."""
    try:
        relative = path.resolve().relative_to(Path.cwd())
    except ValueError:
        return str(path)
    return str(relative)
