"""How coordinates are asked for in words: in descriptions of a schema and after a prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from runner.values.shape import GEMINI_COORDINATES, Coordinates, Space

_RANGES: Mapping[str, str] = {
    "1000": "normalized to 0-1000",
    "1": "normalized to 0-1",
    "pixel": "in pixels of the image",
}


def convention(space: Space, coordinates: Coordinates) -> str:
    """The order and scale of one kind of coordinates: "[ymin, xmin, ymax, xmax] normalized to 0-1000".

    Polygons are x first whatever the order of boxes is (ai.google.dev, image understanding).
    """
    scale = _RANGES[coordinates.scale]
    match space:
        case "box" | "point":
            return f"{_ordered(space, coordinates)} {scale}"
        case "polygon" | "mask":
            return f"polygon of [x, y] corners {scale}"
        case "box_3d":
            return "[x, y, z, x size, y size, z size, roll, pitch, yaw] in metres and degrees"


def _ordered(space: Literal["box", "point"], coordinates: Coordinates) -> str:
    if space == "box":
        return "[ymin, xmin, ymax, xmax]" if coordinates.y_first else "[xmin, ymin, xmax, ymax]"
    return "[y, x]" if coordinates.y_first else "[x, y]"


def suffix(schema: Mapping[str, object], coordinates: Coordinates) -> str:
    """What is said after the prompt about every kind of coordinates of an answer; may be empty."""
    spoken = {name: space for name, space in _spaces(schema) if space != "box_3d"}
    sentences = [f"{name} is {_spoken(space, coordinates)}." for name, space in spoken.items()]
    return f"\n{' '.join(sentences)}" if sentences else ""


def respoken(words: str, coordinates: Coordinates) -> str:
    """What a shipped shape says after the prompt, in this convention: it is written in Gemini's."""
    spoken = [
        (_ordered("box", GEMINI_COORDINATES), _ordered("box", coordinates)),
        (_ordered("point", GEMINI_COORDINATES), _ordered("point", coordinates)),
        (_RANGES[GEMINI_COORDINATES.scale], _RANGES[coordinates.scale]),
    ]
    for gemini, other in spoken:
        words = words.replace(gemini, other)
    return words


def described(schema: Mapping[str, object], coordinates: Coordinates) -> dict[str, object]:
    """The schema with every description of coordinates in this convention."""
    node = _described(schema, coordinates)
    assert isinstance(node, dict)
    return node


def _spoken(space: Space, coordinates: Coordinates) -> str:
    words = convention(space, coordinates)
    if space in ("polygon", "mask"):
        return f"the outline as a {words}"
    return words.replace("] ", "], ", 1)


def _described(node: object, coordinates: Coordinates) -> object:
    if isinstance(node, list | tuple):
        return [_described(each, coordinates) for each in node]
    if not isinstance(node, Mapping):
        return node
    said = {key: _described(value, coordinates) for key, value in node.items()}
    space = node.get("x-space")
    if space in ("box", "point", "polygon", "mask"):
        said["description"] = _redescribed(node.get("description"), space, coordinates)
        if coordinates.scale == "1" and "items" in said:
            said["items"] = _with_fractions(said["items"])
    return said


def _redescribed(words: object, space: Space, coordinates: Coordinates) -> str:
    """A description that speaks Gemini's convention in this one; else the convention itself."""
    if isinstance(words, str) and _RANGES[GEMINI_COORDINATES.scale] in words:
        return respoken(words, coordinates)
    return convention(space, coordinates)


def _with_fractions(items: object) -> object:
    if not isinstance(items, dict):
        return items
    if items.get("type") == "integer":
        return {**items, "type": "number"}
    return {**items, "items": _with_fractions(items.get("items"))} if "items" in items else items


def _spaces(node: object, name: str = "") -> Iterator[tuple[str, Space]]:
    """Every property that holds coordinates, by the name under which it travels."""
    if isinstance(node, list | tuple):
        for each in node:
            yield from _spaces(each)
    if not isinstance(node, Mapping):
        return
    space = node.get("x-space")
    if name and space in ("box", "point", "polygon", "mask", "box_3d"):
        yield name, space
        return
    for key, value in node.items():
        if key in ("properties", "$defs", "definitions") and isinstance(value, Mapping):
            for each, inner in value.items():
                yield from _spaces(inner, each if key == "properties" else "")
        elif key not in ("enum", "const", "default", "examples"):
            yield from _spaces(value)
