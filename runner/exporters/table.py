"""A result as rows of a table: one for each entry that is saved, at least one for each result."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard

from runner.exporters.record import error_of
from runner.text.detections import LISTS, detections_of
from runner.text.lookup import Found, part_of
from runner.values.result import USABLE, Detection, Result

Cell = str | int | float | bool | None
Row = dict[str, Cell]

BEFORE = ("repeat", "status", "n", "image", "label")
GEOMETRY = ("x_min", "y_min", "x_max", "y_max", "x", "y", "polygon", "area", "box_3d", "score")
AFTER = ("error", "simulated")

_OF_ROW = "row."
"""What stands before the columns of a dataset."""

_USUAL = frozenset({"box", "box_2d", "point", "polygon", "mask", "box_3d"})
"""Names of fields that say no more than their kind."""


def rows_of(result: Result, path: Sequence[str]) -> Iterator[Row]:
    """The rows of one result. Columns of the author's own are named as in the answer: a box in a
    field `where` has the columns `where.x_min` and so on, one in a field `box` just `x_min`. A case
    from a dataset has its row's columns as `row.NAME`, and its image's name if that is another.

    A result without an entry has one row that says so by its `status`, one that failed has one
    with its `error`: no case vanishes from the table. `n` counts the entries of a list from 1.
    """
    value = _saved(result, path)
    entries = list(_entries(value, result, path))
    is_list = isinstance(value, list | tuple)
    for number, entry in enumerate(entries, 1):
        count: Row = {"n": number} if is_list else {}
        yield {**_frame(result), **count, **entry}
    if not entries:
        yield _frame(result)


def columns_of(axes: Iterable[str], seen: Iterable[str]) -> tuple[str, ...]:
    """All columns in a stable order: what names a row, geometry, the author's own, the error."""
    seen = dict.fromkeys(seen)
    of_row = [name for name in seen if name.startswith(_OF_ROW)]
    always = dict.fromkeys(("case", *axes, "repeat", "status"))
    fixed = ("case", *of_row, *axes, *BEFORE, *GEOMETRY)
    own = (name for name in seen if name not in fixed and name not in AFTER)
    return (
        *(name for name in fixed if name in seen or name in always),
        *own,
        *(name for name in AFTER if name in seen),
    )


def _frame(result: Result) -> Row:
    frame: Row = {"case": result.case}
    frame |= {f"{_OF_ROW}{name}": _cell(value) for name, value in result.row.items()}
    if result.row and len(result.images) == 1 and result.images[0].name != result.case:
        frame["image"] = result.images[0].name
    frame |= {axis: _cell(value) for axis, value in result.combination.items()}
    frame |= {"repeat": result.repeat, "status": result.status}
    if error := error_of(result):
        frame["error"] = error
    if result.simulated:
        frame["simulated"] = True
    return frame


def _saved(result: Result, path: Sequence[str]) -> object:
    """What is saved, None when there is none; of an answer that is but one list, that list."""
    found = part_of(result, path)
    if not isinstance(found, Found) or not _is_usable(result):
        return None
    only = _only_list(result)
    return found.value if path or only is None else only[1]


def _is_usable(result: Result) -> bool:
    return result.status in USABLE or result.status == "truncated"


def _only_list(result: Result) -> tuple[str, list[object]] | None:
    """The name and the list of an answer that is nothing but one list under a name. The four
    numbers of a box are no such list."""
    if any(not one.at for one in result.detections):
        return None
    if isinstance(result.answer, Mapping) and len(result.answer) == 1:
        ((name, only),) = result.answer.items()
        return (name, only) if isinstance(only, list) else None
    return None


def _entries(value: object, result: Result, path: Sequence[str]) -> Iterator[Row]:
    where = _place(result, path)
    found = _by_place(result.detections)
    if where is None:
        for one in detections_of(result, path):
            yield _record({}, {"": one}, result)
    elif isinstance(value, Mapping):
        yield _record(value, found.get(where, {}), result)
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            here = found.get(f"{where}[{index}]", {})
            if entry is None and _holds_records(value, result):
                yield {}
            elif isinstance(entry, Mapping) or here:
                yield _record(entry if isinstance(entry, Mapping) else {}, here, result)
            else:
                yield {_column(path, result): _cell(entry)}
    elif value is not None:
        yield {_column(path, result): _cell(value)}


def _holds_records(value: Sequence[object], result: Result) -> bool:
    """Whether an empty place in a list stands for a record, which has no column of its own."""
    not_cut = any(issue.code == "not_cut" for issue in result.issues)
    return not_cut or any(isinstance(entry, Mapping) for entry in value)


def _place(result: Result, path: Sequence[str]) -> str | None:
    """Where in the answer the value stands, as detections write it (`shelf.items`); None for a
    list that was put together from detections."""
    name = path[0] if path else "answer"
    if isinstance(result.answer, Mapping) and name in result.answer:
        return ".".join(path)
    only = _only_list(result)
    if name in ("answer", "rows") and (only or isinstance(result.answer, list)):
        return only[0] if only else ""
    return None if path[:1] == path and name in LISTS else ""


def _by_place(found: Iterable[Detection]) -> dict[str, dict[str, Detection]]:
    """Detections by the place of their record, and there by the field that they stand in: `""` for
    the record itself, `plate` where a record has several boxes."""
    places: dict[str, dict[str, Detection]] = {}
    for one in found:
        places.setdefault(one.at, {})[""] = one
        record, _, name = one.at.rpartition(".")
        if name and "[" not in name:
            places.setdefault(record, {})[name] = one
    return places


def _record(record: Mapping[str, object], found: Mapping[str, Detection], result: Result) -> Row:
    """The label, what was found in the record, and its other values, in the record's order."""
    if not found:
        return _own(_flat(record), result)
    row: Row = {}
    whole = found.get("")
    label = whole.label if whole else record.get("label")
    if isinstance(label, str):
        row["label"] = label
    image = next(iter(found.values())).image
    if len(result.images) > 1 and image < len(result.images):
        row["image"] = result.image_title(image)
    places = _named_places(record, whole)
    apart = {column for columns in places.values() for column in columns}
    cells = dict(_geometry(whole)) if whole else {}
    row |= {column: cell for column, cell in cells.items() if column not in apart}
    fields: Row = {}
    for name, value in record.items():
        if name in found:
            fields |= {f"{name}.{column}": cell for column, cell in _geometry(found[name])}
            inner = found[name].fields if isinstance(value, Mapping) else {}
            fields |= _flat(inner, f"{name}.")
        elif name in places:
            columns = [column for column in places[name] if column in cells]
            fields |= {f"{name}.{column}": cells[column] for column in columns}
        elif name in whole.fields if whole else name not in row:
            fields |= _flat({name: value})
    others = (
        {name: value for name, value in whole.fields.items() if name not in record} if whole else {}
    )
    return row | _own(fields | _flat(others), result, row)


def _named_places(
    record: Mapping[str, object], whole: Detection | None
) -> Mapping[str, Sequence[str]]:
    """The columns of each place that stands under a name of the author's."""
    if whole is None:
        return {}
    known = {*whole.fields, *_USUAL, "label"}
    return {name: _columns(value) for name, value in record.items() if name not in known}


def _columns(place: object) -> Sequence[str]:
    """Those of a place as an answer has it: a box, a point, a mask or an outline."""
    match place:
        case [int() | float(), int() | float(), int() | float(), int() | float()]:
            return GEOMETRY[:4]
        case [int() | float(), int() | float()]:
            return GEOMETRY[4:6]
        case [*_]:
            return ("polygon", "area")
        case Mapping():
            return ("area",)
        case _:
            return ()


def _geometry(found: Detection) -> Iterator[tuple[str, Cell]]:
    if found.box is not None:
        yield from zip(GEOMETRY[:4], found.box.as_list(), strict=True)
    if found.point is not None:
        yield from (("x", found.point.x), ("y", found.point.y))
    if found.polygon:
        yield "polygon", json.dumps([ring.as_list() for ring in found.polygon])
    if found.mask is not None:
        yield "area", found.mask.area
    if found.box_3d is not None:
        yield "box_3d", json.dumps(list(found.box_3d))
    if found.score is not None:
        yield "score", found.score


def _own(fields: Row, result: Result, row: Iterable[str] = ()) -> Row:
    """A field that is called like a column of the table gets its step's name in front."""
    taken = {"case", *BEFORE[:-1], *AFTER, *row, *(f"{_OF_ROW}{name}" for name in result.row)}
    step = result.step
    return {f"{step}.{name}" if name in taken else name: cell for name, cell in fields.items()}


def _flat(record: Mapping[str, object], prefix: str = "") -> Row:
    """Fields of fields as `shop.name`; of a list of records inside a record only its length."""
    row: Row = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            row |= _flat(value, f"{prefix}{name}.")
        elif _is_of_records(value, name):
            row[f"{prefix}{name}.count"] = len(value)
        else:
            row[f"{prefix}{name}"] = _cell(value)
    return row


def _is_of_records(value: object, name: str) -> TypeGuard[Sequence[object]]:
    if not isinstance(value, list | tuple):
        return False
    return any(isinstance(entry, Mapping) for entry in value) or (not value and name in LISTS)


def _column(path: Sequence[str], result: Result) -> str:
    """The reference without its step: `text`, `boxes.count`; `answer` for all of it."""
    name = ".".join(path) or "answer"
    return f"{result.step}.{name}" if name in ("status", "case", "repeat") else name


def _cell(value: object) -> Cell:
    """A single value as it is; a list of single values with `; ` between them; else JSON."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple) and all(
        isinstance(part, str | int | float) for part in value
    ):
        return "; ".join(part if isinstance(part, str) else json.dumps(part) for part in value)
    return json.dumps(value, ensure_ascii=False)
