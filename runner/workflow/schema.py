"""The JSON Schema of workflow files, and what a file breaks of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from runner.library import schema_file
from runner.values.problem import Route

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError


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
    node: Mapping[str, Any]
    value: object
    names: tuple[str, ...] = ()


@cache
def workflow_schema() -> Mapping[str, Any]:
    """The schema as shipped."""
    schema: dict[str, Any] = json.loads(schema_file("workflow").read_text(encoding="utf-8"))
    return schema


def definition(name: str) -> Mapping[str, Any]:
    """One of the schema's definitions: `step_ask`, `run`."""
    found: Mapping[str, Any] = workflow_schema()["definitions"][name]
    return found


def violations(data: object) -> tuple[Violation, ...]:
    """Everything in the data that the schema does not allow, each once.

    Keys such as `id` are described for steps of every kind and once more for each kind, so the
    validator meets some mistakes twice.
    """
    found: dict[object, Violation] = {}
    for error in _validator().iter_errors(data):
        violation = _violation(error)
        limit = json.dumps(violation.limit, default=str)
        found.setdefault((violation.route, violation.keyword, limit, violation.names), violation)
    return tuple(found.values())


def _violation(error: ValidationError) -> Violation:
    keyword, names = str(error.validator), _names(error)
    if "propertyNames" in error.absolute_schema_path:
        keyword = "propertyNames"
    node = error.schema if isinstance(error.schema, Mapping) else {}
    route = tuple(error.absolute_path)
    return Violation(route, keyword, error.validator_value, node, error.instance, names)


def _names(error: ValidationError) -> tuple[str, ...]:
    found = error.instance
    if "propertyNames" in error.absolute_schema_path:
        return (str(found),)
    if not isinstance(found, dict) or not isinstance(error.schema, Mapping):
        return ()
    match error.validator:
        case "required":
            return tuple(name for name in error.schema["required"] if name not in found)
        case "additionalProperties":
            return tuple(name for name in found if not _is_known(name, error.schema))
        case _:
            return ()


def _is_known(name: str, node: Mapping[str, Any]) -> bool:
    from re import search

    patterns = node.get("patternProperties", {})
    return name in node.get("properties", {}) or any(search(each, name) for each in patterns)


@cache
def _validator() -> Draft7Validator:
    from jsonschema import Draft7Validator  # slow to import

    return Draft7Validator(workflow_schema())
