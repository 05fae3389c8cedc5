"""Response schemas: what the service accepts, and one spelling of the dialects it takes.

Nothing is refused but a schema that is no object, a `$ref` that leads nowhere, and one that is too
complex. What the service ignores (`maxLength`, `uniqueItems`, …) is ignored here, too.
Source: ai.google.dev, structured output; the docstrings of google-genai 3.4.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.providers.simulator.errors import ApiError

MOST_NODES = 2000
DEEPEST = 40
MOST_NESTED_ITEMS = 100_000
"""The product of nested `maxItems` up to which a schema can be enforced. Google's own limit is not
documented; that there is one is."""

_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions", "patternProperties")


def accepted(schema: object, at: str) -> Mapping[str, object]:
    """The schema, when the service would take it. Raises a 400."""
    if not isinstance(schema, Mapping):
        raise ApiError(400, f"Invalid value at '{at}': the schema is not an object.")
    for count, (node, depth, items) in enumerate(_walk(schema, 0, 1)):
        if count >= MOST_NODES or depth > DEEPEST or items > MOST_NESTED_ITEMS:
            message = "The specified schema produces a constraint that is too complex to enforce."
            raise ApiError(400, f"{message} Simplify it, or lower maxItems of nested arrays.")
        reference = node.get("$ref")
        if isinstance(reference, str) and resolve(reference, schema) is None:
            raise ApiError(400, f"Invalid value at '{at}': $ref '{reference}' cannot be resolved.")
    return schema


def resolve(reference: str, root: Mapping[str, object]) -> Mapping[str, object] | None:
    """The schema that a `$ref` within the same document means; None when there is none."""
    if reference == "#":
        return root
    if not reference.startswith("#"):
        return None
    if not reference.startswith("#/"):
        name = reference[1:]
        return next((node for node, _, _ in _walk(root, 0, 1) if node.get("$anchor") == name), None)
    found: object = root
    for step in reference[2:].split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or step not in found:
            return None
        found = found[step]
    return found if isinstance(found, Mapping) else None


def from_openapi(schema: object) -> object:
    """A schema of the OpenAPI dialect (`"type": "STRING"`, `nullable`) as JSON Schema."""
    if isinstance(schema, list):
        return [from_openapi(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    written = {_plain(key): _translated(_plain(key), value) for key, value in schema.items()}
    if written.pop("nullable", False) is True and isinstance(written.get("type"), str):
        written["type"] = [written["type"], "null"]
    return written


def _translated(key: str, value: object) -> object:
    if key == "type" and isinstance(value, str):
        return value.lower()
    if key in _NAMED and isinstance(value, Mapping):
        return {name: from_openapi(item) for name, item in value.items()}
    if key in _SINGLE or key in _LISTS:
        return from_openapi(value)
    return int(value) if key in _COUNTS and isinstance(value, str) and value.isdigit() else value


_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
"""Of type int64, which JSON of this service may write as text."""


def _plain(key: str) -> str:
    known = {"any_of": "anyOf", "min_items": "minItems", "max_items": "maxItems"}
    return known.get(key, key)


def _walk(
    node: Mapping[str, object], depth: int, items: int
) -> Iterator[tuple[Mapping[str, object], int, int]]:
    """Every schema within a schema, its depth, and how many of it there may be at most."""
    most = node.get("maxItems")
    inner = items * most if isinstance(most, int) and most > 1 else items
    yield node, depth, inner
    if depth > DEEPEST:
        return
    for key, value in node.items():
        if key in _SINGLE:
            children: list[object] = [value]
        elif key in _LISTS and isinstance(value, list):
            children = value
        elif key in _NAMED and isinstance(value, Mapping):
            children = list(value.values())
        else:
            continue
        for child in children:
            if isinstance(child, Mapping):
                yield from _walk(child, depth + 1, inner)
