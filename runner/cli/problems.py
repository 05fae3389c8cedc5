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

from runner.cli.ci import repository
from runner.front.problem_text import Look, as_text, secret_of
from runner.report.annotations import annotations_of_problems
from runner.report.github import commands
from runner.text.excerpt import visible_json
from runner.values.problem import Problem

Format = Literal["text", "json", "github"]


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
    return "\n".join(commands(tuple(annotations_of_problems(problems)), repository(os.environ)))
