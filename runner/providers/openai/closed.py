"""A JSON Schema as `strict: true` wants it: no object may have keys that it does not name."""

from __future__ import annotations

from collections.abc import Mapping

_NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties"})
"""Keywords under which the keys are the author's names, not JSON Schema's words."""

_VALUES = frozenset({"enum", "const", "default", "examples", "required"})
"""Keywords that hold values, not schemas."""


def closed(schema: Mapping[str, object]) -> tuple[Mapping[str, object], bool]:
    """The schema with every object closed, and True; or as it is, and False, when an object in it
    has keys that may be missing, or leaves its keys open.

    Source: OpenAI's guide to structured outputs: `additionalProperties` is false and all keys are
    required. Other servers take both, and then write nothing beside what is asked for.
    """
    if not _may_close(schema):
        return schema, False
    sent = _closed(schema)
    assert isinstance(sent, Mapping)
    return sent, True


def _may_close(node: object) -> bool:
    if isinstance(node, list | tuple):
        return all(map(_may_close, node))
    if not isinstance(node, Mapping):
        return True
    properties = node.get("properties")
    if isinstance(properties, Mapping):
        required = node.get("required")
        if not isinstance(required, list | tuple) or set(required) != set(properties):
            return False
    elif node.get("type") == "object":
        return False
    if node.get("additionalProperties", False) is not False:
        return False
    return all(_may_close(value) for value in _inner(node))


def _inner(node: Mapping[str, object]) -> list[object]:
    found: list[object] = []
    for key, value in node.items():
        if key in _NAMED and isinstance(value, Mapping):
            found += value.values()
        elif key not in _VALUES:
            found.append(value)
    return found


def _closed(node: object) -> object:
    if isinstance(node, list | tuple):
        return [_closed(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    sent = {
        key: {name: _closed(inner) for name, inner in value.items()}
        if key in _NAMED and isinstance(value, Mapping)
        else value
        if key in _VALUES
        else _closed(value)
        for key, value in node.items()
    }
    return {**sent, "additionalProperties": False} if "properties" in sent else sent
