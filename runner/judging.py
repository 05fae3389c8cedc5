"""Judging: the results of a run folder → verdicts, and the files that say why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace

from runner.exporters.atomic import writing
from runner.report.checks_json import checks_json, judged_line
from runner.report.metrics_json import metric_line, metrics_json
from runner.roles import CaseResults
from runner.stages.check import check
from runner.stages.measure import Meters
from runner.stages.truth import case_truths
from runner.store.folder import RunFolder
from runner.store.recorded import Effort
from runner.values.measured import MeasuredAnswer
from runner.values.verdict import JudgedCase, Verdict
from runner.workflow.spec import Workflow

TIMED = frozenset({"seconds_p95"})
"""Metrics that need to know how long answers took."""


def judge(
    workflow: Workflow,
    folder: RunFolder,
    efforts: Callable[[], Iterable[Effort]],
    say: Callable[[str], None],
) -> tuple[Verdict, ...]:
    """The verdicts over results.jsonl, which is read once; written to checks.json and
    metrics.json, and case by case to checks.jsonl and metrics.jsonl. `efforts` says what every result took."""
    took = _took(workflow, efforts)
    with ExitStack() as stack:
        truths = stack.enter_context(case_truths(workflow))
        lines = stack.enter_context(writing(folder.path / "metrics.jsonl"))
        judged_lines = stack.enter_context(writing(folder.path / "checks.jsonl"))

        def keep(answer: MeasuredAnswer) -> None:
            lines.write(f"{metric_line(answer)}\n".encode())

        def keep_judged(judged: JudgedCase) -> None:
            judged_lines.write(f"{judged_line(judged)}\n".encode())

        meters = Meters(workflow.metrics, workflow.run.repeat, keep)
        meters.seat(workflow.combinations)

        def cases() -> Iterator[CaseResults]:
            for case in map(truths.added, folder.case_results(workflow.vars)):
                meters.add(_timed(case, took))
                yield case

        checks, repeat = workflow.checks, workflow.run.repeat
        verdicts = check(checks, cases(), workflow.combinations, repeat, keep_judged)
        verdicts += meters.verdicts()
    folder.write_json("checks.json", checks_json(verdicts))
    if workflow.metrics:
        folder.write_json("metrics.json", metrics_json(verdicts))
    for name, specs in (("metrics.jsonl", workflow.metrics), ("checks.jsonl", workflow.checks)):
        if not specs:
            (folder.path / name).unlink()
    for remark in truths.told():
        say(remark)
    return verdicts


def _took(workflow: Workflow, efforts: Callable[[], Iterable[Effort]]) -> Mapping[int, float]:
    """Seconds by the place in the plan, of what was sent for."""
    if not any(metric.metric in TIMED for metric in workflow.metrics):
        return {}
    return {each.ordinal: each.seconds for each in efforts() if each.attempts}


def _timed(case: CaseResults, took: Mapping[int, float]) -> CaseResults:
    if not took:
        return case
    seconds = {
        name: took[result.ordinal] for name, result in case.steps.items() if result.ordinal in took
    }
    return replace(case, seconds=seconds)
