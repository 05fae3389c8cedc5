"""What the format knows and this version cannot run: refused before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.values.problem import Route
from runner.workflow.findings import Findings
from runner.workflow.outputs import FORMATS

SORRY = "cannot run yet in this version"

LATER_FORMATS = frozenset({"coco", "yolo", "labelstudio", "crops"})

LATER_PREPARATION = ("resize", "rotate", "tile")

ONLY_AT_THE_TOP = ("upload", "fetch", "convert", "frame")
"""Preparation that cannot be different for a single step."""

LATER_RUN: Mapping[str, tuple[str, str]] = {
    "mode": ("live", "delete the line: answers come at once"),
}
"""Options of `run`: the value that is no different from saying nothing, and what to do."""


LATER_KEYS = frozenset({"when", "for_each", "examples", "do", *LATER_PREPARATION}) | {
    key for key, (harmless, _) in LATER_RUN.items() if not harmless
}
"""Keys that cannot be used yet, or with one value only: nobody is advised to write them."""


def is_later(key: str, word: object) -> bool:
    """Whether a word of the format cannot run yet as the value of this key."""
    match key:
        case "as":
            return word in LATER_FORMATS
        case "metric":
            return True
        case _:
            return key in LATER_RUN and word != LATER_RUN[key][0]


def tell_what_cannot_run(data: Mapping[str, Any], findings: Findings) -> None:
    """One error for everything in the file that needs a later version."""
    _tell_preparation(data, (), findings)
    for number, step in enumerate(data.get("steps") or ()):
        if isinstance(step, dict):
            _tell_step(step, ("steps", number), findings)
    _tell_checks(data.get("checks") or (), findings)
    _tell_outputs(data.get("outputs") or (), findings)
    _tell_run(data.get("run") or {}, findings)


def _tell_step(step: Mapping[str, Any], route: Route, findings: Findings) -> None:
    kind = step.get("do")
    if kind is not None and kind != "ask":
        fix = "only steps that ask can run: delete this step"
        _tell("W901", (*route, "do"), f"`do: {kind}`", fix, findings)
        return
    for key, code, fix in (
        ("for_each", "W902", "ask about all of it in one prompt"),
        ("when", "W903", "delete it: the step runs for every image"),
        ("examples", "W906", "describe them in words in the prompt"),
    ):
        if step.get(key) is not None:
            _tell(code, (*route, key), f"`{key}`", fix, findings)
    _tell_preparation(step, route, findings)
    for key in ONLY_AT_THE_TOP:
        if step.get(key) is not None:
            fix = f"write `{key}:` at the top of the file, for all steps"
            _tell("W907", (*route, key), f"`{key}` for a single step", fix, findings)


def _tell_preparation(owner: Mapping[str, Any], route: Route, findings: Findings) -> None:
    for key in LATER_PREPARATION:
        if owner.get(key) is not None:
            fix = "change the images yourself before the run, and delete this"
            _tell("W907", (*route, key), f"`{key}`", fix, findings)


def _tell_checks(checks: Sequence[Any], findings: Findings) -> None:
    for number, check in enumerate(checks):
        if isinstance(check, dict) and check.get("metric") is not None:
            fix = "write a check with `that:` and `pass_rate:`"
            if check["metric"] == "cost_usd":
                fix = "write `max_cost_usd:` under `run:`"
            named = f"`metric: {check['metric']}`"
            _tell("W904", ("checks", number, "metric"), named, fix, findings)


def _tell_outputs(outputs: Sequence[Any], findings: Findings) -> None:
    for number, output in enumerate(outputs):
        if isinstance(output, dict) and output.get("as") in LATER_FORMATS:
            fix = f"write one of {', '.join(FORMATS)}"
            _tell("W909", ("outputs", number, "as"), f"`as: {output['as']}`", fix, findings)


def _tell_run(run: Mapping[str, Any], findings: Findings) -> None:
    for key, (harmless, fix) in LATER_RUN.items():
        value = run.get(key)
        if value is not None and value != harmless:
            named = f"`{key}`" if not harmless else f"`{key}: {value}`"
            _tell("W908", ("run", key), named, fix, findings)


def _tell(code: str, route: Route, named: str, fix: str, findings: Findings) -> None:
    findings.error(code, route, f"{named} {SORRY}", fix, key=True)
