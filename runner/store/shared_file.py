"""A database that all processes of a person share, and that all of them can do without."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

from runner.store.database import Database, Work
from runner.store.opening import BUSY_SECONDS, Schema
from runner.store.presence import Presence
from runner.store.salvage import set_aside
from runner.store.trouble import CorruptError, StoreError

PENDING = 512
"""Writes on their way to the disk; when it cannot keep up, further ones are left out."""

T = TypeVar("T")


class SharedFile:
    """Never raises for what is wrong with its file: `off` then says why there is none, and `say` was
    told; `say` may be called from another thread. A damaged file is set aside and begun anew."""

    def __init__(self, path: Path, lock: str, schema: Schema, say: Callable[[str], None]) -> None:
        self.path = path
        self.off: str | None = None
        self.database: Database | None = None
        self._lock, self._schema, self._say = path.with_name(lock), schema, say
        self._presence: Presence | None = None
        self._beside: sqlite3.Connection | None = None
        self._is_settled = True
        """Whether everything that was written is there for `row`."""
        self._facing = Lock()
        self._trouble: tuple[Database, StoreError] | None = None
        try:
            self._open()
        except CorruptError as damage:
            self._begin_anew(damage)
        except OSError as error:
            self._give_up(error)

    async def read(self, work: Work[T]) -> T | None:
        """What `work` finds; None when the file cannot be read."""
        if (trouble := self._trouble) is not None:
            await asyncio.to_thread(self._face, *trouble)
        if (database := self.database) is None:
            return None
        try:
            return await asyncio.wrap_future(database.read(work))
        except StoreError as error:
            await asyncio.to_thread(self._face, database, error)
        except ValueError:  # it was closed meanwhile, or holds what cannot be understood
            pass
        return None

    def row(self, query: str, values: Sequence[bytes]) -> tuple[object, ...] | None:
        """One row, found in the thread of the caller: the way to that of the database and back takes
        nine times as long as the look-up. None when the file cannot be read."""
        if self.database is None:
            return None
        with suppress(OSError, ValueError, sqlite3.Error):
            if not self._is_settled:
                self.database.read(lambda db: None).result()
                self._is_settled = True
            if self._beside is None:
                self._beside = _connection(self.path)
            found: tuple[object, ...] | None = self._beside.execute(query, values).fetchone()
            return found
        return None

    def write(self, work: Work[None]) -> None:
        """Has `work` done; returns at once, and it is on the disk a little later."""
        database = self.database
        if database is not None and database.waiting < PENDING:
            self._is_settled = False
            with suppress(ValueError):  # closed meanwhile
                database.write(work).add_done_callback(partial(self._written, database))

    def empty(self) -> bool:
        """Takes a new file in the place of this one; False when others use it. Raises OSError."""
        if self._presence is None or not self._presence.alone():
            return False
        self._close_database()  # on a full disk a file can be removed, but not made smaller
        self.path.unlink()
        self._open()
        self._presence.together()
        return True

    def close(self) -> None:
        """Writes what is on its way and closes the file. May be called more than once."""
        if self.database is not None:
            self.database.close()
        if (trouble := self._trouble) is not None:
            self._face(*trouble)
        self._leave()

    def _open(self) -> None:
        if not self.path.is_absolute():
            raise StoreError("there is no home folder for it", self.path, errno.ENOENT)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._presence is None:
            self._presence = Presence(self._lock)
        self.database = Database(self.path, self._schema, shared=True, check=False)

    def _written(self, database: Database, future: Future[None]) -> None:
        if isinstance(error := future.exception(), StoreError):
            self._trouble = database, error

    def _face(self, database: Database | None, error: StoreError) -> None:
        """Draws the consequence of what happened to this database, unless that was done before."""
        with self._facing:
            self._trouble = None
            if database is not self.database:
                return
            if isinstance(error, CorruptError):
                self._begin_anew(error)
            elif error.errno != errno.EBUSY:  # others are writing: it is only one row less
                self._give_up(error)

    def _begin_anew(self, damage: CorruptError) -> None:
        """Puts the damaged file away, unless somebody else has it open."""
        self._close_database()
        if self._presence is None or not self._presence.alone():
            self._give_up(damage)
            return
        try:
            aside = set_aside(self.path, datetime.now(UTC))
            self._open()
            self._presence.together()
            self._say(f"{damage}: it is kept as {aside.name}, and the cache begins anew")
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._leave()
        self.off = str(error) if isinstance(error, StoreError) else _sentence(error)
        self._say(f"no cache: {self.off}")

    def _close_database(self) -> None:
        beside, self._beside = self._beside, None
        database, self.database = self.database, None
        if beside is not None:
            beside.close()
        if database is not None:
            database.close()

    def _leave(self) -> None:
        self._close_database()
        presence, self._presence = self._presence, None
        if presence is not None:
            presence.leave()


def _connection(path: Path) -> sqlite3.Connection:
    uri = f"{path.as_uri()}?mode=rw"  # not `ro`: it may have to tidy up after a crash
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)


def _sentence(error: OSError) -> str:
    return f"{error.filename or 'its folder'} cannot be used ({(error.strerror or '').lower()})"
