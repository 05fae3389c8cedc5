"""The other shape of an answer with masks: for models that paint them as PNG images.

Gemini 2.5 writes masks as base64 PNG within their box and does so only when it is not forced into
a JSON Schema (ai.google.dev, image understanding, "Segmentation"), so it is asked in words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from runner.text.schema_nodes import variants
from runner.values.shape import Shape
from runner.workflow.conventions import convention


def painted(shape: Shape, given_suffix: str | None = None) -> Shape | None:
    """The shape of the same answer with masks as PNG; None when it holds no masks.

    `given_suffix` is what a shipped shape says after the prompt; it is made up when there is none.
    """
    if shape.schema is None or not _holds_mask(shape.schema):
        return None
    schema = _painted(shape.schema)
    assert isinstance(schema, dict)
    words = given_suffix or _words(schema, shape)
    return replace(shape, schema=schema, prompt_suffix=f"\n{words}", forced=False)


def _holds_mask(node: object) -> bool:
    if isinstance(node, Mapping):
        return node.get("x-space") == "mask" or any(map(_holds_mask, node.values()))
    return isinstance(node, list | tuple) and any(map(_holds_mask, node))


def _painted(node: object) -> object:
    """Masks become texts, and a record with a mask has the box in which it is painted."""
    if isinstance(node, list | tuple):
        return [_painted(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    if node.get("x-space") == "mask":
        kept = {key: value for key, value in node.items() if key.startswith("x-")}
        return {"type": "string", "description": "PNG within its box, base64", **kept}
    record = {key: _painted(value) for key, value in node.items()}
    properties = record.get("properties")
    if isinstance(properties, dict) and _lacks_box(properties):
        box = {"type": "array", "items": {"type": "integer"}, "x-space": "box", "x-name": "box"}
        record["properties"] = {"box_2d": box, **properties}
    return record


def _lacks_box(properties: Mapping[str, object]) -> bool:
    spaces = [node.get("x-space") for node in properties.values() if isinstance(node, Mapping)]
    return "mask" in spaces and "box" not in spaces


def _words(schema: Mapping[str, object], shape: Shape) -> str:
    record, is_list = _only_record(schema, shape.list_key)
    if record is None:
        return (
            "Answer with JSON and nothing else. Masks are segmentation masks. The answer has the "
            f"shape of this JSON Schema: {json.dumps(_without_annotations(schema), ensure_ascii=False)}"
        )
    properties = record.get("properties")
    assert isinstance(properties, Mapping)
    told = [_told(name, node, shape) for name, node in properties.items()]
    *most, last = told
    listed = f"{', '.join(most)}, and {last}" if most else last
    if is_list:
        return f"Answer with a JSON list and nothing else. Each entry has {listed}."
    return f"Answer with one JSON object and nothing else. It has {listed}."


def _only_record(
    schema: Mapping[str, object], list_key: str | None
) -> tuple[Mapping[str, object] | None, bool]:
    """The record of an answer that is nothing but records without further depth."""
    node: object = schema
    if list_key:
        properties = schema.get("properties")
        listed = properties.get(list_key) if isinstance(properties, Mapping) else None
        node = listed.get("items") if isinstance(listed, Mapping) else None
    if not isinstance(node, Mapping) or len(list(variants(node, schema))) > 1:
        return None, False
    properties = node.get("properties")
    if not isinstance(properties, Mapping) or any(map(_is_deep, properties.values())):
        return None, False
    return node, list_key is not None


def _is_deep(node: object) -> bool:
    """Whether a property holds records itself."""
    if not isinstance(node, Mapping):
        return False
    return bool({"properties", "$ref", "anyOf", "oneOf"} & node.keys()) or _is_deep(
        node.get("items")
    )


def _told(name: str, node: object, shape: Shape) -> str:
    if not isinstance(node, Mapping):
        return f'"{name}"'
    match node.get("x-space"):
        case "mask":
            return f'the segmentation mask in "{name}"'
        case "box":
            return f'the box in "{name}" as {_comma(convention("box", shape.coordinates))}'
        case "point":
            return f'a point in "{name}" as {_comma(convention("point", shape.coordinates))}'
    choices = node.get("enum")
    if isinstance(choices, list | tuple):
        return f'"{name}" (one of: {", ".join(map(str, choices))})'
    words = node.get("description")
    return f'"{name}" ({words})' if isinstance(words, str) else f'"{name}"'


def _comma(words: str) -> str:
    return words.replace("] ", "], ", 1)


def _without_annotations(schema: Mapping[str, object]) -> Mapping[str, object]:
    return Shape(schema=schema).wire_schema or {}
