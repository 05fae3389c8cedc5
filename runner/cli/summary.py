"""The end of a run: what came of it, which checks held, and where to look."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from runner.report.metrics_json import metrics_json
from runner.report.tally_words import remarks, totals
from runner.report.verdict_words import title, worst_cases
from runner.story import Outcome
from runner.text.excerpt import visible
from runner.values.verdict import Verdict
from runner.workflow.spec import Workflow

CASES = 5
"""Failing cases that are listed below a check."""

MARKS = {"passed": "✓", "failed": "✗", "warned": "!", "skipped": "–"}
PLAIN_MARKS = {"passed": "ok", "failed": "FAIL", "warned": "warn", "skipped": "skip"}


def tell(
    outcome: Outcome,
    *,
    resume: str | None = None,
    remark: str | None = None,
    only_paths: bool = False,
) -> None:
    """Prints the end of a run for people: to stderr, the paths to stdout.

    `resume` is the command that goes on with a run that was stopped, `remark` is said of the checks.
    `only_paths` leaves stderr to a log for programs.

    Names of files and words of a model are shown, never acted on: control characters are escaped.
    """
    for text in () if only_paths else _lines(outcome, resume, remark):
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


def _lines(outcome: Outcome, resume: str | None, remark: str | None) -> Iterator[str]:
    tally = outcome.tally
    yield ""
    yield from _table(totals(tally))
    yield from (f"  {remark}" for remark in remarks(tally))
    if outcome.verdicts:
        yield ""
        yield from verdict_lines(outcome.verdicts)
        yield from [f"  {remark}"] * bool(remark)
    if outcome.halt.kind is not None:
        yield ""
        yield f"stopped before the end: {outcome.halt.why}"
        if resume:
            yield f"{_first(outcome)}: {resume}"


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


def _table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        yield f"  {name:<{width}}  {value}"


def verdict_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What every check and metric says, and the first cases that did not pass."""
    for verdict in verdicts:
        yield f"  {_mark(verdict)} {title(verdict)}: {verdict.why}"
        yield from (f"      {line}" for line in worst_cases(verdict, CASES))


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
