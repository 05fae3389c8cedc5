"""Fit: a JSON value that a model wrote → the shape that was asked for, every repair recorded.

What the records were wrapped in, how their keys were called, 1.0 for 1: those are repaired. A
record that breaks the schema is left out, with its place and the reason. Coordinates are not
judged here but when they become pixels: models write them in more ways than a schema can say.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.stages.judged import has_places, judged_schema
from runner.stages.unwrap import unwrap
from runner.text.json_schema import SchemaViolation, validate
from runner.text.schema_nodes import (
    NOTHING,
    Node,
    annotation,
    item_node,
    path_text,
    properties,
    property_node,
    required,
    types,
)
from runner.values.answer import Json
from runner.values.result import Issue
from runner.values.shape import Shape

OTHER_KEYS = {
    "box_2d": ("box2d", "bounding_box", "bbox"),
    "label": ("name", "class", "class_name", "text"),
}
"""What models write instead of a key that was asked for."""

_EXACT_FLOATS = 2**53
"""Up to here a float that is whole is the whole number that was meant."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value of the shape that was asked for. `kept` counts its records, `dropped` those left out."""

    value: Json
    kept: int
    dropped: int = 0
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that is not what was asked for: a sentence, and the path of the place."""

    why: str
    at: str = ""
    issues: tuple[Issue, ...] = ()


def fit(value: Json, shape: Shape, *, cut: bool = False) -> Fitted | Misfit:
    """The value in the shape's own form, or why it has none.

    `cut` is for a list that the text cut off: what would have followed the list may be missing.
    """
    schema = shape.schema or {}
    bare = unwrap(value, shape, item_keys(shape))
    issues = list(bare.issues)
    whole = _tidy(bare.value, schema, (), schema, issues)
    dropped: dict[Path, str] = {}
    for violation in validate(whole, judged_schema(schema)):
        path = tuple(violation.path)
        at = path_text(path, schema)
        item = _item_of(path, shape)
        if violation.keyword == "additionalProperties":
            issues.append(_at("key_unexpected", violation.message, path, schema))
        elif item is not None:
            dropped.setdefault(item, _told(violation, _within(path, len(item), schema)))
        elif not (cut and violation.keyword == "required"):
            return Misfit(_told(violation, at or "the answer"), at, tuple(issues))
    issues += [_dropped_issue(item, why, schema) for item, why in dropped.items()]
    kept = _without(whole, set(dropped), ())
    count = _count(kept, shape)
    if dropped and count == 0:
        return Misfit(_nothing_left(list(dropped.values())), "", tuple(issues))
    return Fitted(kept, count, len(dropped), tuple(issues))


def item_keys(shape: Shape) -> frozenset[str]:
    """Every key that marks an object as one record of the list, in whatever words."""
    schema = shape.schema or {}
    above = property_node(schema, shape.list_key, schema) if shape.list_key else schema
    known = properties(item_node(above, 0, schema), schema)
    names = set(known)
    for wire, node in known.items():
        names.update(_other_keys(wire, node, schema))
    return frozenset(names)


# -- Keys and numbers -----------------------------------------------------------------------------


def _tidy(value: Json, node: Node, path: Path, root: Node, issues: list[Issue]) -> Json:
    if node is NOTHING or annotation(node, "x-space", root):
        return value
    if isinstance(value, dict):
        record = _labelled(_renamed(value, node, path, root, issues), node, path, root, issues)
        return {
            key: _tidy(part, property_node(node, key, root), (*path, key), root, issues)
            for key, part in record.items()
        }
    if isinstance(value, list):
        return [
            _tidy(part, item_node(node, index, root), (*path, index), root, issues)
            for index, part in enumerate(value)
        ]
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT_FLOATS:
        kinds = types(node, root)
        if "integer" in kinds and "number" not in kinds:
            whole = int(value)
            issues.append(_at("whole_number", f"{value} was read as {whole}", path, root))
            return whole
    return value


def _renamed(
    record: dict[str, Json], node: Node, path: Path, root: Node, issues: list[Issue]
) -> dict[str, Json]:
    known = properties(node, root)
    names: dict[str, str] = {}
    for wire, schema in known.items():
        if wire in record:
            continue
        for other in _other_keys(wire, schema, root):
            if other in record and other not in known and other not in names:
                names[other] = wire
                issues.append(_at("key_renamed", f"`{other}` was read as `{wire}`", path, root))
                break
    return {names.get(key, key): part for key, part in record.items()} if names else record


def _other_keys(wire: str, node: Node, root: Node) -> tuple[str, ...]:
    own = annotation(node, "x-name", root)
    return (*((own,) if own else ()), *OTHER_KEYS.get(wire, ()))


def _labelled(
    record: dict[str, Json], node: Node, path: Path, root: Node, issues: list[Issue]
) -> dict[str, Json]:
    if record.get("label") is not None or "label" not in required(node, root):
        return record
    if not has_places(node, root):
        return record
    issues.append(_at("label_missing", "the record has no label", path, root))
    return {**record, "label": None}


# -- What breaks the schema ---------------------------------------------------------------


def _item_of(path: Path, shape: Shape) -> Path | None:
    """The outermost record in a list that the path leads into; a plain value is no record."""
    schema = shape.schema or {}
    node: Node = schema
    for position, step in enumerate(path):
        if isinstance(step, str):
            node = property_node(node, step, schema)
            continue
        node = item_node(node, step, schema)
        listed = path[:position] == ((shape.list_key,) if shape.list_key else ())
        if listed or "object" in types(node, schema):
            return path[: position + 1]
    return None


def _within(path: Path, start: int, schema: Node) -> str:
    """The rest of a path, inside the record that its first steps lead to."""
    return path_text(path, schema)[len(path_text(path[:start], schema)) :].lstrip(".")


def _told(violation: SchemaViolation, at: str) -> str:
    """The violation as a sentence: some messages name their subject themselves."""
    if violation.message.startswith("`"):
        return violation.message if at in ("", "the answer") else f"`{at}`: {violation.message}"
    if at in ("", "the answer"):
        return f"{at or 'the record'} {violation.message}"
    return f"`{at}` {violation.message}"


def _dropped_issue(item: Path, why: str, schema: Node) -> Issue:
    index = item[-1]
    assert isinstance(index, int)
    return Issue("item_dropped", why, at=path_text(item, schema), index=index)


def _nothing_left(reasons: list[str]) -> str:
    if len(reasons) == 1:
        return f"the only record cannot be used: {reasons[0]}"
    return f"none of the {len(reasons)} records can be used; the first: {reasons[0]}"


def _without(value: Json, dropped: set[Path], path: Path) -> Json:
    if not dropped:
        return value
    if isinstance(value, dict):
        return {key: _without(part, dropped, (*path, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [
            _without(part, dropped, (*path, index))
            for index, part in enumerate(value)
            if (*path, index) not in dropped
        ]
    return value


def _count(value: Json, shape: Shape) -> int:
    items = value.get(shape.list_key) if isinstance(value, dict) and shape.list_key else value
    return len(items) if isinstance(items, list) else 1


def _at(code: str, why: str, path: Path, schema: Node) -> Issue:
    index = next((step for step in path if isinstance(step, int)), None)
    return Issue(code, why, at=path_text(path, schema) or None, index=index)
