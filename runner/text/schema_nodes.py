"""Walks a JSON Schema beside a value: which schema a property or an item stands under.

Local `$ref`s are followed and alternatives (`anyOf`, `oneOf`, `allOf`) are looked through. The
value decides how deep one gets, so a schema that contains itself is no danger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

Node = Mapping[str, object]

NOTHING: Node = {}
"""The schema of a place that the schema does not speak of."""

_ALTERNATIVES = ("allOf", "anyOf", "oneOf")
_LEADING_ON = frozenset({"$ref", *_ALTERNATIVES})


def variants(node: Node, root: Node) -> Iterable[Node]:
    """The node itself, what it refers to, and every alternative it offers, in this order."""
    if _LEADING_ON.isdisjoint(node):
        return (node,)  # nearly every node of every answer comes by here
    return _variants(node, root, set())


def property_node(node: Node, name: str, root: Node) -> Node:
    """The schema of an object's property; `NOTHING` when the schema does not name it."""
    for variant in variants(node, root):
        properties = variant.get("properties")
        if isinstance(properties, Mapping) and isinstance(properties.get(name), Mapping):
            found: Node = properties[name]
            return found
    for variant in variants(node, root):
        others = variant.get("additionalProperties")
        if isinstance(others, Mapping):
            return others
    return NOTHING


def item_node(node: Node, index: int, root: Node) -> Node:
    """The schema of a list's item at this position."""
    for variant in variants(node, root):
        first, items = variant.get("prefixItems"), variant.get("items")
        if isinstance(items, list | tuple):  # draft-07 writes the first items this way
            first, items = items, variant.get("additionalItems")
        if isinstance(first, list | tuple) and index < len(first):
            return first[index] if isinstance(first[index], Mapping) else NOTHING
        if isinstance(items, Mapping):
            return items
    return NOTHING


def properties(node: Node, root: Node) -> dict[str, Node]:
    """Every property that the schema names, in its order."""
    found: dict[str, Node] = {}
    for variant in variants(node, root):
        named = variant.get("properties")
        if isinstance(named, Mapping):
            for name, schema in named.items():
                if isinstance(schema, Mapping):
                    found.setdefault(name, schema)
    return found


def required(node: Node, root: Node) -> frozenset[str]:
    """The properties that an object must have."""
    names: set[str] = set()
    for variant in variants(node, root):
        listed = variant.get("required")
        if isinstance(listed, list | tuple):
            names.update(name for name in listed if isinstance(name, str))
    return frozenset(names)


def types(node: Node, root: Node) -> frozenset[str]:
    """The JSON types that the schema allows by name; empty when it names none."""
    names: set[str] = set()
    for variant in variants(node, root):
        kind = variant.get("type")
        names.update([kind] if isinstance(kind, str) else _texts(kind))
    return frozenset(names)


def annotation(node: Node, key: str, root: Node) -> str | None:
    """The text under an `x-` key of the node or of one of its alternatives."""
    for variant in variants(node, root):
        found = variant.get(key)
        if isinstance(found, str):
            return found
    return None


def path_text(path: Sequence[str | int], schema: Node) -> str:
    """A path in an answer as people read it, under the author's names: `boxes[3].mask`."""
    text, node = "", schema
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
            node = item_node(node, step, schema)
        else:
            node = property_node(node, step, schema)
            name = annotation(node, "x-name", schema) or step
            text += f".{name}" if text else name
    return text


def _variants(node: Node, root: Node, seen: set[int]) -> Iterator[Node]:
    if id(node) in seen:
        return
    seen.add(id(node))
    yield node
    target = node.get("$ref")
    if isinstance(target, str):
        found = _referred(target, root)
        if found is not None:
            yield from _variants(found, root, seen)
    for key in _ALTERNATIVES:
        listed = node.get(key)
        for alternative in listed if isinstance(listed, list | tuple) else ():
            if isinstance(alternative, Mapping):
                yield from _variants(alternative, root, seen)


def _referred(target: str, root: Node) -> Node | None:
    if not target.startswith("#"):
        return None
    found: object = root
    for step in target[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found if isinstance(found, Mapping) else None


def _texts(value: object) -> list[str]:
    return (
        [text for text in value if isinstance(text, str)] if isinstance(value, list | tuple) else []
    )
