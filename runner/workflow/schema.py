"""The JSON Schema of workflow files, and what a file breaks of it.

The schema uses a small part of JSON Schema (draft-07), judged here: a general library takes longer
to import than all the rest of loading takes, and tells where, but not which key. A test compares
every judgement with that of the `jsonschema` library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from runner.library import schema_file
from runner.values.problem import Route

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of the schema that a value breaks.

    `keyword` is JSON Schema's word for the rule, `limit` its value, `node` the part of the schema
    that holds it, `value` what was found. `names` are the keys that are too many
    (`additionalProperties`), that are missing (`required`) or that no key may have
    (`propertyNames`).
    """

    route: Route
    keyword: str
    limit: Any
    node: Node
    value: object
    names: tuple[str, ...] = ()


@cache
def workflow_schema() -> Node:
    """The schema as shipped."""
    schema: dict[str, Any] = json.loads(schema_file("workflow").read_text(encoding="utf-8"))
    return schema


def definition(name: str) -> Node:
    """One of the schema's definitions: `step_ask`, `run`."""
    found: Node = workflow_schema()["definitions"][name]
    return found


def violations(data: object) -> tuple[Violation, ...]:
    """Everything in the data that the schema does not allow, each once.

    Keys such as `id` are described for steps of every kind and once more for each kind, so some
    mistakes are met twice.
    """
    found: dict[object, Violation] = {}
    for each in _judge(data, workflow_schema(), ()):
        found.setdefault((each.route, each.keyword, str(each.limit), each.names), each)
    return tuple(found.values())


def _judge(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    if "$ref" in node:  # what stands beside it has no meaning in draft-07
        yield from _judge(value, definition(node["$ref"].rpartition("/")[2]), route)
        return
    for keyword, limit in node.items():
        if keyword in _HOLDS:
            if not _HOLDS[keyword](value, limit):
                yield Violation(route, keyword, limit, node, value)
        elif keyword in _BELOW:
            yield from _BELOW[keyword](value, node, route)


def _fits(value: Any, node: Node) -> bool:
    return next(_judge(value, node, ()), None) is None


# --- rules about a value itself ------------------------------------------------------------------


def _is_type(value: Any, limit: str | list[str]) -> bool:
    return any(_TYPES[name](value) for name in ([limit] if isinstance(limit, str) else limit))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON values: 1 is 1.0, and true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _is_unique(value: Any) -> bool:
    return not isinstance(value, list) or not any(
        _same(one, other) for index, one in enumerate(value) for other in value[:index]
    )


_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": _is_type,
    "const": _same,
    "enum": lambda value, limit: any(_same(value, each) for each in limit),
    "minimum": lambda value, limit: not _is_number(value) or value >= limit,
    "maximum": lambda value, limit: not _is_number(value) or value <= limit,
    "exclusiveMinimum": lambda value, limit: not _is_number(value) or value > limit,
    "pattern": lambda value, limit: not isinstance(value, str) or bool(re.search(limit, value)),
    "minLength": lambda value, limit: not isinstance(value, str) or len(value) >= limit,
    "minItems": lambda value, limit: not isinstance(value, list) or len(value) >= limit,
    "maxItems": lambda value, limit: not isinstance(value, list) or len(value) <= limit,
    "minProperties": lambda value, limit: not isinstance(value, dict) or len(value) >= limit,
    "uniqueItems": lambda value, limit: not limit or _is_unique(value),
    "anyOf": lambda value, limit: any(_fits(value, each) for each in limit),
    "not": lambda value, limit: not _fits(value, limit),
}
"""Keywords that a value keeps or breaks as a whole."""


# --- rules about the parts of a value ------------------------------------------------------------


def _properties(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    for name, inner in node["properties"].items():
        if isinstance(value, dict) and name in value:
            yield from _judge(value[name], inner, (*route, name))


def _pattern_properties(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    for pattern, inner in node["patternProperties"].items():
        for name in value if isinstance(value, dict) else ():
            if re.search(pattern, name):
                yield from _judge(value[name], inner, (*route, name))


def _additional(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    if not isinstance(value, dict):
        return
    names = tuple(name for name in value if not _is_named(name, node))
    limit = node["additionalProperties"]
    if limit is False and names:
        yield Violation(route, "additionalProperties", limit, node, value, names)
    elif isinstance(limit, dict):
        for name in names:
            yield from _judge(value[name], limit, (*route, name))


def _is_named(name: str, node: Node) -> bool:
    patterns = node.get("patternProperties", {})
    return name in node.get("properties", {}) or any(re.search(each, name) for each in patterns)


def _required(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    limit = node["required"]
    missing = tuple(name for name in limit if isinstance(value, dict) and name not in value)
    if missing:
        yield Violation(route, "required", limit, node, value, missing)


def _property_names(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    limit = node["propertyNames"]
    for name in value if isinstance(value, dict) else ():
        if not _fits(name, limit):
            yield Violation(route, "propertyNames", limit, limit, value, (name,))


def _items(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        yield from _judge(entry, node["items"], (*route, index))


def _all_of(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    for each in node["allOf"]:
        yield from _judge(value, each, route)


def _if(value: Any, node: Node, route: Route) -> Iterator[Violation]:
    branch = node.get("then" if _fits(value, node["if"]) else "else")
    if branch is not None:
        yield from _judge(value, branch, route)


_BELOW: Mapping[str, Callable[[Any, Node, Route], Iterator[Violation]]] = {
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "required": _required,
    "propertyNames": _property_names,
    "items": _items,
    "allOf": _all_of,
    "if": _if,
}
"""Keywords about the parts of a value, or of which several may be broken."""

SILENT = frozenset(
    [
        "$schema",
        "title",
        "description",
        "examples",
        "default",
        "definitions",
        "then",
        "else",
        "enumDescriptions",
        "defaultSnippets",
        "errorMessage",
        "patternErrorMessage",
        "doNotSuggest",
    ]
)
"""Keywords that judge nothing here: words for people and editors, and parts of other keywords."""

JUDGED = frozenset(_HOLDS) | frozenset(_BELOW) | {"$ref"}
"""Keywords that are judged. A test finds none besides these and the silent ones in the schema."""
