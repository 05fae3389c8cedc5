"""Project: an answer in the model's coordinates → the same answer, and its detections, in pixels.

The annotated schema says where coordinates stand. One rule holds: a value under `x-space` comes
back in pixels of the upright original image, under the author's own name, wherever it stands, also
when only a window of the image was sent, or fewer pixels. An image whose size only the service knows has no pixels: such values become null, and the model's
numbers stay in `box_2d` or `fields` of the detection, with the issue `size_unknown`.

An object with such values is one detection. When it has several of one kind (`plate: box`,
`driver: box`), each is a detection of its own, labelled by its property. In a request with
several images a record may say which one it means in a whole-number field `image`, counted from
1; otherwise the last image is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from runner.stages.locate import Frame, Located, locate
from runner.stages.record import Dropped, Record, read_record
from runner.text.schema_nodes import NOTHING, Node, annotation, item_node, property_node, types
from runner.text.schema_sentences import shown
from runner.values.answer import Json
from runner.values.geometry import Size, View
from runner.values.result import Detection, Issue
from runner.values.shape import Shape, Space


@dataclass(frozen=True, slots=True)
class Projection:
    """An answer in pixels.

    `dropped` counts what had to be left out here, on top of what parse left out; each has an issue
    `item_dropped`, or `place_dropped` when it stood in no list. `lost_all` is True when a list
    held items and nothing is left of it: that answer is unreadable, not empty. What concerns one
    detection stands in its own issues, everything else in `issues`.
    """

    answer: Json
    detections: tuple[Detection, ...] = ()
    issues: tuple[Issue, ...] = ()
    dropped: int = 0
    lost_all: bool = False


def project(value: Json, shape: Shape, views: Sequence[View | Size | None]) -> Projection:
    """The answer in pixels. `views` say what was sent of each image, in that order; a size alone
    means all of an image of that upright size.

    `value` is what parse let through; nothing that it let through makes this raise.
    """
    if shape.schema is None:
        return Projection(value)
    seen = [View.of(each) if isinstance(each, Size) else each for each in views]
    walk = _Walk(shape, shape.schema, seen)
    answer = walk.value(value, shape.schema, _Where(walk.frame(len(seen) - 1)))
    assert not isinstance(answer, Dropped)  # only items of lists are dropped
    if walk.assumed:
        why = f"the answer does not say which of {len(seen)} images it means: the last is taken"
        walk.issues.append(Issue("image_assumed", why))
    return Projection(
        answer, tuple(walk.detections), tuple(walk.issues), walk.dropped, walk.lost_all
    )


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a value stands: its path in the answer, the list item it belongs to, its image."""

    frame: Frame
    at: str = ""
    index: int | None = None
    label: str | None = None
    image_said: bool = False

    def under(self, name: str) -> _Where:
        at = f"{self.at}.{name}" if self.at else name
        return _Where(self.frame, at, self.index, self.label, self.image_said)

    def item(self, position: int) -> _Where:
        at = f"{self.at}[{position}]"
        return _Where(self.frame, at, position, self.label, self.image_said)


@dataclass(slots=True)
class _Walk:
    """Goes through an answer once and collects what it meets."""

    shape: Shape
    schema: Node
    views: Sequence[View | None]
    detections: list[Detection] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    dropped: int = 0
    lost_all: bool = False
    assumed: bool = False

    def frame(self, position: int) -> Frame:
        """The image at this position; without any image there is no size."""
        view = self.views[position] if self.views else None
        return Frame(max(position, 0), view, self.shape.coordinates)

    def value(self, value: Json, node: Node, where: _Where) -> Json | Dropped:
        """The value in pixels."""
        if node is NOTHING:
            return value
        space = annotation(node, "x-space", self.schema)
        if space is not None:
            return self._lone_place(value, cast(Space, space), node, where)
        if isinstance(value, dict):
            return self._record(value, node, where)
        if isinstance(value, list):
            return self._list(value, node, where)
        return value

    def _list(self, items: list[Json], node: Node, where: _Where) -> Json:
        kept: list[Json] = []
        for index, item in enumerate(items):
            before = len(self.detections), len(self.issues), self.dropped, self.assumed
            part = item_node(node, index, self.schema)
            found = self.value(item, part, where.item(len(kept)))
            if not isinstance(found, Dropped):
                kept.append(found)
                continue
            del self.detections[before[0] :], self.issues[before[1] :]
            self.issues += found.issues
            self.dropped, self.assumed = before[2] + 1, before[3]
            at = f"{where.at}[{index}]"
            self.issues.append(Issue("item_dropped", found.why, at=at, index=index))
        if items and not kept and where.index is None:
            self.lost_all = True
        return kept

    def _lone_place(self, value: Json, space: Space, node: Node, where: _Where) -> Json | Dropped:
        if value is None and "null" in types(node, self.schema):
            return None
        located = locate(space, value, None, where.frame)
        why = located.unusable or (None if located.is_found else located.reason)
        if why is not None:
            if where.index is None:
                self.issues += _placed(located.issues, where)
            return self._unusable(why, where, located)
        self._assume_image(where)
        self.detections.append(
            located.detection(
                Detection(at=where.at, label=where.label, image=where.frame.position),
                _placed(located.issues, where),
            )
        )
        return located.answer

    def _record(self, record: dict[str, Json], node: Node, where: _Where) -> Json | Dropped:
        here = self._on_image(record, node, where)
        if isinstance(here, Dropped):
            return here
        found = read_record(record, node, self.schema, here.frame)
        here = replace(here, label=found.label)
        for name, why in found.unusable:
            there = here.under(name)
            refused = self._unusable(why, there, found.places[name])
            if refused is not None:
                return refused
        position = len(self.detections)
        answer = self._parts(record, node, found, here)
        if isinstance(answer, Dropped):
            return answer
        fields = {
            name: value
            for name, value in answer.items()
            if name not in found.places and name not in found.own_fields
        }
        new = [
            replace(detection, fields={**fields, **detection.fields})
            for detection in self._detections(found, here)
        ]
        if new:
            self._assume_image(here)
        self.detections[position:position] = new
        return answer

    def _parts(
        self, record: dict[str, Json], node: Node, found: Record, where: _Where
    ) -> dict[str, Json] | Dropped:
        """Every property under the author's name, places in pixels."""
        answer: dict[str, Json] = {}
        for key, value in record.items():
            part = property_node(node, key, self.schema)
            name = annotation(part, "x-name", self.schema) or key
            if name in found.places:
                answer[name] = found.places[name].answer
                continue
            child = self.value(value, part, where.under(name))
            if isinstance(child, Dropped):
                return child
            answer[name] = child
        return answer | {name: None for name in found.places if name not in answer}

    def _detections(self, found: Record, where: _Where) -> list[Detection]:
        blank = Detection(
            at=where.at, label=found.label, score=found.score, image=where.frame.position
        )
        issues = {
            name: _placed(located.issues, where.under(name))
            for name, located in found.places.items()
        }
        if found.is_one:
            for located in found.places.values():
                blank = located.detection(blank, ())
            every = tuple(issue for each in issues.values() for issue in each)
            return [replace(blank, issues=every)]
        apart = []
        for name, located in found.places.items():
            if not located.is_found:
                self.issues += issues[name]
                continue
            label = f"{found.label} {name}" if found.label else name
            each = replace(blank, at=where.under(name).at, label=label)
            apart.append(located.detection(each, issues[name]))
        return apart

    def _on_image(self, record: Mapping[str, Json], node: Node, where: _Where) -> _Where | Dropped:
        """The image that the record names, if it can name one."""
        if len(self.views) < 2 or "image" not in record:
            return where
        if "integer" not in types(property_node(node, "image", self.schema), self.schema):
            return where
        said = record["image"]
        if isinstance(said, int) and 1 <= said <= len(self.views):
            return replace(where, frame=self.frame(said - 1), image_said=True)
        why = f"`image` is {shown(said)}, and there are {len(self.views)} images, counted from 1"
        return self._unusable(why, where, Located()) or where

    def _assume_image(self, where: _Where) -> None:
        self.assumed = self.assumed or (len(self.views) > 1 and not where.image_said)

    def _unusable(self, why: str, where: _Where, located: Located) -> Dropped | None:
        """An item of a list is dropped; outside a list the place becomes null."""
        if where.index is not None:
            return Dropped(why, _placed(located.issues, where))
        self.dropped += 1
        self.issues.append(Issue("place_dropped", why, at=where.at or None))
        return None


def _placed(issues: Iterable[Issue], where: _Where) -> tuple[Issue, ...]:
    return tuple(replace(issue, at=where.at or None, index=where.index) for issue in issues)
