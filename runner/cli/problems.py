"""Prints problems: for people, for programs, for GitHub's view of a change.

`--format json` prints one object: `problems` (a list), `errors` and `warnings` (their numbers).
Each problem has exactly these keys: `code`, `severity` ("error" or "warning"), `message`, `file`,
`line`, `column`, `end_column` (from 1, the end exclusive), `route` (keys and list positions),
`fix`, `found`, `expected` — each of them null when there is none — and `allowed`, a list.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Literal, TextIO

from runner.front.problem_text import Look, as_text, count, secret_of
from runner.text.excerpt import visible, visible_json
from runner.values.problem import Problem

Format = Literal["text", "json", "github"]

ANNOTATIONS = 10
"""GitHub shows so many for a step and drops the rest without a word.
Source: docs.github.com, workflow commands, limits of annotations."""


def print_problems(
    problems: Sequence[Problem],
    texts: Mapping[str, str] | None = None,
    *,
    format: Format = "text",
    stream: TextIO | None = None,
) -> None:
    """Prints all problems and, for people, how many there are.

    `texts` holds the text of each file by its name in the places; files that it lacks are read
    from the disk. `stream` is by default stderr for people and stdout for programs.
    """
    stream = stream or (sys.stderr if format == "text" else sys.stdout)
    if format == "text":
        printed = as_text(problems, texts, Look.of(stream), secret_of(problems))
    else:
        printed = as_json(problems) if format == "json" else as_github(problems)
    if printed:
        encoding = stream.encoding or "utf-8"
        stream.write(printed.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def as_json(problems: Sequence[Problem]) -> str:
    """One JSON object, as the head of this module describes it."""
    errors = sum(problem.severity == "error" for problem in problems)
    report = {
        "problems": [_as_object(problem) for problem in problems],
        "errors": errors,
        "warnings": len(problems) - errors,
    }
    return visible_json(report, indent=2)


def _as_object(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_column": place.end_column if place else None,
        "route": list(place.route) if place else None,
        "fix": problem.fix,
        "found": problem.found,
        "expected": problem.expected,
        "allowed": list(problem.allowed),
    }


def as_github(problems: Sequence[Problem]) -> str:
    """Commands that make GitHub show the problems beside the lines of a change: errors first."""
    ranked = sorted(problems, key=lambda problem: problem.severity != "error")
    if len(ranked) <= ANNOTATIONS:
        return "\n".join(map(_annotation, ranked))
    shown, rest = ranked[: ANNOTATIONS - 1], ranked[ANNOTATIONS - 1 :]
    more = f"::{rest[0].severity} title=askpix::and {len(rest)} more: {count(rest)}"
    return "\n".join([*map(_annotation, shown), more])


def _annotation(problem: Problem) -> str:
    properties: dict[str, object] = {}
    if problem.place is not None:
        place = problem.place
        properties = {"file": _from_here(place.file), "line": place.line, "col": place.column}
        if place.end_column is not None:
            properties |= {"endLine": place.line, "endColumn": place.end_column}
    properties["title"] = f"askpix {problem.code}"
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    message = problem.message if problem.fix is None else f"{problem.message}\n{problem.fix}"
    return f"::{problem.severity} {listed}::{_data(message)}"


def _from_here(file: str) -> str:
    """GitHub wants paths that start from the folder of the repository."""
    here = f"{os.getcwd()}{os.sep}"
    return file.removeprefix(here).replace(os.sep, "/")


def _data(text: str) -> str:
    """Source of the escapes: docs.github.com, workflow commands; github.com/actions/toolkit."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return "".join(char if char == "\t" or char.isprintable() else visible(char) for char in text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
