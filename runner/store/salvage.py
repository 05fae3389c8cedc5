"""A damaged run.sqlite: set aside, and what can be read of it stands in a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runner.store.ballast import Ballast
from runner.store.database import Database
from runner.store.journal_schema import SCHEMA
from runner.store.kept import checksum
from runner.store.opening import BESIDE, lenient
from runner.store.recorded import ResultRow, key_of
from runner.store.trouble import CorruptError

WINDOW = 256
"""So many rows are asked for at a time; a window that cannot be read is halved."""

PATIENCE = 1 << 14
"""So many numbers in a row without a readable row mean the end of a table."""

TABLES = ("fact", "session", "request", "attempt", "response", "result")
"""In the order in which they are needed: what was paid for is known by its request."""

Row = Mapping[str, Any]


def set_aside(path: Path, now: datetime) -> Path:
    """Renames a file, and what SQLite keeps beside it: `run.sqlite.corrupt-20261120T181548Z`."""
    stem = f"{path.name}.corrupt-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    target = path.with_name(stem)
    count = 1
    while any(path.with_name(target.name + suffix).exists() for suffix in ("", *BESIDE)):
        count += 1
        target = path.with_name(f"{stem}-{count}")
    for suffix in ("", *BESIDE):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(path.with_name(target.name + suffix))
    return target


def salvaged(
    path: Path, damage: CorruptError, ballast: Ballast
) -> tuple[Database, tuple[str, ...]]:
    """A new database with everything that could be read of the damaged one and is what was written;
    the sentences that tell a person about it."""
    aside = set_aside(path, datetime.now(UTC))
    database = Database(path, SCHEMA, ballast=ballast)
    try:
        responses = database.write(lambda db: _copy(aside, db)).result()
    except BaseException:
        database.close()
        raise
    kept = f"{responses:,} of its responses" if responses else "none of its responses"
    return database, (
        f"{damage}: it is kept as {aside.name}; {kept} could be read again, what is missing will be "
        f"asked again",
    )


def _copy(aside: Path, db: sqlite3.Connection) -> int:
    """Copies what is readable; how many responses there were."""
    old = _opened(aside)
    if old is None:
        return 0
    try:
        for table in TABLES:
            for row in _rows(old, table):
                if _is_as_written(table, row, db):
                    columns, marks = ", ".join(row), ", ".join("?" * len(row))
                    with suppress(sqlite3.IntegrityError):
                        insert = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})"
                        db.execute(insert, tuple(row.values()))
    finally:
        old.close()
    return int(db.execute("SELECT count(*) FROM response").fetchone()[0])


def _opened(aside: Path) -> sqlite3.Connection | None:
    """The damaged file, never changed; None when not even its tables can be found. With its log if
    that can be read, else without."""
    for mode in ("mode=ro", "immutable=1"):
        old = sqlite3.connect(f"{aside.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
        old.text_factory = lenient
        old.execute("PRAGMA writable_schema = ON")  # else nothing is read of a file that was cut
        with suppress(sqlite3.Error):
            if old.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return old
        old.close()
    return None


def _is_as_written(table: str, row: Row, db: sqlite3.Connection) -> bool:
    """False for a row that the damage has changed. Only what was paid for has a checksum."""
    if table == "response":
        about = (key_of(row["request"], db), row["origin"], row["content"])
        return bool(row["checksum"] == checksum(*about))
    if table == "result":
        key = key_of(row["request"], db)
        return ResultRow(**{name: row[name] for name in RESULT}, key=key).is_sound
    return True


RESULT = ("ordinal", "origin", "step", "status", "content", "checksum")


def _rows(db: sqlite3.Connection, table: str) -> Iterator[Row]:
    """Every row that can be read, whatever lies between them."""
    names = [column[1] for column in db.execute(f"PRAGMA table_info({table})")]
    try:
        last = db.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or -1
    except sqlite3.Error:
        last = 1 << 62
    query = f"SELECT * FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
    start, silent = 0, 0
    while start <= last and silent < PATIENCE:
        rows = list(_window(db, query, start, start + WINDOW - 1))
        yield from (dict(zip(names, row, strict=True)) for row in rows)
        silent = 0 if rows else silent + WINDOW
        start += WINDOW


def _window(db: sqlite3.Connection, query: str, low: int, high: int) -> Iterator[tuple[Any, ...]]:
    try:
        rows = db.execute(query, (low, high)).fetchall()
    except sqlite3.Error:
        if low == high:
            return
        middle = (low + high) // 2
        yield from _window(db, query, low, middle)
        yield from _window(db, query, middle + 1, high)
    else:
        yield from rows
