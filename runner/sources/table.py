"""The rows of a CSV, TSV, JSON-lines or Parquet file, one by one, with their lines; a bad row is a value, too."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from io import TextIOWrapper
from math import isfinite
from pathlib import Path
from typing import Literal

from runner.sources.opening import Unreadable, open_file
from runner.sources.parquet import parquet_columns, parquet_rows

Format = Literal["csv", "tsv", "jsonl", "parquet"]

_LONGEST_LINE = 4 << 20
"""A line of JSON may have this many characters."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row and the line that it begins in, counted from 1; of a Parquet file, its number.

    `problem` says what is wrong with it; `values` then holds what could be read.
    """

    line: int
    values: Mapping[str, object] = field(default_factory=dict)
    problem: str | None = None


def columns(file: Path, format: Format, wanted: Collection[str] = ()) -> tuple[str, ...]:
    """The columns by name: the header of a table, or the keys of the first JSON object.

    Raises `Unreadable`.
    """
    if format == "parquet":
        return parquet_columns(file)
    if format == "jsonl":
        first = next((row for row in rows(file, format) if not row.problem), None)
        return tuple(first.values) if first else ()
    with _text(file) as stream:
        return tuple(_header(stream, format, wanted)[1])


def has_decimal_commas(file: Path, format: Format, wanted: Collection[str] = ()) -> bool:
    """Whether the cells are separated by semicolons, which spreadsheets do where the comma is for
    decimals. Raises `Unreadable`."""
    if format not in ("csv", "tsv"):
        return False
    with _text(file) as stream:
        return _header(stream, format, wanted)[0] == ";"


def rows(file: Path, format: Format, wanted: Collection[str] = ()) -> Iterator[Row]:
    """Every row but empty ones, lazily.

    `wanted` are the columns that must be there: a table saved with semicolons (as spreadsheets do
    where the comma is for decimals) or tabs is recognised by them. Cells of CSV and TSV are texts
    without the spaces around them. Raises `Unreadable` when the file itself cannot be read.
    """
    if format == "parquet":
        yield from (Row(*each) for each in enumerate(parquet_rows(file), 1))
        return
    with _text(file) as stream:
        yield from _json_rows(stream) if format == "jsonl" else _table_rows(stream, format, wanted)


def lines(file: Path, format: Format) -> Iterator[tuple[int, str]]:
    """The lines of the file as they stand, numbered from 1; one too long comes in pieces. Of a
    Parquet file, the cells of each row.

    Raises `Unreadable`.
    """
    if format == "parquet":
        yield from (
            (row.line, "\n".join(map(str, row.values.values()))) for row in rows(file, format)
        )
        return
    with _text(file) as stream:
        number, is_whole = 0, True
        while text := stream.readline(_LONGEST_LINE):
            number += is_whole
            is_whole = text.endswith("\n")
            yield number, text


def _text(file: Path) -> TextIOWrapper:
    """UTF-8 with or without a byte order mark, or UTF-16 with one."""
    stream = open_file(file)
    start = stream.read(4)
    stream.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return TextIOWrapper(stream, "utf-16", errors="replace", newline="")
    return TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")


def _table_rows(stream: TextIOWrapper, format: Format, wanted: Collection[str]) -> Iterator[Row]:
    delimiter, names, line = _header(stream, format, wanted)
    reader = csv.reader(stream, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        start = line + reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            why = f"its quotes do not match up ({error})"
            if "unexpected end" in str(error):
                why = 'a quote (") is opened in it and never closed, so all rows after it are lost'
            yield Row(start, problem=why)
            continue
        if any(cells):
            yield _row(start, names, cells)


def _header(
    stream: TextIOWrapper, format: Format, wanted: Collection[str]
) -> tuple[str, tuple[str, ...], int]:
    """The delimiter, the names of the columns, and the number of lines read so far."""
    line, text = 0, ""
    told: str | None = None
    while not text.strip():
        text, line = stream.readline(_LONGEST_LINE), line + 1
        if not text:
            raise Unreadable("table_empty", "the table is empty: it has no header")
        if text.lower().startswith("sep=") and len(text.strip()) == 5:  # a note of Excel to itself
            told, text = text[4], ""
    if _is_broken(text):
        raise Unreadable("table_not_utf8", NOT_UTF8)
    choices = [told] if told else ["\t", ",", ";"] if format == "tsv" else [",", ";", "\t"]
    return _best(text, choices, wanted, stream, line)


def _best(
    text: str, choices: list[str], wanted: Collection[str], stream: TextIOWrapper, line: int
) -> tuple[str, tuple[str, ...], int]:
    """The first delimiter that gives the columns that are wanted, or else the format's own."""
    headers = [(delimiter, _split(text, delimiter)) for delimiter in choices]
    named = set(wanted)
    fitting = (header for header in headers if named and named <= set(header[1]))
    widest = (
        max(headers, key=lambda header: len(header[1])) if len(headers[0][1]) == 1 else headers[0]
    )
    return (*next(fitting, widest), line)


NOT_UTF8 = "it is not UTF-8; save the table as “CSV UTF-8”"
"""What to do about a table in an older encoding."""


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        cells = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return ()
    return tuple(cell.strip() for cell in cells)


def _row(line: int, names: tuple[str, ...], cells: list[str]) -> Row:
    values = dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=False))
    values.pop("", None)
    if any(_is_broken(cell) for cell in cells):
        return Row(line, _readable(values), NOT_UTF8)
    if len(cells) > len(names) and any(cells[len(names) :]):
        why = f"it has {len(cells)} cells under {len(names)} columns; put a cell that holds the separator in quotes"
        return Row(line, values, why)
    if absent := [name for name in names[len(cells) :] if name]:
        why = f"it has {_cells(len(cells))} under {len(names)} columns: nothing stands for `{absent[0]}`"
        left_out = {name: value for name, value in values.items() if name not in absent}
        return Row(line, left_out, f"{why}; an empty cell needs its separator, too")
    return Row(line, values)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _json_rows(stream: TextIOWrapper) -> Iterator[Row]:
    number = 0
    while text := stream.readline(_LONGEST_LINE):
        number += 1
        if not text.strip():
            continue
        yield _json_row(number, text)
        while len(text) == _LONGEST_LINE and not text.endswith("\n"):  # the rest of a line too long
            text = stream.readline(_LONGEST_LINE)


def _json_row(line: int, text: str) -> Row:
    if len(text) == _LONGEST_LINE:
        return Row(line, problem="the line is too long")
    if _is_broken(text):
        return Row(line, problem="it is not UTF-8")
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()  # `\\ud800` alone is no character
    except (ValueError, RecursionError) as error:
        where = f" (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return Row(line, problem=f"it is not JSON{where}; each line holds one object")
    if not isinstance(value, dict):
        return Row(line, problem='it is JSON, but not an object like {"image": "a.jpg"}')
    return Row(line, value)


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else float(_refuse_constant(text))


def _refuse_constant(name: str) -> str:
    raise ValueError(f"{name} is no number in JSON")


def _is_broken(text: str) -> bool:
    """True when bytes that are not UTF-8 were read into the text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _readable(values: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        for name, value in values.items()
    }
