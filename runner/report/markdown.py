"""A run as Markdown: the summary of a step in CI, or a comment on a change. The verdict comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from runner.report.tally_words import remarks, totals
from runner.report.unanswered import Unanswered
from runner.report.verdict_words import title, worst_cases
from runner.text.markdown import escaped
from runner.text.words import number
from runner.values.problem import Problem
from runner.values.tally import Tally
from runner.values.verdict import Verdict

LARGEST = 1 << 20
"""Bytes that GitHub takes as the summary of a step; of more it takes nothing.
Source: docs.github.com, workflow commands, adding a job summary."""

CASES = 20
"""Failing cases that are listed for each check."""

MARKS = {"passed": "✅", "failed": "❌", "warned": "⚠️", "skipped": "➖"}

CUT = "\n*More does not fit here: see `checks.json` and `junit.xml` of the run.*\n"


def run_markdown(
    name: str,
    tally: Tally,
    verdicts: Sequence[Verdict],
    steps: Sequence[Unanswered],
    stopped: str | None,
    remark: str | None = None,
) -> Iterator[str]:
    """Parts that may be cut off one by one from the end. `stopped` is why the run came to no end, None
    when it did; `remark` is a last line in Markdown of our own."""
    yield f"### {_verdict(name, tally, verdicts, stopped)}\n"
    if verdicts:
        rows = (
            f"| {MARKS[v.outcome]} | {escaped(title(v))} | {escaped(v.why)} |" for v in verdicts
        )
        yield "\n".join(("| | check | result |", "|---|---|---|", *rows, ""))
    if remark:
        yield f"{remark}\n"
    for step in steps:
        if step.count:
            named = [f"{step.count - len(step.named):,} more: see results.jsonl"]
            lines = (*step.named, *(named if step.count > len(step.named) else []))
            yield _folded(f"step {step.step}: {step.count:,} without a usable answer", lines)
    for verdict in verdicts:
        if lines := tuple(worst_cases(verdict, CASES)):
            yield _folded(title(verdict), lines)
    rows = (f"| {escaped(what)} | {escaped(value)} |" for what, value in totals(tally))
    yield "\n".join(("| | |", "|---|---|", *rows, ""))
    if told := list(remarks(tally)):
        yield "".join(f"- {escaped(each)}\n" for each in told)


def rejected_markdown(name: str, why: str) -> Iterator[str]:
    """Of a run that did not begin: `why` has several lines."""
    yield f"### ❌ {escaped(name)}: nothing ran\n"
    yield "".join(f"> {escaped(line)}<br>\n" for line in why.split("\n"))


def mistakes_markdown(problems: Sequence[Problem]) -> Iterator[str]:
    """Of a file that cannot run."""
    yield f"### ❌ nothing ran: {number(len(problems), 'mistake')}\n"
    for problem in problems:
        place = problem.place
        at = f"{place.file}:{place.line}:{place.column}: " if place else ""
        fix = f"; {problem.fix}" if problem.fix else ""
        yield f"- {escaped(f'{at}{problem.message}{fix}')}\n"


def fitted(parts: Iterator[str], room: int) -> str:
    """As many of the parts as fit into `room` bytes, with an empty line after each; when some do not,
    the last line says so. Nothing at all when there is no room for that either."""
    kept, left = "", room - len(CUT.encode())
    for part in parts:
        size = len(part.encode()) + 1
        if size > left:
            return kept + CUT if room >= len(CUT.encode()) else ""
        kept, left = f"{kept}{part}\n", left - size
    return kept


def _verdict(name: str, tally: Tally, verdicts: Sequence[Verdict], stopped: str | None) -> str:
    trouble = "; ".join(_trouble(tally, verdicts, stopped))
    held = ", ".join(_held(verdicts)) if verdicts else "done"
    return f"{'❌' if trouble else '✅'} {escaped(name)}: {trouble or held}"


def _trouble(tally: Tally, verdicts: Sequence[Verdict], stopped: str | None) -> Iterator[str]:
    """Whatever gives a run another exit code than 0."""
    if stopped is not None:
        yield f"stopped before the end: {escaped(stopped)}"
    if unanswered := tally.unusable or tally.failed_entries:
        yield f"{number(unanswered, 'result')} without a usable answer"
    if failed := sum(verdict.outcome == "failed" for verdict in verdicts):
        yield f"{failed:,} of {number(len(verdicts), 'check')} failed"


def _held(verdicts: Sequence[Verdict]) -> Iterator[str]:
    count = Counter(verdict.outcome for verdict in verdicts)
    held, checks = count["passed"], number(len(verdicts), "check")
    of = "" if held == len(verdicts) else f"{held:,} of "
    yield f"{of}{checks} {'holds' if held == 1 else 'hold'}"
    if warned := count["warned"]:
        yield number(warned, "warns", "warn")
    if skipped := count["skipped"]:
        yield f"{number(skipped, 'is', 'are')} not judged"


def _folded(name: str, lines: Sequence[str]) -> str:
    """A list that opens with a click."""
    listed = "".join(f"- {escaped(line)}\n" for line in lines)
    return f"<details><summary>{escaped(name)}</summary>\n\n{listed}\n</details>\n"
