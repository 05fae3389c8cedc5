"""The shape of an answer: from `fields`, `list_of`, a shipped shape or a JSON Schema.

A box travels as `box_2d`, a point as `point`, an outline or mask as `mask`: the names that the
models were trained on (ai.google.dev, image understanding, "Object detection" and "Segmentation").
`x-name` brings the author's own names back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.values.shape import GEMINI_COORDINATES, Coordinates, Shape, Space
from runner.workflow.conventions import convention, described, respoken, suffix
from runner.workflow.parts import names_of

TEXT = Shape()

FieldSpec = object
"""What an author writes for a field: a word, a list of choices, or the long form."""

GEOMETRY: Mapping[str, str] = {
    "box": "box_2d",
    "point": "point",
    "polygon": "mask",
    "mask": "mask",
}
"""Field types that come back in pixels, and the name under which the first of each travels."""

_SPACES: Mapping[str, Space] = {
    "box": "box",
    "point": "point",
    "polygon": "polygon",
    "mask": "mask",
}

PLAIN: Mapping[str, Mapping[str, object]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "yes_no": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "list_of_text": {"type": "array", "items": {"type": "string"}},
}

FIELD_TYPES = (*PLAIN, *GEOMETRY)
"""Every word for what a field holds."""


def shape_from_fields(
    fields: Mapping[str, FieldSpec], coordinates: Coordinates = GEMINI_COORDINATES
) -> Shape:
    """An answer that is one record with these fields."""
    return _shape(_record(fields, coordinates), None, coordinates)


def shape_from_list_of(
    fields: Mapping[str, FieldSpec], coordinates: Coordinates = GEMINI_COORDINATES
) -> Shape:
    """An answer that is a list of such records, in an object: `boxes` when they hold a box."""
    key = "boxes" if "box" in map(_type_of, fields.values()) else "rows"
    schema: dict[str, object] = {
        "type": "object",
        "properties": {key: {"type": "array", "items": _record(fields, coordinates)}},
        "required": [key],
    }
    return _shape(schema, key, coordinates)


def shape_from_schema(
    schema: Mapping[str, object], coordinates: Coordinates = GEMINI_COORDINATES
) -> Shape:
    """An answer that a JSON Schema describes; properties called `box_2d`, `point`, `mask`,
    `polygon` and `box_3d` are known for what they are, others by `x-space`."""
    own = {key: value for key, value in schema.items() if not key.startswith("x-prompt-suffix")}
    marked = _marked(own)
    assert isinstance(marked, dict)
    shape = _shape(marked, _list_key(marked), coordinates)
    given = schema.get("x-prompt-suffix")
    if isinstance(given, str):
        shape = replace(shape, prompt_suffix=f"\n{respoken(given, coordinates)}")
    if coordinates != GEMINI_COORDINATES:
        return replace(shape, schema=described(marked, coordinates))
    return shape


def shape_from_file(path: Path, coordinates: Coordinates = GEMINI_COORDINATES) -> Shape:
    """The shape that a shipped schema file describes."""
    return shape_from_schema(json.loads(path.read_text(encoding="utf-8")), coordinates)


def _shape(schema: dict[str, object], list_key: str | None, coordinates: Coordinates) -> Shape:
    shape = Shape(
        schema=schema,
        list_key=list_key,
        prompt_suffix=suffix(schema, coordinates),
        coordinates=coordinates,
    )
    return replace(shape, parts=names_of(shape))


def _record(fields: Mapping[str, FieldSpec], coordinates: Coordinates) -> dict[str, object]:
    wire_names = _wire_names(fields, coordinates)
    properties = {
        wire_names[name]: _property(name, wire_names[name], spec, coordinates)
        for name, spec in fields.items()
    }
    if any(_type_of(spec) in GEOMETRY for spec in fields.values()):
        properties |= _which_image(properties)
    required = [wire_names[name] for name, spec in fields.items() if not _is_optional(spec)]
    record: dict[str, object] = {"type": "object", "properties": properties}
    return {**record, "required": required} if required else record


def _which_image(properties: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """A whole number `image` beside a place says on which of several images that is."""
    node = properties.get("image", {})
    if node.get("type") != "integer":
        return {}
    return {"image": {"minimum": 1, "description": "number of the image, counted from 1", **node}}


def _wire_names(fields: Mapping[str, FieldSpec], coordinates: Coordinates) -> dict[str, str]:
    """The first field of each geometry takes the model's word, unless another field has it.

    The word stands for Gemini's own convention; under another one fields keep their names.
    """
    if coordinates != GEMINI_COORDINATES:
        return {name: name for name in fields}
    names: dict[str, str] = {}
    for name, spec in fields.items():
        trained = GEOMETRY.get(_type_of(spec))
        free = trained not in names.values() and (trained == name or trained not in fields)
        names[name] = trained if trained and free else name
    return names


def _property(
    name: str, wire_name: str, spec: FieldSpec, coordinates: Coordinates
) -> dict[str, object]:
    kind = _type_of(spec)
    words = _long_form(spec).get("description")
    if kind not in GEOMETRY:
        return {**_plain(spec, kind), **({"description": words} if words else {})}
    space = _SPACES[kind]
    rule = convention(space, coordinates)
    node: dict[str, object] = {
        **coordinate_node(space, coordinates),
        "description": f"{words}: {rule}" if words else rule,
        "x-space": space,
    }
    return node if wire_name == name else {**node, "x-name": name}


def coordinate_node(space: Space, coordinates: Coordinates) -> dict[str, object]:
    """The JSON Schema of coordinates. Without a number of items: within lists, `minItems` can make
    a schema too complex to be accepted (google-genai, `response_format`)."""
    kind = "number" if coordinates.scale == "1" else "integer"
    flat: dict[str, object] = {"type": "array", "items": {"type": kind}}
    return {"type": "array", "items": flat} if space in ("polygon", "mask") else flat


def _plain(spec: FieldSpec, kind: str) -> dict[str, object]:
    long = _long_form(spec)
    choices = spec if isinstance(spec, list | tuple) else long.get("choices")
    if choices:
        return {"type": "string", "enum": list(choices)}
    node = dict(PLAIN.get(kind, PLAIN["text"]))
    if kind in ("number", "integer"):
        limits = {"min": "minimum", "max": "maximum"}
        node |= {limits[key]: long[key] for key in limits if long.get(key) is not None}
    return node


def _type_of(spec: FieldSpec) -> str:
    if isinstance(spec, str):
        return spec
    return str(_long_form(spec).get("type") or "text")


def _is_optional(spec: FieldSpec) -> bool:
    return _long_form(spec).get("optional") is True


def _long_form(spec: FieldSpec) -> Mapping[str, Any]:
    return spec if isinstance(spec, Mapping) else {}


KNOWN_NAMES: Mapping[str, Space] = {
    "box_2d": "box",
    "point": "point",
    "mask": "mask",
    "polygon": "polygon",
    "box_3d": "box_3d",
}
"""Property names of an author's JSON Schema that mean coordinates."""

_NAMED = ("properties", "$defs", "definitions", "patternProperties")


def _marked(node: object, name: str = "") -> object:
    """The schema with `x-space` wherever a property's name says what it is."""
    if isinstance(node, list | tuple):
        return [_marked(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    marked = {
        key: {
            each: _marked(inner, each if key == "properties" else "")
            for each, inner in value.items()
        }
        if key in _NAMED and isinstance(value, Mapping)
        else value
        if key in ("enum", "const", "examples", "default")
        else _marked(value)
        for key, value in node.items()
    }
    space = KNOWN_NAMES.get(name)
    if space and "x-space" not in marked and _may_hold(space, marked):
        marked["x-space"] = space
    return marked


def _may_hold(space: Space, node: Mapping[str, object]) -> bool:
    kind = node.get("type")
    kinds = {kind} if isinstance(kind, str) else set(kind) if isinstance(kind, list) else set()
    return "array" in kinds or (space == "mask" and "string" in kinds)


def _list_key(schema: Mapping[str, object]) -> str | None:
    """The only property of an object when it is a list of records."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or len(properties) != 1:
        return None
    ((name, node),) = properties.items()
    is_list = isinstance(node, Mapping) and node.get("type") == "array" and "x-space" not in node
    return str(name) if is_list else None
