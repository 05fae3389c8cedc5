"""The words in which a violation of the format is told: names, examples, places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runner.values.problem import Problem, Route
from runner.workflow.document import Document
from runner.workflow.schema import Violation, definition
from runner.workflow.words import as_yaml, name_of, where


def problem(
    violation: Violation,
    document: Document,
    code: str,
    message: str,
    fix: str | None,
    *,
    at: Route | None = None,
    key: bool = False,
    allowed: tuple[str, ...] = (),
) -> Problem:
    """The problem of a violation, at its value or at the route that is given."""
    route = violation.route if at is None else at
    place = document.place(route, key=key)
    return Problem(code, message, place, fix=fix, allowed=() if fix else allowed)


def name_of_value(violation: Violation, document: Document) -> str:
    """A value by its key and the part of the file that it stands in: "`model` in step `find`"."""
    owner = where(_owner(violation.route), document.data)
    return name_of(violation.route, document.data) + owner


def _owner(route: Route) -> Route:
    """The part of the file that a value belongs to, when its key alone does not say it."""
    match route:
        case ("steps", int() as number, _, *_):
            return ("steps", number)
        case ("checks" | "outputs" | "matrix_skip" as part, int() as number, _, *_):
            return (part, number)
        case _:
            return ()


def key_of(route: Route) -> str:
    """The last key of a route."""
    return next((part for part in reversed(route) if isinstance(part, str)), "")


def first_key(route: Route, document: Document) -> Route:
    """The first key of a mapping, where one that is missing is told; the route itself if none."""
    found = document.value(route)
    return (*route, next(iter(found))) if isinstance(found, dict) and found else route


def example(violation: Violation, verb: str) -> str | None:
    """A fix from the example of the schema: "write limit: 10"."""
    examples = _examples(violation.node)
    key = key_of(violation.route)
    return f"{verb} {key}: {as_yaml(examples[0])}" if examples and key else None


def example_of(name: str, node: Mapping[str, Any]) -> str | None:
    """A fix for a key that is missing."""
    described = node.get("properties", {}).get(name)
    examples = _examples(described) if described else []
    return f"write for example {name}: {as_yaml(examples[0])}" if examples else f"add `{name}:`"


def fill_in(violation: Violation) -> str | None:
    """What to write where nothing stands; several lines are told by their first one."""
    match _examples(violation.node)[:1]:
        case [dict() as pairs] if pairs:
            name, value = next(iter(pairs.items()))
            return f"write below it for example `{name}: {as_yaml(value)}`, or delete the line"
        case [[dict() as pairs, *_]] if pairs:
            name, value = next(iter(pairs.items()))
            return f"write below it for example `- {name}: {as_yaml(value)}`"
    return example(violation, "write")


def _examples(node: Mapping[str, Any]) -> list[Any]:
    found = node.get("examples", [])
    if not found and "$ref" in node:
        found = definition(node["$ref"].rpartition("/")[2]).get("examples", [])
    return list(found)


def write(key: str, value: object) -> str:
    """A fix that can be pasted: "write limit: 10"."""
    return f"write {key}: {value if isinstance(value, str) else as_yaml(value)}"


def as_name(text: str) -> str:
    """A name that the format accepts, as near to this text as possible."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return name if re.match(r"[a-z]", name) else f"n_{name}".rstrip("_")


def as_fix(words: str) -> str | None:
    """A sentence of the schema as the end of ours."""
    return words[:1].lower() + words[1:].rstrip(".") if words else None


def is_number(text: str) -> bool:
    """Whether a text is a number, also with a comma for the decimals."""
    return re.fullmatch(r"\s*[-+]?\d+([.,]\d+)?\s*", text) is not None
