"""What is wrong with the images that a workflow names, told before anything runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from runner.catalogue import catalogue
from runner.stages.entry_problems import entry_problems
from runner.stages.listing import listed
from runner.stages.pairs import pairs_of
from runner.stages.survey import Looks, Survey
from runner.stages.table_problems import table_problems
from runner.values.problem import Problem
from runner.values.reference import Reference
from runner.workflow.spec import ImageEntry, ImageSet, Preparation, Workflow

_UNUSABLE = frozenset({"W414", "W417"})


def find_pattern_problems(
    workflow: Workflow, clock: Callable[[], float] = time.monotonic
) -> tuple[Problem, ...]:
    """Every mistake about files: none there, none like that, none twice, none without a partner,
    a truth that does not fit them, an example among them.

    Files are listed, and the beginning and the end of the first of them are read, as long as
    `clock` allows. An error when nothing can be asked, a warning when some of it can.
    """
    problems = _image_problems(workflow, clock)
    if problems_stop(list(problems)):
        return problems
    if workflow.truths:
        from runner.stages.truth_problems import truth_problems

        problems += truth_problems(workflow, clock)
    if any(step.examples for step in workflow.asks):
        from runner.stages.given_away import given_away

        problems += given_away(workflow, clock)
    return problems


def _image_problems(workflow: Workflow, clock: Callable[[], float]) -> tuple[Problem, ...]:
    preparation = workflow.preparation
    looks = Looks(preparation.convert, clock, within=preparation.within)
    if workflow.dataset is not None:
        return table_problems(workflow.dataset, looks, _columns_of_numbers(workflow))
    problems = [
        problem
        for images in workflow.images
        for problem in _set_problems(images, workflow.preparation, looks)
    ]
    if len(workflow.images) > 1 and not problems_stop(problems):
        problems += _partner_problems(workflow)
    return tuple(problems)


def _columns_of_numbers(workflow: Workflow) -> tuple[str, ...]:
    """The columns of the table with whose cells the checks compare numbers."""
    compared = [
        each.value for check in workflow.checks for each in check.comparisons if each.is_of_number
    ]
    for metric in workflow.metrics:
        compared += metric.references if metric.metric in _OF_NUMBERS else ()
    columns = {spec.name: spec.column for spec in workflow.truths}
    found = dict[str, None]()
    for each in compared:
        if isinstance(each, Reference) and each.path:
            in_table = each.path[0] if each.root == "row" else None
            column = columns.get(each.path[0]) if each.root == "truth" else in_table
            found |= {column: None} if column else {}
    return tuple(found)


_OF_NUMBERS = frozenset({"mean_absolute_error", "count_error", "mean", "total"})


def _set_problems(images: ImageSet, preparation: Preparation, looks: Looks) -> list[Problem]:
    survey = Survey(looks, several=len(images.entries) > 1)
    problems = [
        problem
        for entry in images.entries
        for problem in entry_problems(entry, preparation, survey)
    ]
    problems += _too_many(images, preparation)
    if survey.usable:
        return problems
    return [
        replace(problem, severity="error") if problem.code in _UNUSABLE else problem
        for problem in problems
    ]


def _too_many(images: ImageSet, preparation: Preparation) -> list[Problem]:
    most = catalogue().images_per_request
    count = sum(1 for _ in islice(listed(images, preparation), most + 1)) if images.together else 0
    if count <= most:
        return []
    message = f"`all` names more than {most:,} images, the most that Gemini takes in one request"
    fix = "write a pattern for fewer of them, or a table (`dataset:`) with a row for each request"
    return [Problem("W456", message, images.entries[0].place, fix=fix)]


def problems_stop(problems: list[Problem]) -> bool:
    """True when one of them is an error: what follows from it is not told again."""
    return any(problem.severity == "error" for problem in problems)


def _partner_problems(workflow: Workflow) -> list[Problem]:
    found = {
        images.role: [candidate for _, candidate, _ in listed(images, workflow.preparation)]
        for images in workflow.images
    }
    cases = tuple(pairs_of(workflow.images, found))
    names = {role: {candidate.name for candidate in of} for role, of in found.items()}
    whole = sum(len(case.positions) == len(found) for case in cases)
    lacking = {
        images.role: [case.name for case in cases if images.role not in case.positions]
        for images in workflow.images
    }
    with_all = [
        problem
        for single in workflow.images
        if single.is_with_every_case and not single.together
        for other in workflow.images
        if not other.is_with_every_case
        for problem in _paired_with_all(single, other, names)
    ]
    return with_all + [
        _lonely(images, lacking[images.role], len(cases), whole)
        for images in workflow.images
        if lacking[images.role]
    ]


def _paired_with_all(
    single: ImageSet, other: ImageSet, names: Mapping[str, set[str]]
) -> Iterator[Problem]:
    """A single image has the name of one of several, and goes with all of them."""
    if not names[single.role] < names[other.role]:
        return
    entry = single.entries[0]
    also = min(names[other.role] - names[single.role])
    folder, slash, _ = entry.text.rpartition("/")
    yield Problem(
        "W463",
        f"`{entry.text}` is named like one image of `{other.role}` and goes with all"
        f" {len(names[other.role])} of them, `{also}` too",
        entry.place,
        severity="warning",
        fix=f"write {folder}{slash}* to pair those of the same name, or"
        f" {single.role}: {{all: {entry.text}}} if it is meant for all",
    )


def _lonely(images: ImageSet, names: list[str], cases: int, whole: int) -> Problem:
    entry: ImageEntry = images.entries[0]
    first = f"`{names[0]}`" if len(names) == 1 else f"`{names[0]}` and {len(names) - 1} more"
    return Problem(
        "W411",
        f"`{images.role}` has no image for {first} ({whole} of {cases} cases are complete)",
        entry.place,
        severity="warning" if whole else "error",
        fix="images belong together when their files have the same name",
    )
