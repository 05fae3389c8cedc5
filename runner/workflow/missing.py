"""What is missing, empty, too much or there twice."""

from __future__ import annotations

from runner.values.problem import Problem
from runner.workflow.document import Document
from runner.workflow.extends import REPLACED
from runner.workflow.schema import Violation
from runner.workflow.telling import (
    example,
    example_of,
    fill_in,
    first_key,
    key_of,
    name_of_value,
    problem,
)
from runner.workflow.words import kind_of, named_part, one_of, quoted
from runner.workflow.wrong_words import choice


def missing_keys(violation: Violation, document: Document) -> Problem:
    """Keys that a part of the file needs and does not have."""
    route, name = violation.route, violation.names[0]
    owner = named_part(route, document.data) or "the file"
    if route[:1] == ("checks",) and name == "that":
        message, fix = f"{owner} does not say what to look at", "write `that:` or `metric:`"
    elif name == "prompt":
        message, fix = f"{owner} needs `prompt`", "write `prompt:` or `prompt_file:`"
        file = document.replaced.get(("steps",))
        if file and document.origin(route) is document.file:
            fix = f"{REPLACED.format(file)}; to change a setting, write it under `defaults:`"
    elif name == "steps":
        message = "the file needs `steps`"
        fix = "write `steps:`, below it `- id: caption` and `prompt:` with what to ask"
    elif name == "version":
        message, fix = "the file needs `version`", "write `version: 1` into the first line"
    elif name == "matrix":
        message, fix = "there is no `matrix` to skip anything of", "write `matrix:`, or delete this"
        at = (*route, "matrix_skip")
        return problem(violation, document, "W202", message, fix, at=at, key=True)
    else:
        needed = one_of(violation.names, "and")
        message, fix = f"{owner} needs {needed}", example_of(name, violation.node) or ""
    at = first_key(route, document)
    return problem(violation, document, "W202", message, fix, at=at, key=True)


def missing_choice(violation: Violation, document: Document) -> Problem | None:
    """None of several keys, or none of several words, of which one is needed."""
    told_there = violation.node.get("errorMessage")
    if told_there:
        said, _, fix = told_there.rstrip(".").partition(": ")
        owner = named_part(violation.route, document.data) or "the file"
        if said.startswith("Say "):
            message = f"{owner} does not s{said[1:]}"
        else:
            message = f"{owner}: {said[0].lower()}{said[1:]}"
        at = first_key(violation.route, document)
        return problem(violation, document, "W202", message, fix or None, at=at, key=True)
    choices = [word for each in violation.limit for word in each.get("enum", ())]
    return choice(violation, document, choices) if choices else None


def excluded(violation: Violation, document: Document) -> Problem:
    """Two keys that exclude one another, or a version of another format."""
    if violation.route == ("version",):
        found = violation.value
        message = f"`version` is always 1 in this format, found {kind_of(found)}"
        return problem(violation, document, "W205", message, "write version: 1")
    said, _, why = str(violation.limit).rstrip(".").partition(": ")
    owner = named_part(violation.route[:-1], document.data)
    fix = "keep one and delete the other" + (f": {why}" if why else "")
    message = f"{owner}: " * bool(owner) + f"{said[0].lower()}{said[1:]}"
    return problem(violation, document, "W203", message, fix, key=True)


def empty(violation: Violation, document: Document) -> Problem:
    """Nothing where something is needed."""
    found, count = violation.value, violation.limit
    name = name_of_value(violation, document)
    if isinstance(found, list) and found:
        message = f"{name} needs {count} entries, found {len(found)}"
        if key_of(violation.route) == "between":
            message, fix = f"{name} takes two numbers", "write the smallest and the largest: [1, 5]"
            return problem(violation, document, "W204", message, fix)
        return problem(violation, document, "W208", message, example(violation, "write"))
    return problem(violation, document, "W208", f"{name} is empty", fill_in(violation))


def too_many(violation: Violation, document: Document) -> Problem:
    """More than two ends of a range."""
    message = f"{name_of_value(violation, document)} takes two numbers"
    return problem(
        violation, document, "W204", message, "write the smallest and the largest: [1, 5]"
    )


def twice(violation: Violation, document: Document) -> Problem | None:
    """An entry that stands in a list already."""
    entries = violation.value if isinstance(violation.value, list) else []
    for index, entry in enumerate(entries):
        if entry in entries[:index]:
            message = f"{quoted(entry)} is twice in {name_of_value(violation, document)}"
            at = (*violation.route, index)
            return problem(violation, document, "W210", message, "delete one", at=at)
    return None
