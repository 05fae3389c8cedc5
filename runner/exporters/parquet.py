"""`as: parquet` — the table of `as: csv` with its types, for notebooks and databases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from runner.exporters.atomic import writing
from runner.exporters.column import Type, common, type_of, typed
from runner.exporters.table import Row, columns_of, rows_of
from runner.roles import OpenImage
from runner.values.reference import Reference
from runner.values.result import Result

AT_ONCE = 10_000
"""Rows of a group: so many are in memory."""


@dataclass(frozen=True, slots=True)
class Parquet:
    """A table with a row for each entry. Needs the extra `parquet`.

    A column has one type: whole numbers, numbers, yes or no, or else text, of which other values are
    then written as JSON. Nothing is a null. Text is as the model wrote it: nothing here calculates.
    """

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The file. Rows wait on the disk until all columns and their types are known."""
        with TemporaryFile("w+", encoding="utf-8") as waiting:
            columns, types = self._gather(results, waiting)
            with writing(target) as file:
                _write(file, {name: types.get(name, "text") for name in columns}, waiting)
        return (target,)

    def _gather(
        self, results: Iterable[Result], waiting: IO[str]
    ) -> tuple[tuple[str, ...], Mapping[str, Type]]:
        axes: dict[str, None] = {}
        types: dict[str, Type] = {}
        seen: dict[str, None] = {}
        for result in results:
            axes.update(dict.fromkeys(result.combination))
            for row in rows_of(result, self.save.path):
                seen.update(dict.fromkeys(row))
                for name, cell in row.items():
                    if cell is not None:
                        types[name] = common(types.get(name), type_of(cell))
                waiting.write(json.dumps(row) + "\n")
        waiting.seek(0)
        return columns_of(axes, seen), types


def _write(file: IO[bytes], types: Mapping[str, Type], waiting: IO[str]) -> None:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    kinds = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string()}
    schema = pa.schema([(name, kinds[type_]) for name, type_ in types.items()])
    with ParquetWriter(file, schema) as writer:
        for rows in _groups(waiting):
            table = {
                name: [typed(type_, row.get(name)) for row in rows] for name, type_ in types.items()
            }
            writer.write_table(pa.table(table, schema=schema))


def _groups(waiting: Iterable[str]) -> Iterator[list[Row]]:
    rows: list[Row] = []
    for line in waiting:
        rows.append(json.loads(line))
        if len(rows) == AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows
