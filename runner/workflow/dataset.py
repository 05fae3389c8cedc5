"""`dataset:` — a table of which every row is a case, and its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from runner.sources.parquet import INSTALL, NEEDS_PYARROW, is_there
from runner.values.problem import Place
from runner.workflow.document import absolute, is_sound
from runner.workflow.files import is_file, missing_file
from runner.workflow.findings import Findings
from runner.workflow.images import UNNAMED
from runner.workflow.outside import stays
from runner.workflow.spec import Dataset
from runner.workflow.telling import as_name

Format = Literal["csv", "tsv", "jsonl", "parquet"]

_ENDINGS: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


SPREADSHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".numbers"})
SAVE_AS_CSV = "save its sheet as “CSV UTF-8”, and name that file"


def table_format(path: Path) -> Format | None:
    """The format that the ending of a table tells."""
    return _ENDINGS.get(path.suffix.lower())


def dataset_of(
    table: Mapping[str, Any], findings: Findings
) -> tuple[Dataset | None, tuple[str, ...] | None]:
    """The dataset and the names of its columns; None for what could not be found out."""
    name = table.get("file")
    if not isinstance(name, str):
        return None, None
    route = ("dataset", "file")
    path = findings.document.path(route, name)
    place = findings.document.place(route)
    if not stays(name, path, route, findings):
        return None, None
    is_spreadsheet = path.suffix.lower() in SPREADSHEETS
    form = None if is_spreadsheet else table.get("format") or table_format(path)
    if not is_file(path):
        findings.problems.append(missing_file("W450", name, path, place, "with a table"))
        return None, None
    if form is None:
        message = f"`{name}` is not named like a table that can be read"
        fix = "write format: csv, tsv, jsonl or parquet beside `file:`"
        if is_spreadsheet:
            message, fix = f"`{name}` is a spreadsheet", SAVE_AS_CSV
        findings.error("W450", place, message, fix)
        return None, None
    if form == "parquet" and not is_there():
        findings.error("W453", place, NEEDS_PYARROW, INSTALL)
        return None, None
    folder = table.get("image_folder")
    beside = path.parent
    if folder:
        at = ("dataset", "image_folder")
        beside = findings.document.path(at, folder)
        stays(folder, beside, at, findings)
    dataset = Dataset(
        file=absolute(path),
        format=form,
        roles=_roles(table.get("image_columns")),
        image_folder=absolute(beside),
        id_column=table.get("id_column"),
        where={
            key: tuple(value) if isinstance(value, list) else value
            for key, value in (table.get("where") or {}).items()
            if is_sound(value)
        },
        place=findings.document.place(("dataset",), key=True),
        places=dict(_places(table, findings)),
    )
    return replace(dataset, decimal_comma=_has_commas(dataset)), columns_of(dataset)


def _roles(columns: object) -> dict[str, str]:
    """One column holds the `image`; several are called as their columns."""
    match columns:
        case str():
            return {UNNAMED: columns}
        case [str() as only]:
            return {UNNAMED: only}
        case list():
            return {as_name(each): each for each in columns if isinstance(each, str)}
        case _:
            return {}


def columns_of(dataset: Dataset) -> tuple[str, ...] | None:
    """The columns of a table, or the keys of its first row; None when they cannot be read."""
    from runner.sources.opening import Unreadable
    from runner.sources.table import columns

    try:
        names = columns(dataset.file, dataset.format, _wanted(dataset))
    except Unreadable:
        return None  # gathering tells what is wrong with the table
    named = tuple(filter(None, names))
    return None if len(named) == 1 < len(names) else named or None  # a title is told there, too


def _places(table: Mapping[str, Any], findings: Findings) -> Iterator[tuple[str, Place]]:
    """Where each key of the dataset stands, and each column that it names."""
    for key, value in table.items():
        route = ("dataset", key)
        yield key, findings.document.place(route)
        for at, column in enumerate(value) if isinstance(value, list | dict) else ():
            is_key = isinstance(value, dict)
            place = findings.document.place((*route, column if is_key else at), key=is_key)
            yield f"{key}.{column}", place


def _has_commas(dataset: Dataset) -> bool:
    from runner.sources.opening import Unreadable
    from runner.sources.table import has_decimal_commas

    try:
        return has_decimal_commas(dataset.file, dataset.format, _wanted(dataset))
    except Unreadable:
        return False


def _wanted(dataset: Dataset) -> list[str]:
    """The columns that must be there."""
    own = [dataset.id_column] if dataset.id_column else []
    return [*dataset.roles.values(), *dataset.where, *own]
