"""What of a run is shown beside the lines of its workflow: checks that do not hold, steps without
answers, and why it was stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.report.github import Annotation
from runner.report.unanswered import Unanswered
from runner.report.verdict_words import title, worst_cases
from runner.text.words import number
from runner.values.problem import Place, Problem
from runner.values.verdict import Verdict
from runner.workflow.spec import Workflow

CASES = 5
"""Cases that an annotation lists; it is a small box."""


def annotations_of_problems(problems: Sequence[Problem]) -> Iterator[Annotation]:
    """One for each mistake or warning of a file."""
    for problem in problems:
        message = problem.message if problem.fix is None else f"{problem.message}\n{problem.fix}"
        name = f"askpix {problem.code}".rstrip()
        yield Annotation(problem.severity, name, message, problem.place)


def annotations_of_run(
    workflow: Workflow,
    verdicts: Sequence[Verdict],
    steps: Sequence[Unanswered],
    stopped: str | None,
) -> Iterator[Annotation]:
    """The worst first: why the run was `stopped` (None when it was not), steps without a usable answer,
    then checks, those first that hold for the smallest share."""
    if stopped is not None:
        name = f"{workflow.name}: stopped before the end"
        yield Annotation("error", name, stopped, Place(str(workflow.path), 1, 1))
    places = {step.id: step.place for step in workflow.steps}
    for step in steps:
        if step.count:
            name = f"{workflow.name}: step {step.step} is not answered"
            of = number(step.results, "result")
            why = f"{step.count:,} of {of} have no usable answer"
            lines = (why, *step.named[:CASES])
            yield Annotation("error", name, "\n".join(lines), places.get(step.step))
    for verdict in sorted(verdicts, key=_share_held):
        if verdict.outcome in ("failed", "warned"):
            lines = (verdict.why, *worst_cases(verdict, CASES))
            yield Annotation(
                "error" if verdict.outcome == "failed" else "warning",
                f"{workflow.name}: {title(verdict)}",
                "\n".join(lines),
                verdict.place,
            )


def _share_held(verdict: Verdict) -> float:
    return verdict.passed / verdict.judged if verdict.judged else 0.0
