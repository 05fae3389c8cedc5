"""Finds what a reference points at in the results of a case: one rule for checks and outputs.

After a step's id stands, in this order of precedence: an author's own name in the answer; `answer`,
`text`, `status`; `boxes`, `points`, `polygons`, `masks`, `rows`; and on a list `count`, `labels`
or a field of every entry; of things also `area`, the share of the image that each covers.
`masks.count` counts the masks that are there, not the records that should
have one, and so do `boxes`, `points` and `polygons`. Only earlier code knows whether a name can
exist: a name that an answer does not hold is `absent`, as an optional field is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runner.text.detections import (
    LISTS,
    areas_of,
    detections_of,
    has_place,
    images_of,
    listed_record,
    own_names,
    record_of,
)
from runner.values.reference import Reference
from runner.values.result import USABLE, Result
from runner.values.truth import Cell, NoTruth, Things, Truth

MissingKind = Literal[
    "not_run",  # there is no result: the step, or one before it, did not run or was skipped
    "unusable",  # the step failed, or its answer cannot be relied on
    "absent",  # a whole answer that does not hold this value
    "no_truth",  # nobody has said what is right for this case
    "no_number",  # what is right for this case cannot be read as the number that it should be
]

_UNUSABLE: Mapping[str, str] = {
    "truncated": "was cut off",
    "refused": "was refused",
    "malformed": "gave an answer that cannot be read",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Found:
    """The value that a reference points at, as plain JSON-like data."""

    value: object


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such value, and why, in a sentence that can stand alone."""

    why: str
    kind: MissingKind


def look_up(
    reference: Reference,
    steps: Mapping[str, Result],
    row: Mapping[str, object],
    variables: Mapping[str, object],
    truth: Mapping[str, Truth] = {},
    item: object = None,
) -> Found | Missing:
    """The value of `find.boxes.count`, `row.label`, `truth.boxes` or `vars.x` in one case. `item` is
    the entry that a step is run for.

    Nothing but its `status` is taken from a step without a usable answer: a failure is never an
    empty result.
    """
    match reference.root:
        case "row":
            return _in_table(reference, row)
        case "vars":
            return _in_table(reference, variables)
        case "truth":
            return _in_truth(reference.path, truth, steps)
        case "item":
            return _walk(item, reference.path, "item")
    result = steps.get(reference.root)
    if result is None:
        return Missing(f"{reference.root} has no result", "not_run")
    if reference.path == ("status",):
        return Found(result.status)
    return unusable(result) or part_of(result, reference.path)


def unusable(result: Result) -> Missing | None:
    """Why nothing may rely on this result; None when it holds a usable answer."""
    if result.status in USABLE:
        return None
    if result.status == "not_run":
        return Missing(_sentence(f"{result.step} did not run", result.error), "not_run")
    if result.status == "skipped":
        return Missing(_sentence(f"{result.step} was skipped", result.error), "not_run")
    return Missing(_sentence(f"{result.step} {_UNUSABLE[result.status]}", result.error), "unusable")


def part_of(result: Result, path: Sequence[str]) -> Found | Missing:
    """The part of one result, whatever its status: `("boxes", "count")`."""
    if not path:
        return Found(result.answer)
    name, *rest = path
    value = _first(result, name)
    if isinstance(value, Missing):
        return value
    found = value.value
    if rest == ["area"] and isinstance(found, list) and not _has_field(found, "area"):
        things = detections_of(result, (name,))
        if len(things) == len(found):
            return Found(areas_of(things, result.images))
    if rest == ["count"] and isinstance(found, list) and _has_pixels(result):
        found = [entry for entry in found if not _lacks(entry, name)]
    return _walk(found, rest, f"{result.step}.{name}")


def names_in(result: Result, path: Sequence[str]) -> tuple[str, ...]:
    """What may stand after a path in this answer: fields of the record, or of the list's records."""
    found = part_of(result, path)
    value = found.value if isinstance(found, Found) else None
    entries = value if isinstance(value, list | tuple) else [value]
    own = dict.fromkeys(name for each in entries if isinstance(each, Mapping) for name in each)
    if path:
        return tuple(own)
    lists = (name for name in LISTS if detections_of(result, (name,)))
    text = ["text"] * isinstance(value, str)
    return tuple(dict.fromkeys((*own, *lists, *text, "answer")))


PLACES: Mapping[str, str] = {
    "boxes": "box", "points": "point", "polygons": "polygon", "masks": "mask"
}  # fmt: skip


def _lacks(entry: object, name: str) -> bool:
    """A record of `masks` of which the mask is null: it stands in the list, and is no mask."""
    place = PLACES.get(name)
    return isinstance(entry, Mapping) and place in entry and entry[place] is None


def _has_pixels(result: Result) -> bool:
    """False when an image is only seen by the service: then every place is null."""
    return all(image.size is not None for image in result.images)


def _in_table(reference: Reference, table: Mapping[str, object]) -> Found | Missing:
    if not reference.path:
        return Found(table)
    name, *rest = reference.path
    if name not in table:
        return Missing(f"there is no {reference.root}.{name}", "absent")
    return _walk(table[name], rest, f"{reference.root}.{name}")


def _has_field(entries: Sequence[object], name: str) -> bool:
    return any(isinstance(entry, Mapping) and name in entry for entry in entries)


def _in_truth(
    path: Sequence[str], truths: Mapping[str, Truth], steps: Mapping[str, Result]
) -> Found | Missing:
    """What is right for the case; after the name of things may stand their kind: `masks`."""
    name, *rest = path
    match truths.get(name):
        case None:
            return Missing(f"there is no truth.{name}", "no_truth")
        case NoTruth(why):
            return Missing(f"truth.{name} is not known: {why}", "no_truth")
        case Cell(value):
            return _walk(value, rest, f"truth.{name}")
        case Result() as result:
            found = unusable(result) or part_of(result, rest)
            if isinstance(found, Missing):
                return Missing(f"truth.{name} is not known: {found.why}", "no_truth")
            return found
        case Things(things, keypoints):
            if rest and rest[0] in PLACES:
                things = tuple(one for one in (*things, *keypoints) if has_place(one, rest[0]))
                name, rest = f"{name}.{rest[0]}", rest[1:]
            records = [record_of(one) for one in things]
            if rest == ["area"] and not _has_field(records, "area"):
                return Found(areas_of(things, images_of(steps)))
            return _walk(records, rest, f"truth.{name}")


def _first(result: Result, name: str) -> Found | Missing:
    own = own_names(result)
    if name in own:
        return Found(own[name])
    match name:
        case "answer":
            return Found(result.answer)
        case "status":
            return Found(result.status)
        case "text" if isinstance(result.answer, str):
            return Found(result.answer)
        case "text" if result.answer is None and result.status == "empty":
            return Found("")
        case "text" if isinstance(result.answer, list) and not any(
            isinstance(entry, Mapping) for entry in result.answer
        ):
            return Found(result.answer)
        case "rows":
            return Found(_rows(result))
        case "count":
            return Found(len(_rows(result)))
        case "labels":
            return Found([_label(entry) for entry in _rows(result)])
        case _ if name in LISTS:
            return Found([listed_record(each, result) for each in detections_of(result, (name,))])
    if isinstance(result.answer, list):
        return _walk(result.answer, [name], result.step)
    return Missing(f"the answer of {result.step} has no `{name}`", "absent")


def _rows(result: Result) -> list[object]:
    """The entries of an answer that is a list, or one list under a name, or what was found."""
    if isinstance(result.answer, list):
        return result.answer
    values = list(own_names(result).values())
    if len(values) == 1 and isinstance(values[0], list) and not _is_place(values[0]):
        return values[0]
    return [record_of(found) for found in result.detections]


def _is_place(entries: Sequence[object]) -> bool:
    """The four numbers of a box are a list, but not a list of entries."""
    return bool(entries) and all(isinstance(entry, int | float) for entry in entries)


def _walk(value: object, path: Sequence[str], where: str) -> Found | Missing:
    for name in path:
        if isinstance(value, Mapping):
            if name not in value:
                return Missing(f"{where} has no `{name}`", "absent")
            value = value[name]
        elif isinstance(value, list | tuple):
            value = _of_every(value, name)
        else:
            return Missing(f"{where} has no `{name}`: it is a single value", "absent")
        where = f"{where}.{name}"
    return Found(value)


def _of_every(entries: Sequence[object], name: str) -> object:
    """`count` and `labels` of a list, or the field of every entry; None where it is left out."""
    if name == "count":
        return len(entries)
    if name == "labels":
        return [_label(entry) for entry in entries]
    return [entry.get(name) if isinstance(entry, Mapping) else None for entry in entries]


def _label(entry: object) -> object:
    return entry.get("label") if isinstance(entry, Mapping) else None


def _sentence(start: str, reason: str | None) -> str:
    return f"{start}: {reason}" if reason else start
