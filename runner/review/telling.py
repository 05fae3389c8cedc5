"""What the page is told of an answer: what is marked, what can be changed, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.exporters.palette import Palette
from runner.report.html.things import spelled, thing
from runner.review.pattern import IMAGE, Leaf, LeafKind, Pattern, leaves, marked, names_in
from runner.review.route import Route, kind_of, path_of, route_of
from runner.values.result import Detection, Result

if TYPE_CHECKING:
    from runner.values.answer import Json

MOST_LABELS = 500
"""So many are offered, the most frequent first."""


def told_answer(base: Result, pattern: Pattern, palette: Palette) -> dict[str, Json]:
    """The things and the plain values of an answer, and what may be added to it."""
    record = pattern.record
    return {
        "things": [
            _thing(position, one, base, palette) for position, one in enumerate(base.detections)
        ],
        "parts": [*_parts(base)],
        "values": [_leaf(leaf, pattern, base) for leaf in leaves(base)],
        "adds": record.kind if record else None,
        "labelled": bool(record and record.label),
        "fields": [*_fields(pattern, len(base.images))],
        "labels": [*pattern.labels[:MOST_LABELS]],
        "answer": spelled(base.answer),
    }


def told_image(base: Result, position: int, pattern: Pattern) -> dict[str, Json]:
    """One of its images, and whether things can be added there."""
    image, record = base.images[position], pattern.record
    return {
        "title": base.image_title(position),
        "width": image.size.width if image.size else None,
        "height": image.size.height if image.size else None,
        "adds": record is not None and record.on(position, len(base.images)),
    }


def _thing(position: int, one: Detection, base: Result, palette: Palette) -> Json:
    """A thing as it is drawn, with all of its label, and what of it can be another one."""
    size = base.images[one.image].size if one.image < len(base.images) else None
    drawn = thing(one, position + 1, size, palette, {one.image: one.image})
    drawn.pop("fields", None)  # they are values of the answer, told by themselves
    return {**drawn, "was": position, "label": one.label, **_freedom(one, base)}


def _freedom(one: Detection, base: Result) -> dict[str, Json]:
    """What of a thing can be another one."""
    try:
        _, label = names_in(base.answer, one)
    except ValueError:
        return {"moves": None, "relabels": False}
    return {"moves": marked(one), "relabels": label is not None}


def _leaf(leaf: Leaf, pattern: Pattern, base: Result) -> Json:
    kind = kind_of(leaf.route)
    value: Json = leaf.value  # type: ignore[assignment]  # a leaf of a JSON value
    own = None if leaf.kind == "nothing" else leaf.kind
    title = _title(leaf.route, base)
    return {
        "path": path_of(leaf.route),
        "title": title,
        "value": value,
        **_allowed(kind, own, pattern),
    }


def _allowed(kind: str, own: LeafKind | None, pattern: Pattern) -> dict[str, Json]:
    """What a value of this kind may be: `own` is what it is now."""
    return {
        "kind": own or pattern.kinds.get(kind, "text"),
        "words": [*pattern.words.get(kind, ())],
        "only": kind in pattern.choices,
    }


def _fields(pattern: Pattern, images: int) -> Iterator[Json]:
    """What a new thing has beside its place and its label."""
    if pattern.record is None:
        return
    for name in pattern.record.others:
        if name != IMAGE or images == 1:
            kind = kind_of((*pattern.record.list, 0, name))
            yield {"path": name, "title": name, "value": None, **_allowed(kind, None, pattern)}


def _title(route: Route, base: Result) -> str:
    """What a value is called: by the number of its thing or its part, which stands in the image."""
    for number, one in enumerate(base.detections, 1):
        of = route_of(one.at)
        if of and route[: len(of)] == of:
            return f"{number}: {path_of(route[len(of) :])}"
    if _has_parts(base) and isinstance(route[0], int):
        return f"{route[0] + 1}: {path_of(route[1:]) or 'text'}"
    return path_of(route) or "text"


def _parts(base: Result) -> Iterator[Json]:
    """The parts of images that a step was run for one by one (`for_each`)."""
    for number, entry in enumerate(base.entries if _has_parts(base) else (), 1):
        if entry.window is not None and entry.image is not None:
            yield {"n": number, "image": entry.image, "box": [*entry.window.as_list()]}


def _has_parts(base: Result) -> bool:
    return (
        bool(base.entries)
        and isinstance(base.answer, list)
        and len(base.answer) == len(base.entries)
    )
