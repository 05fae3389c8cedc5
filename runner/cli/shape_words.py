"""The shipped answer shapes, as `askpix explain boxes` tells them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from runner import library


@dataclass(frozen=True, slots=True)
class ShapeWord:
    """One shape: its name, what it is for, and the parts of its answer with their meaning."""

    name: str
    description: str
    parts: tuple[tuple[str, str], ...]


@cache
def shape_words() -> Mapping[str, ShapeWord]:
    """Every shape by its name."""
    return {
        name: _shape(name, json.loads(path.read_text(encoding="utf-8")))
        for name, path in library.response_schemas().items()
    }


def _shape(name: str, schema: Mapping[str, Any]) -> ShapeWord:
    return ShapeWord(name, schema.get("description", ""), tuple(_parts(schema, "")))


def _parts(schema: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    """The properties by the names under which they come back; of a list, those of its entries."""
    for key, node in schema.get("properties", {}).items():
        name = f"{before}{node.get('x-name', key)}"
        in_pixels = "x-space" in node
        said = node.get("description", "")
        where = re.split(r":|, normalized|\.$", said)[0]  # the model's numbers never come back
        yield name, f"{where}, in pixels." if in_pixels else said
        yield from _parts(node.get("items", {}), f"{name}.")
