"""Values of another kind than is meant: a list for one thing, a text for a number, and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.values.problem import Problem, Route
from runner.workflow.amounts import amount_in, in_dollars
from runner.workflow.document import Document
from runner.workflow.schema import Violation
from runner.workflow.settings import AXES
from runner.workflow.telling import (
    as_name,
    example,
    fill_in,
    key_of,
    name_of_value,
    number_in,
    plain_number,
    problem,
    range_in,
    without_limit,
    write,
)
from runner.workflow.words import as_yaml, kind_of
from runner.workflow.written_conditions import condition_in
from runner.workflow.wrong_words import choice, one_of_choices


def wrong_type(violation: Violation, document: Document) -> Problem:
    """A value that is not of the kind that is meant."""
    types = [violation.limit] if isinstance(violation.limit, str) else list(violation.limit)
    name = name_of_value(violation, document)
    found = violation.value
    choices = violation.node.get("enum", [])
    if found is None:
        fix = one_of_choices(violation, choices) or fill_in(violation)
        return problem(violation, document, "W208", f"{name} is empty", fix)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if choices and (isinstance(found, bool) or (is_number and violation.route[-1] != "thinking")):
        return choice(violation, document, choices)
    wanted = _wanted(types, violation)
    message = f"{name} must be {wanted}, found {kind_of(found)}"
    return problem(violation, document, "W204", message, _type_fix(types, violation, document))


def _wanted(types: list[str], violation: Violation) -> str:
    match violation.route:
        case ("steps",):
            return "a list of steps"
        case ("matrix_skip",):
            return "a list of combinations"
        case ("checks",) | ("outputs",):
            return f"a list of {violation.route[0]}"
        case ("steps", int()) | ("checks", int()) | ("outputs", int()):
            return "written as keys and values"
        case ("matrix", str()):
            return "a list of the values to try"
        case ("steps", int(), "schema"):
            return "a name, a file or a JSON Schema"
        case ("images", *_):
            return "a file, a pattern, or a list of them"
    named = [_TYPE_WORDS[each] for each in types if each in _TYPE_WORDS]
    if set(types) >= {"number", "string"} and "pattern" in violation.node:
        return "a number or a percentage"
    *most, last = named
    return f"{', '.join(most)} or {last}" if most else last


_TYPE_WORDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys with values",
}


def _type_fix(types: list[str], violation: Violation, document: Document) -> str | None:
    found, key = violation.value, key_of(violation.route)
    written = document.text(violation.route)
    match found:
        case str() if _is_condition(violation.route) and (meant := condition_in(found)):
            return f"write {meant}" if isinstance(violation.route[-1], int) else write(key, meant)
        case str() if violation.route[:1] == ("steps",) and len(violation.route) == 2:
            return "write `- id: caption`, and below it `prompt:` with what to ask"
        case int() if key == "thinking" and not isinstance(found, bool):
            return f"for a number of tokens write thinking_budget: {found}"
        case list() if violation.route[:1] == ("defaults",) or violation.route[:1] == ("steps",):
            if key in AXES:
                return (
                    f"to try several values write them under `matrix:`, as {key}: {as_yaml(found)}"
                )
            if len(found) == 1 and "string" in types and isinstance(found[0], str):
                return write(key, found[0])
        case list() if len(found) == 1 and not isinstance(found[0], dict | list):
            return write(key, found[0])
        case int() | float() | bool() if key == "id" and violation.route[:1] == ("steps",):
            return write(key, as_name(written, "step"))
        case bool() if "string" in types:
            return f'put it in quotes: "{written}"'
        case int() | float() if "string" in types and not isinstance(found, bool):
            return f'put it in quotes: "{written}"'
        case str() if types in (["number"], ["integer"]) and (number := number_in(found)):
            return plain_number(violation.route, number, found)
        case str() if types in (["number"], ["integer"]) and (number := amount_in(found, key)):
            if types == ["number"] or number.lstrip("-").isdecimal():
                return plain_number(violation.route, number, found) + in_dollars(found)
        case float() if types == ["integer"] and "." not in (number_in(written) or "."):
            return write(key, number_in(written))
        case str() if key == "between" and (ends := range_in(found)):
            return write(key, f"[{ends[0]}, {ends[1]}]")
        case str() if types == ["boolean"] and found.lower() in _YES_NO:
            return write(key, _YES_NO[found.lower()])
        case str() | int() | float() if "array" in types and "object" not in types:
            if violation.node.get("items", {}).get("type") not in ("object", None) or (
                violation.route[:1] == ("matrix",)
            ):
                return f"write {key}: [{as_yaml(found)}]"
        case dict() if types == ["array"]:
            return _list_fix(found, violation.route)
    return without_limit(violation) or example(violation, "write for example")


_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def _is_condition(route: Route) -> bool:
    """Whether a condition stands here: a check, or `when` or `where` of a step."""
    match route:
        case ("checks", int()) | ("steps", int(), "when") | ("steps", int(), "where", *_):
            return True
    return False


def _list_fix(found: Mapping[str, Any], route: Route) -> str | None:
    """Steps, checks and outputs written as keys where a list is meant."""
    name = next(iter(found), "")
    if route == ("steps",) and isinstance(found.get(name), dict):
        return f"steps are a list, in order: write `- id: {name}` and its keys below it"
    if route and route[0] in ("steps", "checks", "outputs", "matrix_skip"):
        return f"put a dash before the first key of each: `- {name}: …`"
    return None
