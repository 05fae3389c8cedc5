"""Opening and closing a SQLite file so that it keeps what it confirms, and is ours."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runner.store.mounts import lies_elsewhere
from runner.store.trouble import CorruptError, StoreError, explained

BUSY_SECONDS = 10.0
CHECKPOINT_PAGES = 4000

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file `name` while it is open, or after a crash: `name-wal`, …"""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a kind of file holds: script n of `steps` makes version n + 1 out of version n.

    `application_id` tells our kinds of files from any other. `before` are pragmas that must be set
    before the first table is made. No statement of a script contains a semicolon inside.
    """

    application_id: int
    steps: tuple[str, ...]
    before: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The version that this program writes."""
        return len(self.steps)


def opened(
    path: Path, schema: Schema, *, shared: bool, check: bool, read_only: bool
) -> sqlite3.Connection:
    """A connection to a file, made or brought to the newest version. See `Database`."""
    if not (read_only or shared):  # of a shared file, another process may be making the first page
        _refuse_remains(path)
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise explained(error, path) from error
    try:
        connection.text_factory = lenient
        connection.execute("PRAGMA cell_size_check = ON")
        _recognise(connection, path, schema)
        if check:
            _look_through(connection, path)
        if not read_only:
            for pragma in (*schema.before, *_pragmas(path, shared)):
                connection.execute(f"PRAGMA {pragma}")
            _migrate(connection, path, schema)
    except sqlite3.Error as error:
        connection.close()
        raise explained(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def closed(connection: sqlite3.Connection) -> None:
    """Closes a connection. A file with a write-ahead log becomes one that needs none: it is alone in
    its folder, and a reader may open it where nothing can be written.

    When the disk is full or somebody is reading, the log stays beside it; nothing is lost.
    """
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA busy_timeout = 500")
        if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    connection.close()


def lenient(text: bytes) -> str:
    """A text column; a damaged one is read, too, and then fails its checksum."""
    return text.decode("utf-8", "replace")


def _refuse_remains(path: Path) -> None:
    """SQLite takes an empty file for a new one, and throws away a log that lies beside it."""
    if path.exists():
        if path.stat().st_size == 0:
            raise CorruptError(f"{path} is empty", path)
    elif any(path.with_name(path.name + suffix).exists() for suffix in BESIDE[::2]):
        raise CorruptError(f"{path} is gone, but what belongs to it is there", path)


def _recognise(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    # In this order: another process may just be making the tables, and the number with them.
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    found = _number(connection, "application_id")
    if found != schema.application_id and (found or tables):
        raise StoreError(f"{path} is not a file that askpix has made", path, errno.EINVAL)
    version = _number(connection, "user_version")
    if version > schema.version:
        raise StoreError(
            f"{path} was written by a later version of askpix (its format is {version}, this "
            f"version knows {schema.version}); please update askpix",
            path,
            errno.EINVAL,
        )


def _look_through(connection: sqlite3.Connection, path: Path) -> None:
    """Finds broken pages and trees, and indexes that do not fit their tables; any other changed letter
    inside a row is found by the row's checksum."""
    found = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if found != [("ok",)]:
        raise CorruptError(f"{path} is damaged ({' '.join(str(found[0][0]).split())})", path)


def _pragmas(path: Path, shared: bool) -> tuple[str, ...]:
    """Several writers, or a file that lies elsewhere, take a rollback journal. The log has one writer
    only: before 3.51.3 SQLite could damage it when two wrote (https://sqlite.org/wal.html)."""
    return (
        f"journal_mode = {'DELETE' if shared or lies_elsewhere(path) else 'WAL'}",
        "synchronous = FULL",
        "fullfsync = ON",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
    )


def _migrate(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """All steps that are missing, in one transaction; another process may have been first."""
    if _number(connection, "user_version") == schema.version:
        return
    connection.execute("BEGIN IMMEDIATE")
    for script in schema.steps[_number(connection, "user_version") :]:
        for statement in script.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.application_id}")
    connection.execute(f"PRAGMA user_version = {schema.version}")
    connection.execute("COMMIT")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
