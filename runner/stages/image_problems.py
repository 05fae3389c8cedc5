"""What is wrong with the images that a workflow names, told before anything runs."""

from __future__ import annotations

from runner.stages.entry_problems import entry_problems
from runner.stages.listing import listed
from runner.stages.pairs import pairs_of
from runner.stages.table_problems import table_problems
from runner.values.problem import Problem
from runner.workflow.spec import ImageEntry, ImageSet, Workflow


def find_pattern_problems(workflow: Workflow) -> tuple[Problem, ...]:
    """Every mistake about files: none there, none like that, none twice, none without a partner.

    Files are listed and looked at from outside; image bytes are read only where a name does not
    say whether a file is an image.
    """
    if workflow.dataset is not None:
        return table_problems(workflow.dataset)
    problems: list[Problem] = []
    for images in workflow.images:
        seen: dict[tuple[int, int], str] = {}
        for entry in images.entries:
            problems += entry_problems(entry, workflow.preparation, seen, len(images.entries) > 1)
    if len(workflow.images) > 1 and not problems_stop(problems):
        problems += _partner_problems(workflow)
    return tuple(problems)


def problems_stop(problems: list[Problem]) -> bool:
    """True when one of them is an error: what follows from it is not told again."""
    return any(problem.severity == "error" for problem in problems)


def _partner_problems(workflow: Workflow) -> list[Problem]:
    found = {
        images.role: [candidate for _, candidate, _ in listed(images, workflow.preparation)]
        for images in workflow.images
    }
    cases = pairs_of(workflow.images, found)
    whole = sum(len(case.positions) == len(found) for case in cases)
    lacking = {
        images.role: [case.name for case in cases if images.role not in case.positions]
        for images in workflow.images
    }
    return [
        _lonely(images, lacking[images.role], len(cases), whole)
        for images in workflow.images
        if lacking[images.role]
    ]


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
