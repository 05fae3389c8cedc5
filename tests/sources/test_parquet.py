"""Parquet files are read as pyarrow reads them, as values that JSON can hold."""

from __future__ import annotations

import datetime
import decimal
import json
import subprocess
import sys
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from runner.sources.opening import Unreadable
from runner.sources.parquet import INSTALL
from runner.sources.table import Row, columns, lines, rows

VALUES = st.one_of(st.none(), st.text(max_size=5))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "photo": VALUES,
            "stars": st.one_of(st.none(), st.integers(-(2**40), 2**40)),
            "share": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            "good": st.one_of(st.none(), st.booleans()),
            "tags": st.one_of(st.none(), st.lists(VALUES, max_size=3)),
        }
    ),
    max_size=20,
)
SCHEMA = pyarrow.schema(
    [
        ("photo", pyarrow.string()),
        ("stars", pyarrow.int64()),
        ("share", pyarrow.float64()),
        ("good", pyarrow.bool_()),
        ("tags", pyarrow.list_(pyarrow.string())),
    ]
)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(1, 7))
def test_rows_are_those_of_pyarrow(
    tmp_path_factory: pytest.TempPathFactory, written: list[dict[str, object]], group: int
) -> None:
    """In their order, with their types, over all row groups; a row has a number, not a line."""
    path = tmp_path_factory.mktemp("parquet") / "a.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(written, SCHEMA), path, row_group_size=group)
    assert list(rows(path, "parquet")) == [Row(n, row) for n, row in enumerate(written, 1)]
    assert parquet.read_table(path).to_pylist() == written
    assert columns(path, "parquet") == tuple(SCHEMA.names)


def test_what_json_cannot_hold_becomes_what_it_can(tmp_path: Path) -> None:
    """Dates are ISO texts, decimals numbers, NaN nothing; bytes are left out, also in a struct."""
    path = tmp_path / "a.parquet"
    day = datetime.datetime(2026, 11, 21, 5, 30)
    row = {
        "day": day,
        "date": day.date(),
        "price": decimal.Decimal("1.50"),
        "nan": float("nan"),
        "took": datetime.timedelta(seconds=90),
        "image": {"bytes": b"\x89PNG", "path": "a.png"},
        "raw": b"\x00",
    }
    parquet.write_table(pyarrow.Table.from_pylist([row]), path)
    expected = {
        "day": "2026-11-21T05:30:00",
        "date": "2026-11-21",
        "price": 1.5,
        "nan": None,
        "took": 90.0,
        "image": {"path": "a.png"},
    }
    assert list(rows(path, "parquet")) == [Row(1, expected)]
    assert json.loads(json.dumps(expected)) == expected


def test_the_cells_of_a_row_can_be_searched(tmp_path: Path) -> None:
    """For a key that stands in the table."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([{"a": "x", "b": 1}, {"a": "y", "b": 2}]), path)
    assert list(lines(path, "parquet")) == [(1, "x\n1"), (2, "y\n2")]


@pytest.mark.parametrize("content", [b"", b"photo\na.jpg\n", b"PAR1 and nothing else PAR1"])
def test_a_file_that_is_no_parquet_says_so(tmp_path: Path, content: bytes) -> None:
    """Whatever is in it."""
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="no Parquet file that can be read"):
        list(rows(path, "parquet"))


def test_a_file_that_ends_in_the_middle_says_so(tmp_path: Path) -> None:
    """Its end is whole, a page before it is not."""
    path = tmp_path / "a.parquet"
    table = pyarrow.Table.from_pylist([{"a": f"{number} text"} for number in range(5000)])
    parquet.write_table(table, path, compression="none")
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="no Parquet file that can be read"):
        list(rows(path, "parquet"))


def test_without_pyarrow_the_command_to_install_it_is_told(tmp_path: Path) -> None:
    """By `validate`, before anything runs."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "a.workflow.yaml").write_text(
        "version: 1\ndataset: {file: a.parquet, image_columns: photo}\n"
        "steps: [{id: look, prompt: Look.}]\n"
    )
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from runner.cli import main; sys.argv = ['askpix', 'validate', sys.argv[1]]; main()"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.workflow.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert "[W453]: Parquet files are read with pyarrow, which is not installed" in told.stderr
    assert INSTALL in told.stderr
