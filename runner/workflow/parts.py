"""What a reference may name in an answer, known from its shape before anything is asked.

The rules are those by which `runner.text.lookup` finds values in results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from runner.text.schema_nodes import annotation, item_node, properties, types, variants
from runner.values.shape import Shape, Space

Node = Mapping[str, object]

Kind = Literal["text", "number", "yes_no", "record", "list", "coordinates", "any"]

LISTS: Mapping[str, Space] = {
    "boxes": "box",
    "points": "point",
    "polygons": "polygon",
    "masks": "mask",
}
"""The name under which everything of a space can be found in any answer."""

AREAS: frozenset[Space] = frozenset({"box", "polygon", "mask"})
"""Places that cover a part of their image."""

STATUSES = (
    "ok",
    "empty",
    "partial",
    "truncated",
    "refused",
    "malformed",
    "failed",
    "not_run",
    "skipped",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A value that a reference leads to.

    `kind` `any` means that nobody knows. `choices` are the only words possible. `entry` is what
    a list holds, `fields` what a record holds. `spaces` are the geometry found in it.
    """

    kind: Kind
    choices: tuple[str, ...] = ()
    entry: Part | None = None
    fields: Mapping[str, Part] = field(default_factory=dict)
    spaces: frozenset[Space] = frozenset()


ANY = Part("any")


@dataclass(frozen=True, slots=True)
class NoSuchPart:
    """A name that leads nowhere: its position in the path, and what could stand there."""

    index: int
    known: tuple[str, ...]
    owner: Part | None = None


def names_of(shape: Shape) -> tuple[str, ...]:
    """What may stand after the id of a step: its fields first, then what every answer has."""
    return tuple(_of_step(shape))


def part_at(shape: Shape | None, path: Sequence[str]) -> Part | NoSuchPart:
    """What a path in the answer of a step leads to. A shape of None is not known."""
    if shape is None:
        return ANY
    if not path:
        return whole(shape)
    known = _of_step(shape)
    if path[0] not in known:
        return NoSuchPart(0, tuple(known))
    return _walk(known[path[0]], path, 1)


def part_in(part: Part, path: Sequence[str]) -> Part | NoSuchPart:
    """What a path in a value leads to."""
    return _walk(part, path, 0)


def whole(shape: Shape) -> Part:
    """The answer of a step as a whole."""
    return Part("text") if shape.schema is None else _part(shape.schema, shape.schema)


def schema_of(part: Part) -> dict[str, object]:
    """A JSON Schema, annotated like that of an answer, of which this is the part."""
    match part.kind:
        case "text":
            return {"type": "string", **({"enum": [*part.choices]} if part.choices else {})}
        case "number":
            return {"type": "number"}
        case "yes_no":
            return {"type": "boolean"}
        case "coordinates":
            return {"x-space": next(iter(part.spaces))} if len(part.spaces) == 1 else {}
        case "list":
            return {"type": "array", "items": schema_of(part.entry) if part.entry else {}}
        case "record":
            fields = {name: schema_of(inner) for name, inner in part.fields.items()}
            return {"type": "object", "properties": fields}
        case "any":
            return {}


def _of_step(shape: Shape) -> dict[str, Part]:
    answer = whole(shape)
    known: dict[str, Part] = dict(answer.fields)
    if answer.kind == "text":
        known["text"] = answer
    rows = _rows(answer)
    for name, space in LISTS.items():
        if space in answer.spaces and name not in known:
            known[name] = Part("list", entry=_record_with(answer, space), spaces=frozenset({space}))
    if rows is not None:
        known.setdefault("rows", rows)
        known.setdefault("count", Part("number"))
        if rows.entry and "label" in rows.entry.fields:
            known.setdefault("labels", Part("list", entry=rows.entry.fields["label"]))
        if answer.kind == "list" and rows.entry:
            if rows.entry.kind == "text":
                known["text"] = answer
            known |= {
                name: Part("list", entry=part)
                for name, part in rows.entry.fields.items()
                if name not in known
            }
    known.setdefault("answer", answer)
    known.setdefault("status", Part("text", choices=STATUSES))
    return known


def _rows(answer: Part) -> Part | None:
    """The list of an answer that is one, or that holds exactly one list."""
    if answer.kind == "list":
        return answer
    lists = [part for part in answer.fields.values() if part.kind == "list"]
    if len(lists) == 1:
        return lists[0]
    if answer.spaces:
        entry = Part("record", fields={"label": Part("text")}, spaces=answer.spaces)
        return Part("list", entry=entry, spaces=answer.spaces)
    return None


def _record_with(answer: Part, space: Space) -> Part:
    """The record that holds this kind of geometry."""
    for record in _records(answer):
        if any(
            space in part.spaces and part.kind == "coordinates" for part in record.fields.values()
        ):
            own = {"label": Part("text")} if "label" not in record.fields else {}
            geometry = Part("coordinates", spaces=frozenset({space}))
            fields = {**own, **record.fields}
            fields.setdefault(space, geometry)
            return Part("record", fields=fields, spaces=record.spaces)
    return ANY


def _records(part: Part) -> Iterator[Part]:
    if part.kind == "record":
        yield part
        for inner in part.fields.values():
            yield from _records(inner)
    elif part.kind == "list" and part.entry:
        yield from _records(part.entry)


def _walk(part: Part, path: Sequence[str], index: int) -> Part | NoSuchPart:
    while index < len(path):
        if part.kind == "any":
            return ANY
        known = _inside(part)
        if path[index] not in known:
            return NoSuchPart(index, tuple(known), part)
        part = known[path[index]]
        index += 1
    return part


def _inside(part: Part) -> dict[str, Part]:
    if part.kind == "record":
        return dict(part.fields)
    if part.kind not in ("list", "coordinates"):
        return {}
    known = {"count": Part("number")}
    if part.entry and part.entry.kind == "record":
        if "label" in part.entry.fields:
            known["labels"] = Part("list", entry=part.entry.fields["label"])
        known |= {name: Part("list", entry=each) for name, each in part.entry.fields.items()}
        if part.kind == "list" and part.spaces & AREAS:
            known.setdefault("area", Part("list", entry=Part("number")))
    return known


DEEPEST = 12
"""A schema that contains itself is looked into no deeper."""


def _part(node: Node, root: Node, depth: int = 0) -> Part:
    space = annotation(node, "x-space", root)
    if space is not None:
        return Part("coordinates", spaces=frozenset({space}))  # type: ignore[arg-type]  # checked
    if depth > DEEPEST:
        return ANY
    kinds = types(node, root) - {"null"}
    if len(kinds) > 1:
        return ANY
    if "object" in kinds or (not kinds and properties(node, root)):
        return _record(node, root, depth)
    if "array" in kinds:
        entry = _part(item_node(node, 0, root), root, depth + 1)
        return Part("list", entry=entry, spaces=entry.spaces)
    if kinds & {"number", "integer"}:
        return Part("number")
    if "boolean" in kinds:
        return Part("yes_no")
    if "string" in kinds:
        return Part("text", choices=_choices(node, root))
    return ANY


def _record(node: Node, root: Node, depth: int) -> Part:
    fields: dict[str, Part] = {}
    for name, inner in properties(node, root).items():
        shown = annotation(inner, "x-name", root) or name
        fields[shown] = _part(inner, root, depth + 1)
    if not fields:
        return ANY  # an object that may hold anything
    spaces = frozenset[Space]().union(*(part.spaces for part in fields.values()))
    return Part("record", fields=fields, spaces=spaces)


def _choices(node: Node, root: Node) -> tuple[str, ...]:
    for variant in variants(node, root):
        listed = variant.get("enum")
        if isinstance(listed, list | tuple):
            return tuple(choice for choice in listed if isinstance(choice, str))
    return ()
