"""The rows of a Parquet file as plain values, one by one: a row group is never whole in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from runner.sources.opening import Unreadable, open_file

NEEDS_PYARROW = "Parquet files are read with pyarrow, which is not installed"
INSTALL = "pip install 'askpix[parquet]'"
"""What to do about it."""

_BATCH = 1024
_BUFFER = 1 << 16
"""Column chunks are read through a window of this many bytes: pyarrow writes a million rows into one
row group."""


def is_there() -> bool:
    """Whether Parquet can be read on this machine."""
    try:
        return find_spec("pyarrow") is not None
    except ValueError:  # a module that was taken out
        return False


def parquet_columns(file: Path) -> tuple[str, ...]:
    """The columns but those of bytes. Raises `Unreadable`."""
    with open_file(file) as stream:
        return tuple(_columns(_opened(stream)))


def parquet_rows(file: Path) -> Iterator[dict[str, object]]:
    """Every row, lazily. Raises `Unreadable`.

    Dates and times become ISO texts, decimals become numbers, NaN becomes nothing; bytes are left
    out: what a row holds can be written as JSON.
    """
    with open_file(file) as stream:
        source = _opened(stream)
        batches = source.iter_batches(_BATCH, columns=_columns(source), use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                rows = batch.to_pylist() if batch is not None else []
            except Exception as error:  # pyarrow raises many kinds on broken bytes
                raise _broken(error) from error
            if batch is None:
                return
            for row in rows:
                yield {name: _plain(value) for name, value in row.items()}


def _opened(stream: BinaryIO) -> Any:
    if not is_there():
        raise Unreadable("table_needs_package", f"{NEEDS_PYARROW}: {INSTALL}")
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(stream, buffer_size=_BUFFER, pre_buffer=False)
    except Exception as error:
        raise _broken(error) from error


def _columns(source: Any) -> list[str]:
    from pyarrow import types

    binary = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    return [
        field.name for field in source.schema_arrow if not any(kind(field.type) for kind in binary)
    ]


def _broken(error: Exception) -> Unreadable:
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return Unreadable("table_broken", f"it is no Parquet file that can be read ({reason})")


def _plain(value: object) -> object:
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return float(value) if value.is_finite() else None
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {
                str(k): _plain(each) for k, each in value.items() if not isinstance(each, bytes)
            }
        case bytes():
            return None
        case _:
            return str(value)
