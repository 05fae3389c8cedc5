"""The schema that an answer is judged by: what was asked for, without its demands on coordinates."""

from __future__ import annotations

from runner.text.schema_nodes import Node, annotation, properties


def judged_schema(schema: Node) -> dict[str, object]:
    """The schema without its demands on coordinates, and without that for a label beside them.

    A thing found without a name is worth more than none.
    """
    return _judged(schema, schema)


def has_places(node: Node, root: Node) -> bool:
    """True when an object of this schema has coordinates of its own."""
    return any(annotation(part, "x-space", root) for part in properties(node, root).values())


_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions"})
_NOT_SCHEMAS = frozenset({"enum", "const", "default", "examples", "required", "type"})


def _judged(node: Node, root: Node) -> dict[str, object]:
    if "x-space" in node:
        return {}
    clean: dict[str, object] = {}
    for key, part in node.items():
        if key.startswith("x-"):
            continue
        if key in _NAMED and isinstance(part, dict):
            clean[key] = {name: _judged_part(schema, root) for name, schema in part.items()}
        else:
            clean[key] = part if key in _NOT_SCHEMAS else _judged_part(part, root)
    named = clean.get("properties")
    if isinstance(named, dict) and has_places(node, root):
        places = {
            n for n, part in properties(node, root).items() if annotation(part, "x-space", root)
        }
        listed = clean.get("required")
        if isinstance(listed, list | tuple):
            clean["required"] = [n for n in listed if n not in places and n != "label"]
        if isinstance(named.get("label"), dict):
            named["label"] = _or_null(named["label"])
    return clean


def _judged_part(part: object, root: Node) -> object:
    if isinstance(part, dict):
        return _judged(part, root)
    if isinstance(part, list | tuple):
        return [_judged_part(item, root) for item in part]
    return part


def _or_null(node: dict[str, object]) -> dict[str, object]:
    loose = dict(node)
    if isinstance(node.get("type"), str):
        loose["type"] = [node["type"], "null"]
    if isinstance(node.get("enum"), list | tuple):
        loose["enum"] = [*node["enum"], None]  # type: ignore[misc]  # a list or tuple
    return loose if "$ref" not in node else {"anyOf": [node, {"type": "null"}]}
