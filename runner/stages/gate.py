"""Gate: whether a step is run for a case, or for an entry: what it needs is there, its `when` holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.checks.cells import with_decimal_commas
from runner.roles import CaseResults
from runner.stages.check import check_of
from runner.values.item import Item
from runner.values.job import Job
from runner.values.result import USABLE, Result, Status
from runner.workflow.spec import CheckSpec, Combination, LocalStep, Merge, Step, Workflow


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """Why a step of a job sends nothing. `status` is that of its result."""

    why: str
    status: Status = "failed"
    code: str = "not_built"


def closed(
    workflow: Workflow,
    step: Step,
    job: Job,
    earlier: Mapping[str, Result],
    item: Item | None = None,
) -> NotBuilt | None:
    """Why a step is not run for its case, or for one `item` of a list; None when it is."""
    if item is not None and item.value is None:
        return NotBuilt("there is nothing in this place of the list", "skipped", "skipped")
    waiting = missing_step(step, earlier)
    if waiting is not None or step.when is None:
        return waiting
    verdict = check_of(step.when).as_condition(_case(workflow, job, earlier, item))
    if verdict.passed:
        return None
    if verdict.passed is None:
        return NotBuilt(f"`when` cannot be told: {verdict.why}", "not_run", "not_run")
    return NotBuilt(f"`when` does not hold: {verdict.why}", "skipped", "skipped")


def missing_step(step: Step, earlier: Mapping[str, Result]) -> NotBuilt | None:
    """The first step without an answer that this one needs. What is merged may have been skipped:
    its fields are then empty."""
    for name in step.needs:
        result = earlier.get(name)
        if result is None or result.status not in USABLE:
            if result is None or result.status != "skipped":
                return NotBuilt(_cause(name, result), "not_run", "not_run")
            if not _may_be_skipped(step, name):
                return NotBuilt(f"step `{name}` was skipped", "skipped", "skipped")
    return None


def _cause(name: str, result: Result | None) -> str:
    """What went wrong in the first place: a row of a table may be all that somebody sees."""
    if result is not None and result.status == "not_run" and result.error:
        return result.error
    why = f"step `{name}` gave no usable answer"
    return f"{why}: {result.error}" if result is not None and result.error else why


def holds(
    condition: CheckSpec, workflow: Workflow, job: Job, earlier: Mapping[str, Result], item: Item
) -> bool:
    """Whether a condition is true of one entry; what cannot be told is not true."""
    return check_of(condition).as_condition(_case(workflow, job, earlier, item)).passed is True


def variables(workflow: Workflow, combination: Combination) -> dict[str, object]:
    """The variables as they are in one combination."""
    prefix = "vars."
    own = {axis.removeprefix(prefix): v for axis, v in combination.items() if axis[:5] == prefix}
    return {**workflow.vars, **own}


def _may_be_skipped(step: Step, name: str) -> bool:
    """Whether a step only adds the fields of this one to something."""
    if not isinstance(step, LocalStep) or not isinstance(step.work, Merge):
        return False
    return step.work.into.root != name


def _case(
    workflow: Workflow, job: Job, earlier: Mapping[str, Result], item: Item | None
) -> CaseResults:
    return CaseResults(
        case=job.case.name,
        repeat=job.repeat,
        combination=job.combination,
        steps=earlier,
        row=_row(workflow, job),
        vars=variables(workflow, job.combination),
        item=None if item is None else item.value,
    )


def _row(workflow: Workflow, job: Job) -> Mapping[str, object]:
    has_commas = workflow.dataset is not None and workflow.dataset.decimal_comma
    return with_decimal_commas(job.case.row) if has_commas else job.case.row
