"""The JSON Schema of workflow files, and what a file breaks of it.

The `jsonschema` library judges; what is added here is which *key* is too many or missing, for the
library names the place of the object around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from runner.library import schema_file
from runner.values.problem import Route

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError

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


@cache
def beside(key: str) -> frozenset[str]:
    """The keys that may stand beside a key, wherever it may stand; none when there is no such key."""
    groups = _groups(workflow_schema())
    return frozenset().union(*(group for group in groups if key in group))


def _groups(node: object) -> Iterator[Node]:
    """The keys of every mapping that a schema describes."""
    if isinstance(node, list):
        for each in node:
            yield from _groups(each)
    if isinstance(node, dict):
        if isinstance(keys := node.get("properties"), dict):
            yield keys
        for each in node.values():
            yield from _groups(each)


def violations(data: object) -> tuple[Violation, ...]:
    """Everything in the data that the schema does not allow, each once.

    Keys such as `id` are described for steps of every kind and once more for each kind, so some
    mistakes are met twice.
    """
    found: dict[object, Violation] = {}
    for error in _judge().iter_errors(data):
        for each in _told(error):
            found.setdefault((each.route, each.keyword, str(each.limit), each.names), each)
    return tuple(found.values())


@cache
def _judge() -> Draft7Validator:
    from jsonschema import Draft7Validator  # a tenth of a second to import; `--help` needs it not
    from referencing import Registry

    return Draft7Validator(workflow_schema(), registry=Registry())


def _told(error: ValidationError) -> Iterator[Violation]:
    route: Route = tuple(error.absolute_path)
    keyword = str(error.validator)
    limit: Any = error.validator_value
    value: Any = error.instance
    node: Node = error.schema if isinstance(error.schema, Mapping) else {}
    if "propertyNames" in error.absolute_schema_path:  # the value is the name of a key
        yield Violation(route, "propertyNames", node, node, None, (str(value),))
    elif keyword == "required":
        missing = tuple(name for name in limit if name not in value)
        yield Violation(route, keyword, limit, node, value, missing)
    elif keyword == "additionalProperties":
        names = tuple(name for name in value if not _is_named(name, node))
        yield Violation(route, keyword, limit, node, value, names)
    else:
        yield Violation(route, keyword, limit, node, value)


def _is_named(name: str, node: Node) -> bool:
    patterns = node.get("patternProperties", {})
    return name in node.get("properties", {}) or any(re.search(each, name) for each in patterns)
