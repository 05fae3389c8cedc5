"""Paths that lead out of the folder of the workflow: told before anything of them is read."""

from __future__ import annotations

from pathlib import Path

from runner.sources.inside import LEADS_OUTSIDE, STAY, is_inside
from runner.values.problem import Place, Problem, Route
from runner.workflow.findings import Findings
from runner.workflow.words import quoted


def stays(name: str, path: Path, route: Route, findings: Findings) -> bool:
    """Whether a path written at a route stays in the folder of the workflow; it is told if not."""
    document = findings.document
    if is_inside(path, document.within):
        return True
    findings.problems.append(outside(name, document.place(route)))
    return False


def outside(name: str, place: Place) -> Problem:
    """The problem of a name that leads out of the folder of the workflow."""
    return Problem("W452", f"{quoted(name)} {LEADS_OUTSIDE}", place, fix=STAY)
