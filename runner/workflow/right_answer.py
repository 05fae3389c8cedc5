"""A right answer as its author writes it → as the model itself would write it, or what is wrong.

The author uses the words of the step: its field names, and places as `right_place` says. The model
would write its own names, its own coordinates (`coords`), and everything in the order of the schema.
This is the way of `stages/project.py`, backwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from runner.text.json_schema import validate
from runner.text.schema_nodes import (
    Node,
    annotation,
    item_node,
    properties,
    property_node,
    required,
    types,
)
from runner.text.schema_sentences import shown
from runner.text.suggest import did_you_mean
from runner.values.answer import Json
from runner.values.geometry import Box, Polygon, View
from runner.values.shape import Shape, Space
from runner.workflow.right_place import (
    NORMAL,
    Mistake,
    Path,
    around,
    box_as_written,
    box_in_pixels,
    outline_in_pixels,
    point_as_written,
    point_in_pixels,
    ring_as_written,
)
from runner.workflow.words import as_yaml, one_of


def as_the_model(
    answer: Json, shape: Shape, views: Sequence[View]
) -> tuple[str, tuple[Mistake, ...]]:
    """The text that the model would write, and every mistake. `views` are of the images as sent, in
    their order: places are about the last one, unless a record says which `image` it means."""
    if shape.schema is None:
        return _as_text(answer)
    writer = _Writer(shape, shape.schema, views)
    written = writer.whole(answer)
    mistakes = (*writer.mistakes, *writer.violations(written))
    if not shape.forced and shape.list_key and isinstance(written, dict):
        written = written[shape.list_key]  # what is asked for in words only is a bare list
    return json.dumps(written, ensure_ascii=False), mistakes


def _as_text(answer: Json) -> tuple[str, tuple[Mistake, ...]]:
    if isinstance(answer, str) and answer.strip():
        return answer.rstrip("\n"), ()
    fix = "write a text, or say with `fields:` or `schema:` what the answer looks like"
    if isinstance(answer, bool | int | float):
        fix = f'write "{as_yaml(answer)}", in quotes'
    return "", (Mistake((), f"the answer of this step is a text, found {shown(answer)}", fix),)


@dataclass(frozen=True, slots=True)
class _Where:
    """A place in the answer: its path as the author has it, and as it is sent; its image, and the box
    of its record in pixels, where a mask is painted into that."""

    own: Path
    sent: Path
    view: View
    frame: Box | None = None

    def under(self, own: str | int, sent: str | int) -> _Where:
        """A part of it."""
        return replace(self, own=(*self.own, own), sent=(*self.sent, sent))


@dataclass(slots=True)
class _Writer:
    """Goes through an answer once. `own` has the author's path of each that is sent."""

    shape: Shape
    root: Node
    views: Sequence[View]
    mistakes: list[Mistake] = field(default_factory=list)
    own: dict[Path, Path] = field(default_factory=dict)

    def whole(self, answer: Json) -> Json:
        """The answer as it is sent; a list alone stands for the object that holds it."""
        where, key = _Where((), (), self.views[-1]), self.shape.list_key
        if key is None or not isinstance(answer, list):
            return self._value(answer, self.root, where)
        inside = replace(where, sent=(key,))
        return {key: self._value(answer, property_node(self.root, key, self.root), inside)}

    def violations(self, written: Json) -> Sequence[Mistake]:
        """What breaks the schema, of that which is not told yet."""
        schema = replace(self.shape, forced=True).wire_schema or {}
        told = {mistake.path for mistake in self.mistakes}
        found: dict[Path, Mistake] = {}
        for violation in validate(written, schema):
            own = self._authored(tuple(violation.path))
            if violation.keyword in ("required", "additionalProperties") or own in told:
                continue  # the former are told under the author's names
            starts = violation.message.startswith(("`", "the "))
            name = f"`{own[-1]}`" if own and isinstance(own[-1], str) else "this"
            message = violation.message if starts else f"{name} {violation.message}"
            found.setdefault(own, Mistake(own, message, violation.fix))
        return tuple(found.values())

    def _authored(self, path: Path) -> Path:
        """The author's path of what is sent under this one, or of the nearest above it."""
        lengths = range(len(path), 0, -1)
        return next((self.own[path[:n]] for n in lengths if path[:n] in self.own), ())

    def _value(self, value: Json, node: Node, where: _Where) -> Json:
        self.own[where.sent] = where.own
        space = annotation(node, "x-space", self.root)
        if space is not None:
            return self._place(value, cast(Space, space), node, where)
        if isinstance(value, dict) and properties(node, self.root):
            return self._record(value, node, where)
        if isinstance(value, list):
            return [
                self._value(each, item_node(node, at, self.root), where.under(at, at))
                for at, each in enumerate(value)
            ]
        return value

    # -- Records ----------------------------------------------------------------------------------

    def _record(self, record: Mapping[str, Json], node: Node, where: _Where) -> Json:
        known = properties(node, self.root)
        where = self._on_image(record, known, where)
        keys = self._keys(record, known, node, where)
        where = replace(where, frame=self._frame(record, known, keys, where))
        written: dict[str, Json] = {}
        for sent, part in known.items():
            key = keys.get(sent)
            if key is not None:
                written[sent] = self._value(record[key], part, where.under(key, sent))
            elif where.frame is not None and self._space(part) == "box":
                written[sent] = box_as_written(where.frame, where.view, self.shape.coordinates)
            elif sent in required(node, self.root):
                name = self._name(sent, part)
                fix = f"write {name}: {_PLACES.get(self._space(part) or '', '…')}"
                self.mistakes.append(Mistake(where.own, f"`{name}` is missing", fix))
        return written | {key: record[key] for key in record if key not in keys.values()}

    def _keys(
        self, record: Mapping[str, Json], known: Mapping[str, Node], node: Node, where: _Where
    ) -> dict[str, str]:
        """The author's key of each property that is sent."""
        keys: dict[str, str] = {}
        names = {self._name(sent, part): sent for sent, part in known.items()}
        boxes = [sent for sent, part in known.items() if self._space(part) == "box"]
        for key in record:
            sent = names.get(key) or (key if key in known else None)
            if sent is None and key in ("box", NORMAL) and len(boxes) == 1:
                sent = boxes[0]
            if sent in keys:
                message = f"`{keys[sent]}` and `{key}` say the same"
                self._tell_key(key, message, "delete one of them", where)
            elif sent is not None:
                keys[sent] = key
            elif not _is_open(node):
                close = did_you_mean(key, names)
                if close and names[close] not in keys:
                    keys[names[close]] = key  # what is wrong below it is told at once
                fix = f"did you mean `{close}`?" if close else f"it has {one_of(names, 'and')}"
                self._tell_key(key, f"the answer of this step has no `{key}` here", fix, where)
        return keys

    def _tell_key(self, key: str, message: str, fix: str, where: _Where) -> None:
        self.mistakes.append(Mistake((*where.own, key), message, fix, key=True))

    def _on_image(
        self, record: Mapping[str, Json], known: Mapping[str, Node], where: _Where
    ) -> _Where:
        """The image that a record means, by the rule of results: it says so in `image`."""
        said = record.get("image")
        if said is None or len(self.views) < 2:
            return where
        if "integer" not in types(known.get("image", {}), self.root):
            return where
        if isinstance(said, int) and 1 <= said <= len(self.views):
            return replace(where, view=self.views[said - 1])
        message = f"`image` is {shown(said)}, and there are {len(self.views)} images"
        self.mistakes.append(Mistake((*where.own, "image"), message, "count them from 1"))
        return where

    def _frame(
        self,
        record: Mapping[str, Json],
        known: Mapping[str, Node],
        keys: Mapping[str, str],
        where: _Where,
    ) -> Box | None:
        """The box into which a mask is painted: that of its record, or the one around its outline."""
        painted = [sent for sent, part in known.items() if self._is_painted(part) and sent in keys]
        if not painted:
            return None
        for sent, part in known.items():
            if self._space(part) == "box" and sent in keys:
                found = box_in_pixels(record[keys[sent]], (*where.own, keys[sent]), where.view)
                return found if isinstance(found, Box) else None
        key = keys[painted[0]]
        rings = outline_in_pixels(record[key], (*where.own, key), where.view)
        return None if isinstance(rings, Mistake) else around(rings)

    # -- Places -----------------------------------------------------------------------------------

    def _place(self, value: Json, space: Space, node: Node, where: _Where) -> Json:
        if (value is None and "null" in types(node, self.root)) or space == "box_3d":
            return value  # metres and degrees are the same everywhere
        how, view = (where.view, self.shape.coordinates), where.view
        match space:
            case "box":
                box = box_in_pixels(value, where.own, view)
                return self._wrong(box) if isinstance(box, Mistake) else box_as_written(box, *how)
            case "point":
                point = point_in_pixels(value, where.own, view)
                if isinstance(point, Mistake):
                    return self._wrong(point)
                return point_as_written(point, *how)
        rings = outline_in_pixels(value, where.own, view)
        if isinstance(rings, Mistake):
            return self._wrong(rings)
        if self._is_painted(node):
            return _painted(rings, where.frame)
        if len(rings) > 1:
            message = f"these are {len(rings)} outlines, and the answer has room for one"
            self._wrong(Mistake(where.own, message, "write that of the largest part"))
        return ring_as_written(rings[0], *how)

    def _wrong(self, mistake: Mistake) -> Json:
        self.mistakes.append(mistake)
        return None

    def _space(self, node: Node) -> str | None:
        return annotation(node, "x-space", self.root)

    def _name(self, sent: str, node: Node) -> str:
        """The author's own name of a property."""
        return annotation(node, "x-name", self.root) or sent

    def _is_painted(self, node: Node) -> bool:
        return self._space(node) == "mask" and "string" in types(node, self.root)


_PLACES = {
    "box": "[x_min, y_min, x_max, y_max], in pixels",
    "point": "[x, y], in pixels",
    "polygon": "[[x, y], [x, y], [x, y]], in pixels",
    "mask": "[[x, y], [x, y], [x, y]], in pixels",
}


def _is_open(node: Node) -> bool:
    """Whether an object may have more than the schema names: its author says so."""
    others = node.get("additionalProperties")
    return "patternProperties" in node or others is True or isinstance(others, Mapping)


def _painted(rings: Sequence[Polygon], frame: Box | None) -> str:
    from runner.postprocess.painting import painting  # numpy and Pillow

    return painting(rings, frame or around(rings))
