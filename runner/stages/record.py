"""Record: an object of an answer with its coordinates, its label and its score told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from runner.postprocess.corners import number
from runner.postprocess.places import FoundBox, find_box
from runner.stages.locate import Frame, Located, locate, missing
from runner.text.schema_nodes import Node, annotation, properties, required, types
from runner.values.answer import Json
from runner.values.result import Issue
from runner.values.shape import Space

LABEL_NAMES = ("label", "name", "class", "class_name", "text")
SCORE_NAMES = ("score", "confidence")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A value that cannot be used, and with it the item of a list that holds it.

    `issues` name what stood there instead; why it is dropped is said beside them.
    """

    why: str
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What an object says besides its plain values.

    `places` are its coordinates by the author's names. `unusable` lists what makes the record
    unfit, as (name of the place or nothing, why). `own_fields` are the names that have a field of
    their own in a detection.
    """

    places: Mapping[str, Located]
    unusable: tuple[tuple[str, str], ...]
    label: str | None
    score: float | None
    own_fields: frozenset[str]
    is_one: bool
    """True for one detection; False when several places of a kind make it several, or none."""


def read_record(record: Mapping[str, Json], node: Node, root: Node, frame: Frame) -> Record:
    """The parts of an object that stand under this schema."""
    places = _places(record, node, root)
    label_name, label = _label(record)
    score_name, score = _score(record)
    kinds = Counter(place.space for place in places if place.value is not None)
    several = any(count > 1 for count in kinds.values())
    has_outline = any(place.space in ("mask", "polygon") for place in places)
    box = _box_of(places, frame) if has_outline and not several else None
    located = {place.name: _located(place, box, frame) for place in places}
    found = [name for name, place in located.items() if place.is_found]
    return Record(
        places=located,
        unusable=_unusable(located, bool(found)),
        label=label,
        score=score,
        own_fields=frozenset({label_name, score_name} & {"label", "score"}),
        is_one=bool(found) and not several,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A property that holds coordinates; `needed` ones may be neither missing nor null."""

    name: str
    space: Space
    value: Json
    needed: bool


def _places(record: Mapping[str, Json], node: Node, root: Node) -> list[_Place]:
    needed = required(node, root)
    places = []
    for key, part in properties(node, root).items():
        space = annotation(part, "x-space", root)
        if space is not None and (key in record or key in needed):
            name = annotation(part, "x-name", root) or key
            must = key in needed and "null" not in types(part, root)
            places.append(_Place(name, cast(Space, space), record.get(key), must))
    return places


def _box_of(places: list[_Place], frame: Frame) -> FoundBox | None:
    for place in places:
        if place.space == "box" and place.value is not None:
            found = find_box(place.value, frame.view, frame.coordinates)
            return found if isinstance(found, FoundBox) else None
    return None


def _located(place: _Place, box: FoundBox | None, frame: Frame) -> Located:
    if place.value is not None:
        return locate(place.space, place.value, box, frame, place.name)
    return missing(place.space) if place.needed else Located()


def _unusable(located: Mapping[str, Located], any_found: bool) -> tuple[tuple[str, str], ...]:
    broken = tuple((name, f"`{name}`: {p.unusable}") for name, p in located.items() if p.unusable)
    if broken or any_found:
        return broken
    written = [(name, p) for name, p in located.items() if p.issues and not p.is_missing]
    empty = [(name, p) for name, p in located.items() if p.issues]
    return tuple((name, f"`{name}`: {p.reason}") for name, p in (written or empty)[:1])


def _label(record: Mapping[str, Json]) -> tuple[str, str | None]:
    for name in LABEL_NAMES:
        said = record.get(name)
        if isinstance(said, str):
            return name, said
    return "label" if "label" in record else "", None


def _score(record: Mapping[str, Json]) -> tuple[str, float | None]:
    for name in SCORE_NAMES:
        said = number(record.get(name))
        if said is not None:
            return name, float(said)
    return "", None
