"""A damaged run.sqlite: what can be read of it stands in a new one, and it is kept beside that."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from runner.store.database import Database
from runner.store.journal_schema import SCHEMA
from runner.store.kept import checksum
from runner.store.opening import BESIDE, lenient
from runner.store.recorded import ResultRow, key_of
from runner.store.trouble import CorruptError, StoreError

WINDOW = 256
"""So many rows are asked for at a time; a window that cannot be read is halved."""

PATIENCE = 1 << 14
"""So many numbers in a row without a readable row mean the end of a table."""

TABLES = ("session", "request", "attempt", "response", "result", "part", "waiting")
"""In the order in which they are needed: what was paid for is known by its request."""

Row = Mapping[str, Any]


def set_aside(path: Path, now: datetime) -> Path:
    """Renames a file, and what SQLite keeps beside it: `run.sqlite.corrupt-20261120T181548Z`."""
    stem = f"{path.name}{ASIDE}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    target = path.with_name(stem)
    count = 1
    while any(path.with_name(target.name + suffix).exists() for suffix in ("", *BESIDE)):
        count += 1
        target = path.with_name(f"{stem}-{count}")
    _rename(path, target)
    return target


ASIDE = ".corrupt-"
PART = ".part"


def _rename(path: Path, target: Path) -> None:
    """The file itself first: as long as it has its name, what belongs to it is there."""
    for suffix in ("", *BESIDE):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(target.with_name(target.name + suffix))


def salvage(path: Path, damage: CorruptError) -> str:
    """Puts what can be read of a damaged database in its place, and keeps the damaged one beside it;
    the sentence that tells a person about it.

    At every moment one of the two is whole. What a kill leaves is carried on by `carry_on`, or begun
    again. Raises `StoreError` when there is no room; then the damaged file is as it was.
    """
    part = path.with_name(path.name + PART)
    _remove(part)
    try:
        with closing(Database(part, SCHEMA, shared=True, check=False)) as database:
            responses = database.write(partial(_copy, path)).result()
    except BaseException:
        _remove(part)
        raise
    aside = set_aside(path, datetime.now(UTC))
    part.rename(path)
    return _told(str(damage), aside, responses)


def carry_on(path: Path) -> str | None:
    """Ends a `salvage` that was killed when its copy was whole and the damaged file had been set
    aside; the sentence about it. None when there was none; then a copy that was begun goes."""
    part = path.with_name(path.name + PART)
    found = path.parent.glob(f"{path.name}{ASIDE}*")
    asides = sorted(each for each in found if not each.name.endswith(BESIDE))
    if path.exists() or not part.exists() or not asides:
        _remove(part)
        return None
    try:
        with closing(Database(part, SCHEMA, shared=True)) as database:
            responses = database.read(_responses).result()
    except StoreError:
        _remove(part)
        return None
    _rename(path, asides[-1])
    part.rename(path)
    return _told(f"{path} was damaged", asides[-1], responses)


def _told(damage: str, aside: Path, responses: int) -> str:
    kept = f"{responses:,} of its responses" if responses else "none of its responses"
    return (
        f"{damage}: it is kept as {aside.name}; {kept} could be read again, what is missing will be "
        "asked again"
    )


def _remove(part: Path) -> None:
    for suffix in ("", *BESIDE):
        part.with_name(part.name + suffix).unlink(missing_ok=True)


def _copy(damaged: Path, db: sqlite3.Connection) -> int:
    """Copies what is readable, in one transaction; how many responses there were."""
    old = _opened(damaged)
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
    return _responses(db)


def _responses(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM response").fetchone()[0])


def _opened(damaged: Path) -> sqlite3.Connection | None:
    """The damaged file, never changed; None when not even its tables can be found. With its log if
    that can be read, else without."""
    for mode in ("mode=ro", "immutable=1"):
        old = sqlite3.connect(
            f"{damaged.absolute().as_uri()}?{mode}", uri=True, isolation_level=None
        )
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
    if not names:  # an earlier version had no such table
        return
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
