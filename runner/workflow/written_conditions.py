"""Conditions as other languages write them: `find.boxes.count > 10`."""

from __future__ import annotations

import re

from runner.workflow.parts import LISTS
from runner.workflow.schema import definition
from runner.workflow.telling import number_in


def condition_in(text: str) -> str | None:
    """The condition that a text means, as the format writes it: `{that: find.boxes.count,
    at_least: 11}`; None when it is none."""
    found = _COMPARED.fullmatch(text)
    if found is None:
        return _alone(text.strip()) if _REFERENCE.fullmatch(text.strip()) else None
    name, value = found["name"], found["value"].strip().strip("\"'")
    said = f"{_KEYS[found['sign']]}: {value}"
    if found["sign"] in (">", "<"):
        said = beyond(name, _KEYS[found["sign"]], value)
    if name in definition("check_metric")["properties"]["metric"]["enum"]:
        return f"{{metric: {name}, {said}}}"
    return f"{{that: {name}, {said}}}"


def beyond(name: str, key: str, value: str) -> str:
    """More than a number, or fewer, where an end always counts, too: of a count, the next one."""
    number = number_in(value)
    if number is None or "." in number or name.rpartition(".")[2] != "count":
        return f"{key}: {value}"
    return f"{key}: {int(number) + (1 if key == 'at_least' else -1)}"


def _alone(name: str) -> str:
    """What a reference without a comparison may stand for: that there is something, or a yes."""
    last = name.rpartition(".")[2]
    if last == "count" or last in LISTS:
        return f"{{that: {name.removesuffix('.count')}.count, at_least: 1}}"
    return f"{{that: {name}, equals: true}}"


_REFERENCE = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)+")

_KEYS = {
    **dict.fromkeys((">=", "=>", "≥", ">"), "at_least"),
    **dict.fromkeys(("<=", "=<", "≤", "<"), "at_most"),
    **dict.fromkeys(("==", "=", "is"), "equals"),
    **dict.fromkeys(("!=", "<>", "≠", "is not"), "not_equals"),
    "contains": "contains",
}

_COMPARED = re.compile(
    r"\s*(?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)\s*"
    r"(?P<sign>>=|=>|≥|<=|=<|≤|==|!=|<>|≠|=|>|<|(?<=\s)(?:is not|is|contains)(?=\s))"
    r"\s*(?P<value>[^<>=\s][^<>=]*)"
)
