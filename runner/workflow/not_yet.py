"""What the format knows and this version cannot run: refused before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.values.problem import Route
from runner.workflow.findings import Findings

SORRY = "cannot run yet in this version"

ONLY_AT_THE_TOP = ("upload", "fetch", "frame")
"""Preparation that cannot be different for a single step."""


def is_later(key: str, word: object) -> bool:
    """Whether a word of the format cannot run yet as the value of this key."""
    match key:
        case "rotate":
            return word != "auto"
        case _:
            return False


def tell_what_cannot_run(data: Mapping[str, Any], findings: Findings) -> None:
    """One error for everything in the file that needs a later version."""
    _tell_preparation(data, (), findings)
    for number, step in enumerate(data.get("steps") or ()):
        if isinstance(step, dict):
            _tell_step(step, ("steps", number), findings)


def _tell_step(step: Mapping[str, Any], route: Route, findings: Findings) -> None:
    if step.get("do", "ask") != "ask":
        return
    _tell_preparation(step, route, findings)
    for key in ONLY_AT_THE_TOP:
        if step.get(key) is not None:
            fix = f"write `{key}:` at the top of the file, for all steps"
            _tell("W907", (*route, key), f"`{key}` for a single step", fix, findings)


def _tell_preparation(owner: Mapping[str, Any], route: Route, findings: Findings) -> None:
    turn = owner.get("rotate")
    if turn is not None and turn != "auto":
        fix = "turn the images yourself before the run, and delete this"
        _tell("W907", (*route, "rotate"), f"`rotate: {turn}`", fix, findings)


def _tell(code: str, route: Route, named: str, fix: str, findings: Findings) -> None:
    findings.error(code, route, f"{named} {SORRY}", fix, key=True)
