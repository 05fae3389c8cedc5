"""The detections that a part of a reference means, and each of them as a record of plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runner.values.geometry import Polygon, Size
from runner.values.result import Detection, Result, ResultImage

LISTS: frozenset[str] = frozenset({"boxes", "points", "polygons", "masks", "rows"})
"""Names of lists of records; a number to compare is their `count`."""


def detections_of(result: Result, path: Sequence[str]) -> tuple[Detection, ...]:
    """The detections under a part of a result: all of them, or those of one list or kind."""
    if not path or path[0] in ("answer", "rows"):
        return result.detections
    name = path[0]
    if own_names(result) and name in own_names(result):
        return tuple(found for found in result.detections if _under(found.at, name))
    return tuple(found for found in result.detections if has_place(found, name))


def found_at(
    result: Result, path: Sequence[str], entries: Sequence[object]
) -> tuple[tuple[Detection, ...], ...]:
    """The things that each entry of a list is about, as many tuples as `entries`: none of an entry
    without a place, several of one that has a box for the hand and one for the face.

    A list in the answer tells them by their `at`; one that is made of detections (`find.boxes` of
    masks) has one each, in their order.
    """
    start = _name_in_answer(result, path)
    if start is None:
        things = detections_of(result, path)
        return tuple((each,) for each in things) if len(things) == len(entries) else ()
    under: dict[str, list[Detection]] = {}
    for each in result.detections:
        if each.at.startswith(f"{start}["):
            under.setdefault(each.at[: each.at.index("]", len(start)) + 1], []).append(each)
    return tuple(tuple(under.get(f"{start}[{n}]", ())) for n in range(len(entries)))


def _name_in_answer(result: Result, path: Sequence[str]) -> str | None:
    """What stands before the number in `at` of things in this list; None for a list that is made of
    detections."""
    own = own_names(result)
    rest = tuple(path[1:] if path and path[0] == "answer" else path)
    if rest and rest[0] in own:
        return ".".join(rest)
    if rest not in ((), ("rows",)):
        return None
    lists = [name for name, value in own.items() if isinstance(value, list)]
    return (
        "" if isinstance(result.answer, list) else lists[0] if len(own) == len(lists) == 1 else None
    )


def record_of(found: Detection) -> dict[str, object]:
    """A detection as a record of plain values: its label, its geometry in pixels, its fields."""
    record: dict[str, object] = {} if found.label is None else {"label": found.label}
    if found.box is not None:
        record["box"] = found.box.as_list()
    if found.point is not None:
        record["point"] = found.point.as_list()
    if found.polygon:
        record["polygon"] = [ring.as_list() for ring in found.polygon]
    if found.mask is not None:
        rle = found.mask.rle
        record["mask"] = {"size": [rle.size.height, rle.size.width], "counts": rle.counts}
    if found.box_3d is not None:
        record["box_3d"] = list(found.box_3d)
    if found.score is not None:
        record["score"] = found.score
    return record | dict(found.fields)


_PLACE_NAMES = frozenset({"box", "point", "polygon", "mask", "box_3d"})


def as_written(found: Detection, own: Mapping[str, object] | None) -> dict[str, object]:
    """A detection as a record in its author's words, which are those of its `own_record`: a box that
    is called `where` in the answer stays so."""
    record = record_of(found)
    if own is None or own.keys() <= record.keys():
        return record
    others = {name: v for name, v in record.items() if name in own or name not in _PLACE_NAMES}
    return {**own, **others}


def listed_record(found: Detection, result: Result) -> dict[str, object]:
    """A detection as an entry of a list such as `boxes`: with a `box`, and what its author calls it."""
    return record_of(found) | dict(own_record(found, result) or {})


def own_record(found: Detection, result: Result) -> Mapping[str, object] | None:
    """The record of the answer that a detection stands in; None when it stands in none of its own."""
    entry = entry_at(result.answer, found.at)
    return entry if isinstance(entry, Mapping) else None


def entry_at(answer: object, at: str) -> object:
    """The part of an answer at a path such as `boxes[3].plate`; None when there is none."""
    for name, index in _STEP.findall(at):
        if index and isinstance(answer, list | tuple) and int(index) < len(answer):
            answer = answer[int(index)]
        elif name and isinstance(answer, Mapping):
            answer = answer.get(name)
        else:
            return None
    return answer


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def images_of(steps: Mapping[str, Result]) -> tuple[ResultImage, ...]:
    """Every image that a step of a case was asked about, once."""
    found = {
        (image.role, image.name): image for result in steps.values() for image in result.images
    }
    return tuple(found.values())


def areas_of(things: Sequence[Detection], images: Sequence[ResultImage]) -> list[object]:
    """How much of its image each thing covers, 0–1: its mask, or its outline, or its box. None for
    what has no area, or where the size of the image is not known."""
    sizes = [image.size for image in images]
    return [_area(each, sizes[each.image] if each.image < len(sizes) else None) for each in things]


def _area(thing: Detection, size: Size | None) -> float | None:
    if size is None:
        return None
    if thing.mask is not None:
        return thing.mask.area / size.area
    if thing.polygon:
        return abs(sum(_signed_area(ring) for ring in thing.polygon)) / size.area
    return None if thing.box is None else thing.box.area / size.area


def _signed_area(ring: Polygon) -> float:
    """Twice around is twice; a hole that runs the other way is taken off (the shoelace formula)."""
    points = ring.points
    turned = zip(points, (*points[1:], points[0]), strict=True)
    return sum(a.x * b.y - b.x * a.y for a, b in turned) / 2


def own_names(result: Result) -> Mapping[str, object]:
    """The answer by the author's names; nothing when it is a text or a list."""
    return result.answer if isinstance(result.answer, Mapping) else {}


def _under(at: str, name: str) -> bool:
    return at == name or at.startswith((f"{name}[", f"{name}."))


def has_place(found: Detection, name: str) -> bool:
    """Whether a thing has what the list of this name holds: `boxes`, `masks`."""
    match name:
        case "boxes":
            return found.box is not None
        case "points":
            return found.point is not None
        case "polygons":
            return bool(found.polygon)
        case "masks":
            return found.mask is not None
        case _:
            return _under(found.at, name)
