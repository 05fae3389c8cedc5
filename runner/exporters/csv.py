"""`as: csv` — a table for a spreadsheet."""

from __future__ import annotations

import csv
import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from runner.exporters.atomic import encoded, writing
from runner.exporters.table import Cell, Row, columns_of, rows_of
from runner.roles import OpenImage
from runner.values.reference import Reference
from runner.values.result import Result

_FORMULA = re.compile(
    r"(^|\r\n|\r(?!\n)|\n)(?=[^\S\r\n]*[\ufeff\u200b]?[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r])"
)
"""Where a spreadsheet would begin to calculate: at the start of the text and of its lines, after
white space, also with the wide signs of East Asian keyboards. Source: owasp.org, "CSV Injection"."""


@dataclass(frozen=True, slots=True)
class Csv:
    """A table with a row for each entry, in UTF-8 with commas (RFC 4180).

    A table with letters beyond ASCII begins with a byte order mark: Excel takes `Löffel` for
    `LÃ¶ffel` without one. A table without such letters has none.

    Texts that a spreadsheet would take for a formula get a leading apostrophe; numbers stay
    numbers. The lossless form is `jsonl`.
    """

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The file. Rows wait on the disk until all columns are known, not in memory."""
        with TemporaryFile("w+", encoding="utf-8") as waiting:
            columns, plain = self._gather(results, waiting)
            with writing(target) as file:
                file.write(b"" if plain else BOM_UTF8)
                text = TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
                write_table(text, columns, _rows(waiting))
                text.detach()
        return (target,)

    def _gather(self, results: Iterable[Result], waiting: IO[str]) -> tuple[tuple[str, ...], bool]:
        """Writes every row as a line of JSON; the columns that they have together, and whether
        everything is ASCII."""
        plain = True
        axes: dict[str, None] = {}
        seen: dict[str, None] = {}
        for result in results:
            axes.update(dict.fromkeys(result.combination))
            for row in rows_of(result, self.save.path):
                seen.update(dict.fromkeys(row))
                waiting.write(json.dumps(row) + "\n")
                plain = plain and all(_is_ascii(cell) for cell in row.values())
        waiting.seek(0)
        columns = columns_of(axes, seen)
        return columns, plain and all(_is_ascii(column) for column in columns)


def write_table(file: IO[str], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """A heading and the rows; a column that a row does not have stays empty."""
    writer = csv.writer(file)
    writer.writerow([harmless(column) for column in columns])
    for row in rows:
        writer.writerow([_written(row.get(column)) for column in columns])


def harmless(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would read a formula."""
    return _FORMULA.sub(r"\1'", text)


def _is_ascii(cell: Cell) -> bool:
    return not isinstance(cell, str) or cell.isascii() or encoded(cell).isascii()


def _rows(waiting: IO[str]) -> Iterator[Row]:
    return (json.loads(line) for line in waiting)


def _written(cell: Cell) -> object:
    match cell:
        case bool():
            return "true" if cell else "false"
        case str():
            return harmless(cell)
        case _:
            return cell
