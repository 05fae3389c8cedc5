"""The shape of an answer: a JSON Schema in which every place of a coordinate is marked.

Whatever way an author describes an answer (`fields`, `list_of`, `schema: boxes`, a JSON Schema of
their own), it becomes one annotated JSON Schema, and one rule holds: a value under `x-space` comes
back in pixels. Annotations, all removed from what is sent:

* `x-space`: `box`, `point`, `polygon`, `mask` or `box_3d`;
* `x-name`: the author's name of a property that travels under the model's own word
  (`line: box` travels as `box_2d`, the name that models were trained on, and comes back as `line`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Space = Literal["box", "point", "polygon", "mask", "box_3d"]

Scale = Literal["1000", "1", "pixel"]


@dataclass(frozen=True, slots=True)
class Coordinates:
    """The convention that the model writes in: Gemini's is 0–1000, y first."""

    scale: Scale = "1000"
    y_first: bool = True


GEMINI_COORDINATES = Coordinates()


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer must look like.

    `schema` is the annotated JSON Schema, or None for a plain text. `list_key` is the property of
    the top-level object that holds the list when the answer is a list of records (`boxes`,
    `rows`); a bare list is accepted for it, too. `prompt_suffix` is appended to the prompt.
    """

    schema: Mapping[str, object] | None = None
    list_key: str | None = None
    prompt_suffix: str = ""
    forced: bool = True
    """False: the schema is only read by, not sent. Gemini 2.5 writes no masks in JSON mode."""
    coordinates: Coordinates = GEMINI_COORDINATES
    parts: tuple[str, ...] = ("text",)
    """What may be named after the step's id in a reference: `text`, `boxes`, `rows`, a field."""

    @property
    def is_text(self) -> bool:
        """True when the answer is taken as it stands."""
        return self.schema is None

    @property
    def wire_schema(self) -> Mapping[str, object] | None:
        """The schema as sent: without the runner's own `x-` keys; None when none is sent."""
        if self.schema is None or not self.forced:
            return None
        return _without_annotations(self.schema)


def listed(shape: Shape) -> Shape:
    """The shape of a list of such answers, of which some may be missing."""
    each: Mapping[str, object] = shape.schema or {"type": "string"}
    shared = {key: each[key] for key in ("$defs", "definitions") if key in each}
    parts = tuple(dict.fromkeys(("rows", "count", *shape.parts)))
    schema = {"type": "array", "items": each, **shared}
    return Shape(schema, coordinates=shape.coordinates, parts=parts)


_NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
"""Keywords under which the keys are the author's names, not JSON Schema's words."""


def _without_annotations(node: Mapping[str, object]) -> dict[str, object]:
    return {
        key: _named(value) if key in _NAMED_SCHEMAS else _clean(value)
        for key, value in node.items()
        if not key.startswith("x-")
    }


def _named(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _clean(schema) for name, schema in value.items()}
    return value


def _clean(value: object) -> object:
    if isinstance(value, Mapping):
        return _without_annotations(value)
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
