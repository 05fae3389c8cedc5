"""Correction: an answer as a person says that it should be, in place of what the model said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from runner.review.pattern import IMAGE, LeafKind, Pattern, leaves, marked, names_in
from runner.review.route import (
    Route,
    copy_of,
    kind_of,
    left_out,
    moved_up,
    path_of,
    put,
    route_of,
    value_at,
)
from runner.values.geometry import Box, Point, Size
from runner.values.result import USABLE, Detection, Result

MOST_THINGS = 10_000
LONGEST = 100_000
"""Letters of one value."""

SMALLEST = 0.5
"""Pixels: a side of a box that is drawn by hand."""


class Uncorrectable(ValueError):
    """Why a correction cannot be taken; the message is for the person who made it."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing of the corrected answer: number `was` of the answer's, or a new one (None).

    `box` and `point` are in pixels of the upright original; both None when the place stays. `fields`
    are the other values of a new one; those of the answer's are among the values of a correction.
    """

    was: int | None
    label: str | None = None
    box: Box | None = None
    point: Point | None = None
    image: int = 0
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Correction:
    """All things of the corrected answer, those that are left out are wrong; and other values by
    their path (`boxes[0].price`)."""

    things: tuple[Thing, ...]
    values: Mapping[str, object] = field(default_factory=dict)


def read_correction(data: object) -> Correction:
    """The correction that a page sends. Raises `Uncorrectable` for anything else."""
    try:
        if not isinstance(data, dict):
            raise TypeError
        things = [_thing(each) for each in _list(data["things"])]
        values = data.get("values", {})
        if not isinstance(values, dict):
            raise TypeError
    except (KeyError, TypeError, AttributeError, OverflowError):
        raise Uncorrectable("this is no correction") from None
    kept = [thing.was for thing in things if thing.was is not None]
    if len(set(kept)) < len(kept):
        raise Uncorrectable("one thing cannot be two")
    if len(things) > MOST_THINGS:
        raise Uncorrectable(f"more than {MOST_THINGS:,} things cannot be taken")
    return Correction(tuple(things), values)


def corrected(result: Result, correction: Correction, pattern: Pattern) -> Result:
    """The result with the corrected answer. Raises `Uncorrectable`."""
    if result.status not in USABLE and pattern.blank is None:
        raise Uncorrectable("no answer of this step shows what a right one looks like; reject it")
    base = answered(result, pattern)
    try:
        return _corrected(base, correction, pattern)
    except Uncorrectable:
        raise
    except ValueError as error:
        raise Uncorrectable(str(error)) from None


def answered(result: Result, pattern: Pattern) -> Result:
    """The result to start from: one without a usable answer holds nothing yet."""
    if result.status in USABLE:
        return result
    return replace(result, answer=pattern.blank, detections=(), issues=(), error=None)


def _corrected(result: Result, correction: Correction, pattern: Pattern) -> Result:
    answer = _with_values(result, correction.values, pattern)
    kept = {thing.was: thing for thing in correction.things if thing.was is not None}
    if any(was >= len(result.detections) for was in kept):
        raise Uncorrectable("the answer has not so many things")
    for was, thing in kept.items():
        answer = _with_thing(answer, result.detections[was], thing, _size(result, thing))
    routes = [route_of(one.at) for one in result.detections]
    gone = [route for number, route in enumerate(routes) if number not in kept]
    found: list[Detection] = []
    answer = left_out(answer, [route for route in gone if not _goes_with(route, gone)])
    for was, thing in sorted(kept.items()):
        route = moved_up(routes[was], gone)
        if route is not None:
            found.append(_moved(result, thing, answer, route))
    for thing in correction.things:
        if thing.was is None:
            answer, one = _added(answer, thing, pattern, result)
            found.append(one)
    status = "ok" if found or not _holds_nothing(answer) else "empty"
    return replace(result, answer=answer, detections=tuple(found), status=status)  # type: ignore[arg-type]


def _goes_with(route: Route, gone: list[Route]) -> bool:
    """Whether it is a part of what goes anyway, and need not be taken out of it."""
    return any(each != route and route[: len(each)] == each for each in gone)


def _with_values(result: Result, values: Mapping[str, object], pattern: Pattern) -> object:
    answer = copy_of(result.answer)
    known = {path_of(leaf.route): leaf for leaf in leaves(result)}
    for path, value in values.items():
        if path not in known:
            raise Uncorrectable(f"the answer has no value `{path}`")
        leaf = known[path]
        answer = put(answer, leaf.route, _fitting(value, leaf.route, leaf.kind, pattern))
    return answer


def _fitting(value: object, route: Route, kind: LeafKind, pattern: Pattern) -> object:
    """A value that can stand here: of the kind of the others, and one of the words where only some
    are allowed. Raises `Uncorrectable`."""
    alike, path = kind_of(route), path_of(route)
    now = _as_kind(value, pattern.kinds.get(alike, "text") if kind == "nothing" else kind, path)
    if alike in pattern.choices and not _is_among(now, pattern.words[alike]):
        raise Uncorrectable(f"`{path}` must be one of {', '.join(pattern.words[alike])}")
    return now


def _is_among(value: object, words: Sequence[str]) -> bool:
    return all(
        each is None or each in words for each in (value if isinstance(value, list) else [value])
    )


def _as_kind(value: object, kind: LeafKind, path: str) -> object:
    """A value of the same kind as the answer's, or null. Raises `Uncorrectable`."""
    match kind, value:
        case _, None:
            return None
        case "yes_no", bool():
            return value
        case "number", int() | float() if _is_number(value):
            return value
        case (("text" | "nothing"), str()) if len(value) <= LONGEST:
            return value
        case "texts", list() if all(isinstance(each, str) for each in value):
            return value
    raise Uncorrectable(f"`{path}` must be {_KINDS[kind]}")


_KINDS: Mapping[LeafKind, str] = {
    "text": "a text", "nothing": "a text", "number": "a number", "yes_no": "yes or no",
    "texts": "a list of texts",
}  # fmt: skip


def _with_thing(answer: object, one: Detection, thing: Thing, size: Size | None) -> object:
    """The answer with the place and the label of a thing that stays."""
    place, label = names_in(answer, one)
    route = route_of(one.at)
    where = _placed(thing, size)
    if where is not None:
        if marked(one) != ("box" if thing.box else "point"):
            raise Uncorrectable(
                "an outline or a mask stays as it is: delete it, or reject the answer"
            )
        at = (*route, place) if place is not None else route
        answer = put(answer, at, where.as_list())
    if thing.label != one.label:
        if label is None:
            raise Uncorrectable(f"`{one.at}` has no label that could be another one")
        answer = put(answer, (*route, label), thing.label)
    return answer


def _moved(result: Result, thing: Thing, answer: object, route: Route) -> Detection:
    """The detection of a thing that stays, at its new place in the answer."""
    assert thing.was is not None
    one = result.detections[thing.was]
    item = value_at(answer, route)
    fields = dict(one.fields)
    if isinstance(item, Mapping):
        fields |= {name: item[name] for name in fields if name in item}
    one = replace(one, at=path_of(route), label=thing.label, fields=fields, issues=())
    where, size = _placed(thing, _size(result, thing)), _size(result, thing)
    match where:
        case Box():
            pixels = where.on_pixels(size) if size else None
            return replace(one, box=where, box_px=pixels, box_2d=None)
        case Point():
            return replace(one, point=where)
    return one


def _added(
    answer: object, thing: Thing, pattern: Pattern, result: Result
) -> tuple[object, Detection]:
    record = pattern.record
    size, count = _size(result, thing), len(result.images)
    where = _placed(thing, size)
    if record is None or where is None or record.kind != ("box" if thing.box else "point"):
        raise Uncorrectable("nothing can be added to this answer")
    if not record.on(thing.image, count):
        raise Uncorrectable("the answer cannot say that a thing is on another image than the last")
    owner = value_at(answer, record.list)
    if not isinstance(owner, list):
        raise Uncorrectable(f"`{path_of(record.list)}` of the answer is no list")
    at = path_of((*record.list, len(owner)))
    fields: dict[str, object] = dict.fromkeys(record.others)
    for name, value in thing.fields.items():
        if name not in fields:
            raise Uncorrectable(f"a new thing has no `{name}`")
        fields[name] = _fitting(value, (*record.list, len(owner), name), "nothing", pattern)
    if IMAGE in fields and count > 1:
        fields[IMAGE] = thing.image + 1
    if record.place is None:
        owner.append(where.as_list())
        label = None
    else:
        label = thing.label if record.label is not None else None
        named = {} if record.label is None else {record.label: label}
        owner.append({**named, record.place: where.as_list(), **fields})
    pixels = where.on_pixels(size) if isinstance(where, Box) and size else None
    one = Detection(at, label, box_px=pixels, image=thing.image, fields=fields)
    return answer, replace(one, box=thing.box and where, point=thing.point and where)  # type: ignore[arg-type]


def _placed(thing: Thing, size: Size | None) -> Box | Point | None:
    """The place of a thing inside its image. Raises `Uncorrectable` for one without extent."""
    if thing.point is not None:
        return thing.point.clipped(size) if size else thing.point
    if thing.box is None:
        return None
    box = thing.box.clipped(size) if size else thing.box
    if box.width < SMALLEST or box.height < SMALLEST:
        raise Uncorrectable("a box has a width and a height inside the image")
    return box


def _size(result: Result, thing: Thing) -> Size | None:
    image = thing.image
    if thing.was is not None:
        image = result.detections[thing.was].image
    if not 0 <= image < len(result.images):
        raise Uncorrectable("the answer has not so many images")
    return result.images[image].size


def _holds_nothing(answer: object) -> bool:
    """As an answer is called empty: its only list holds nothing."""
    if isinstance(answer, dict) and len(answer) == 1:
        answer = next(iter(answer.values()))
    return answer in (None, [], "")


def _thing(data: Any) -> Thing:
    was, label = data.get("was"), data.get("label")
    image = data.get("image", 0)
    if not (was is None or _is_whole(was)) or not _is_whole(image):
        raise TypeError
    if not (label is None or (isinstance(label, str) and len(label) <= LONGEST)):
        raise TypeError
    box, point = _numbers(data.get("box"), 4), _numbers(data.get("point"), 2)
    return Thing(
        was,
        label or None,
        Box(min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
        if box
        else None,
        Point(*point) if point and not box else None,
        image,
        _fields(data.get("fields", {}), was),
    )


def _fields(value: Any, was: int | None) -> Mapping[str, object]:
    if not isinstance(value, dict) or (value and was is not None):
        raise TypeError
    return value


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: float) -> bool:
    return not isinstance(value, bool) and abs(value) < 1e15 and isfinite(value)


def _numbers(value: Any, count: int) -> list[float] | None:
    if value is None:
        return None
    found = [float(each) for each in _list(value) if isinstance(each, int | float)]
    if len(found) != count or not all(isfinite(each) and abs(each) < 1e9 for each in found):
        raise TypeError
    return [round(each, 2) for each in found]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value
