"""Boxes as a table: `image,label,x_min,y_min,x_max,y_max`, in pixels of the upright image."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.sources.opening import Unreadable
from runner.sources.table import Format, Row, columns, has_decimal_commas, rows
from runner.sources.truth.by_image import ByImage, Entry
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.names import Named, Names
from runner.sources.truth.numbers import finite
from runner.values.geometry import Box
from runner.values.result import Detection

EDGES = ("x_min", "y_min", "x_max", "y_max")
COLUMNS = ("image", *EDGES)
"""Columns that must be there; `label` may, and any others are kept as fields."""

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Boxes:
    """A CSV, TSV, JSON-lines or Parquet file with a row for each box.

    A row without numbers says that its image is looked at and holds nothing.
    """

    file: Path
    format: Format = "csv"

    def open(self, flaws: Flaws) -> ByImage:
        """Reads the table once. Raises `Unreadable`."""
        there = self._columns()
        missing = [name for name in COLUMNS if name not in there]
        if missing:
            named = ", ".join(f"`{name}`" for name in missing)
            raise Unreadable("truth_columns", f"it has no column {named}{_renamed(missing, there)}")
        comma = has_decimal_commas(self.file, self.format, COLUMNS)
        names = Names()
        waiting: list[tuple[Named, tuple[str, str] | None]] = []
        for row in rows(self.file, self.format, COLUMNS):
            entry = self._entry(row, flaws, comma=comma)
            if entry is not None:
                waiting.append(entry)
            if len(waiting) == _AT_ONCE:
                _note(waiting, names)
        _note(waiting, names)
        names.seal()
        return ByImage(self.file.name, names, lambda named, image: self._things(names, named))

    def _columns(self) -> tuple[str, ...]:
        if self.format != "jsonl":
            return columns(self.file, self.format, COLUMNS)
        return (*columns(self.file, self.format), *EDGES)  # an empty image need not have them

    def _entry(
        self, row: Row, flaws: Flaws, *, comma: bool
    ) -> tuple[Named, tuple[str, str] | None] | None:
        """The image of a row, and its box; None when the row cannot be used."""
        where = f"{self.file.name}, {'row' if self.format == 'parquet' else 'line'} {row.line}"
        if row.problem is not None:
            flaws.add(where, row.problem)
            return None
        name = row.values.get("image")
        if not isinstance(name, str) or not name:
            flaws.add(f"{where}, column `image`", "no image is named here")
            return None
        image = Named(name, name, "")
        if all(row.values.get(edge) in (None, "") for edge in EDGES):
            return image, None
        edges = []
        for edge in EDGES:
            cell = row.values.get(edge)
            with_point = _with_point(cell)
            number = finite(with_point if comma else cell)
            if number is None:
                write = "" if finite(with_point) is None else f"; write {with_point}"
                flaws.add(f"{where}, column `{edge}`", f"{_said(cell)} is no number{write}")
                return None
            edges.append(number)
        for low, high in (("x_min", "x_max"), ("y_min", "y_max")):
            if edges[EDGES.index(low)] >= edges[EDGES.index(high)]:
                flaws.add(f"{where}, column `{high}`", f"`{high}` must be greater than `{low}`")
                return None
        if edges[2] <= 0 or edges[3] <= 0:
            flaws.add(where, "the box lies outside the image")
            return None
        return image, (name, json.dumps([where, edges, _label(row.values), _others(row.values)]))

    def _things(self, names: Names, named: Named) -> Iterator[tuple[Entry, tuple[Detection, ...]]]:
        for entry in names.things(named.key):
            where, edges, label, fields = json.loads(entry)
            yield Detection(where, label, Box(*edges), fields=fields), ()


def _renamed(missing: Sequence[str], there: Sequence[str]) -> str:
    """How to rename columns that are called as in other tools: `xmin`, `left`, `filename`."""
    plain = {name.lower().replace("_", "").replace(" ", ""): name for name in there}
    renames = [
        f"`{found}` to `{name}`"
        for name in missing
        if (found := next((plain[each] for each in _CALLED[name] if each in plain), None))
    ]
    return f"; rename {', '.join(renames)}" if renames else ""


_CALLED: Mapping[str, tuple[str, ...]] = {
    "image": ("image", "filename", "file", "imagename", "imagepath", "imageid", "path", "photo"),
    "x_min": ("xmin", "x1", "left"),
    "y_min": ("ymin", "y1", "top"),
    "x_max": ("xmax", "x2", "right"),
    "y_max": ("ymax", "y2", "bottom"),
}
"""What other tools call these columns."""


def _with_point(cell: object) -> object:
    """A number that is written with a decimal comma, with a point."""
    return cell.replace(",", ".") if isinstance(cell, str) and cell.count(",") == 1 else cell


def _note(waiting: list[tuple[Named, tuple[str, str] | None]], names: Names) -> None:
    images = {named.key: named for named, _ in waiting}
    names.add_images(images.values())
    names.add_things(thing for _, thing in waiting if thing is not None)
    waiting.clear()


def _label(values: Mapping[str, object]) -> str | None:
    label = values.get("label")
    return None if label in (None, "") else str(label)


def _others(values: Mapping[str, object]) -> dict[str, object]:
    return {k: v for k, v in values.items() if k not in COLUMNS and k != "label"}


def _said(value: object) -> str:
    return "nothing" if value in (None, "") else f"`{value}`"
