"""A Parquet table is the CSV table with its types, as pyarrow and our own reader see it."""

from __future__ import annotations

import csv
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from runner.sources.parquet import parquet_rows


def test_columns_have_one_type_each(scene, cat, dog) -> None:  # type: ignore[no-untyped-def]
    """Whole numbers, numbers, yes or no, text; what is missing is null; a formula stays as it is."""
    formula = replace(dog, label="=1+1", fields={"age": 2.5, "wild": "?", "big": 2**70})
    results = [scene.result("a.jpg", (cat, formula)), scene.result("b.jpg", (), "refused")]
    table = pq.read_table(scene.write("parquet", results, "find.boxes"))
    assert {field.name: str(field.type) for field in table.schema} == {
        "case": "string",
        "repeat": "int64",
        "status": "string",
        "n": "int64",
        "label": "string",
        "x_min": "double",
        "y_min": "double",
        "x_max": "double",
        "y_max": "double",
        "score": "double",
        "age": "double",
        "wild": "string",
        "big": "string",
        "error": "string",
    }
    assert table.column("label").to_pylist() == ["cat", "=1+1", None]
    assert table.column("age").to_pylist() == [3.0, 2.5, None]
    assert table.column("wild").to_pylist() == ["true", "?", None]
    assert table.column("big").to_pylist() == [None, str(2**70), None]
    assert table.column("x_min").to_pylist() == [1.5, 50.0, None]
    assert table.column("error").to_pylist() == [None, None, "SAFETY"]


def test_the_rows_are_those_of_the_csv(scene, cat, dog, leaf, ring, tip) -> None:  # type: ignore[no-untyped-def]
    """Column by column, row by row."""
    results = [
        scene.result(
            "a.jpg", (cat, dog, leaf, ring, tip), combination={"model": "x"}, row={"id": 7}
        ),
        scene.result("ä.jpg", (), "empty", combination={"model": "x"}, simulated=True),
    ]
    rows = list(parquet_rows(scene.write("parquet", results, "find.rows")))
    with scene.write("csv", results, "find.rows").open(encoding="utf-8-sig", newline="") as file:
        expected = list(csv.DictReader(file))
    assert [list(row) for row in rows] == [list(row) for row in expected]
    assert [[as_text(cell) for cell in row.values()] for row in rows] == [
        [as_text(cell) for cell in row.values()] for row in expected
    ]


def as_text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    try:
        return f"{float(str(cell)):g}"
    except ValueError:
        return "" if cell is None else str(cell)


@pytest.mark.parametrize("label", ["\ud83d", "a\x00b", "\u2028"])
def test_text_that_is_no_utf_8_is_written_in_letters(label: str, scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Half of a surrogate pair does not stop the table."""
    results = [scene.result("a.jpg", (replace(cat, label=label),))]
    path = scene.write("parquet", results, "find.boxes")
    (said,) = pq.read_table(path).column("label").to_pylist()
    assert said == (label if label.isascii() or label == "\u2028" else "\\ud83d")
