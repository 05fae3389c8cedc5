"""What is wrong with the truth of a workflow: its rows, and how they fit the images. Told before a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from runner.sources.inspect import inspect
from runner.sources.opening import Unreadable
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.told import OpenTruth
from runner.stages.gather import gather
from runner.stages.listing import unopened
from runner.stages.survey import Looks
from runner.stages.truth import open_truth
from runner.values.image import FileOrigin, Image
from runner.values.problem import Problem, Rejected, Severity
from runner.values.result import ResultImage
from runner.values.truth import NoTruth
from runner.workflow.spec import TruthSpec, Workflow

Case = tuple[str, tuple[ResultImage, ...]]


def truth_problems(
    workflow: Workflow, clock: Callable[[], float] = time.monotonic
) -> tuple[Problem, ...]:
    """The problems of every truth. Each file is read through once; the first images are looked at
    for their sizes, as long as `clock` allows."""
    return tuple(
        problem
        for spec in workflow.truths
        if spec.column is None
        for problem in _problems(spec, workflow, clock)
    )


@dataclass(slots=True)
class _Fit:
    """How a truth fits the cases of a workflow."""

    cases: int = 0
    without: int = 0
    first: str = ""
    remarks: list[str] = field(default_factory=list)
    flawed: int = 0
    bound: str = ""
    """How far the sizes of images were looked at, when not to the end."""


def _problems(spec: TruthSpec, workflow: Workflow, clock: Callable[[], float]) -> Iterator[Problem]:
    flaws = Flaws()
    assert spec.file is not None
    name = spec.file.name
    try:
        opened = open_truth(spec, flaws, workflow)
    except Unreadable as error:
        message = f"the truth `{name}` cannot be read: {error.issue.why}"
        yield Problem("W413", message, spec.place, found=str(spec.file))
        return
    stops: Severity = "error" if workflow.run.on_error == "stop" else "warning"
    with closing(opened):
        try:
            fit = _fit(opened, workflow, clock)
        except (Rejected, Unreadable, OSError):
            return  # the table of the cases is told elsewhere
        yield from _rows(spec, name, flaws.first, flaws.count, stops)
        yield from _rows(spec, name, fit.remarks, fit.flawed, stops, fit.bound)
        clash = opened.clash()
        if clash:
            fix = "write the folder before the file name, in the truth"
            yield Problem("W419", f"in `{name}`, {clash}", spec.place, fix=fix)
        yield from _misfit(spec, name, fit, opened, workflow)


def _rows(
    spec: TruthSpec,
    name: str,
    first: Sequence[str],
    count: int,
    severity: Severity,
    bound: str = "",
) -> Iterator[Problem]:
    """One problem for each of the first rows that cannot be used, and one for the rest; the last
    says how far was looked."""
    told = [*first]
    if count > len(first):
        least = "at least " if bound else ""
        told.append(f"{least}{count - len(first):,} more entries of `{name}` cannot be used")
    for number, why in enumerate(told, 1):
        ends = bound if number == len(told) else ""
        yield Problem("W432", f"{why}{ends}", spec.place, severity=severity)


def _misfit(
    spec: TruthSpec, name: str, fit: _Fit, opened: OpenTruth, workflow: Workflow
) -> Iterator[Problem]:
    if fit.cases and fit.without == fit.cases:
        message = f"`{name}` holds no truth of any case; {fit.first}"
        fix = "the names in it must be those of the images"
        yield Problem("W418", message, spec.place, fix=fix)
        return
    if fit.without:
        message = (
            f"{fit.without:,} of {fit.cases:,} cases have no truth in `{name}` and are not judged by"
            f" it; {fit.first}"
        )
        yield Problem("W418", message, spec.place, severity="warning")
    unasked, example = opened.unasked()
    chosen = workflow.run.limit or (workflow.dataset is not None and workflow.dataset.where)
    if unasked and not chosen:
        count = "1 image" if unasked == 1 else f"{unasked:,} images"
        message = f"`{name}` names {count} that there is no case of, such as `{example}`"
        yield Problem("W418", message, spec.place, severity="warning")


def _fit(opened: OpenTruth, workflow: Workflow, clock: Callable[[], float]) -> _Fit:
    preparation = workflow.preparation
    looks = Looks(preparation.convert, clock, within=preparation.within)
    fit = _Fit()
    for case, images in _cases(workflow):
        fit.cases += 1
        told = opened.of(case, [_sized(image, looks) for image in images])
        if isinstance(told.truth, NoTruth) and not told.remarks:
            fit.first = fit.first or f"{case}: {told.truth.why}"
            fit.without += 1
        for remark in told.remarks:
            fit.flawed += 1
            if len(fit.remarks) < MOST_REMARKS:
                fit.remarks.append(remark)
    fit.bound = looks.bound
    return fit


MOST_REMARKS = 5


def _sized(image: ResultImage, looks: Looks) -> ResultImage:
    """The image with its size, if there is time to look; one that is not looked at keeps none."""
    if image.path is None or "://" in image.path or not looks.take():
        return image
    found = inspect(
        FileOrigin(Path(image.path), looks.within), image.name, image.role, convert=looks.convert
    )
    return _image(found) if isinstance(found, Image) else image


def _cases(workflow: Workflow) -> Iterator[Case]:
    """The cases by name with the places of their images; no image is opened."""
    for case in gather(workflow, read=unopened):
        images = (_image(each) for each in case.images if isinstance(each, Image))
        yield case.name, tuple(images)


def _image(image: Image) -> ResultImage:
    return ResultImage(
        image.name, image.role, image.location, image.size, image.orientation, image.sha256
    )
