"""Uploads across runs: which file of the service holds which image. A convenience that may fail:
then images are uploaded once more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from sqlite3 import Connection
from typing import TypeVar

from runner.store.cache_place import CachePlace
from runner.store.database import Database, Work
from runner.store.opening import Schema
from runner.store.salvage import set_aside
from runner.store.trouble import CorruptError, StoreError
from runner.transport.uploading import ThisProcess
from runner.values.passing import KnownFile

FILE_NAME = "uploads.sqlite"

VERSION_1 = """
CREATE TABLE upload (
  project BLOB NOT NULL,  -- digest of the service and the key
  sha256 BLOB NOT NULL,  -- of the bytes as sent
  name TEXT NOT NULL,
  uri TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  expires REAL NOT NULL,  -- seconds since 1970, by the service's clock
  PRIMARY KEY (project, sha256)
) WITHOUT ROWID;
CREATE INDEX upload_expires ON upload(expires)
"""

SCHEMA = Schema(application_id=0x61736B75, steps=(VERSION_1,))  # "asku"

T = TypeVar("T")


class UploadFile:
    """A `roles.UploadMemory` in a file beside the cache; several processes may share it. What it
    holds is forgotten when its file is damaged, and `say` is told."""

    def __init__(self, place: CachePlace, say: Callable[[str], None]) -> None:
        self._path, self._say = place.folder / FILE_NAME, say
        self._database: Database | None = None
        self._meanwhile = ThisProcess()
        """What this process has uploaded, should the file not take it."""
        if not place.limit_bytes:
            return
        try:
            self._database = self._opened()
        except OSError as error:
            self._give_up(error)

    async def find(self, project: str, sha256: str) -> KnownFile | None:
        """The upload of these bytes, if there was one."""
        found = await self._do(partial(_find, project, sha256))
        return found or await self._meanwhile.find(project, sha256)

    async def keep(self, project: str, sha256: str, file: KnownFile) -> None:
        """Remembers an upload; those that have expired are dropped."""
        if self._database is None:
            await self._meanwhile.keep(project, sha256, file)
        await self._do(partial(_keep, project, sha256, file), writes=True)

    async def forget(self, project: str, name: str) -> None:
        """The file of this name is gone."""
        await self._meanwhile.forget(project, name)
        await self._do(partial(_forget, project, name), writes=True)

    async def held_bytes(self, project: str, now: float) -> int:
        """The bytes of all uploads that have not expired."""
        held = await self._do(partial(_held, project, now))
        return (held or 0) + await self._meanwhile.held_bytes(project, now)

    def close(self) -> None:
        """Closes the file. May be called more than once."""
        if self._database is not None:
            self._database.close()

    def _opened(self) -> Database:
        if not self._path.is_absolute():
            raise StoreError("there is no home folder for them", self._path)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return Database(self._path, SCHEMA, shared=True, check=False)
        except CorruptError:
            set_aside(self._path, datetime.now(UTC))  # nothing is lost but the way to some files
            return Database(self._path, SCHEMA, shared=True, check=False)

    def _give_up(self, error: OSError) -> None:
        self.close()
        self._database = None
        why = (
            str(error) if isinstance(error, StoreError) else (error.strerror or str(error)).lower()
        )
        self._say(f"uploads are not remembered for later runs: {why}")

    async def _do(self, work: Work[T], *, writes: bool = False) -> T | None:
        database = self._database
        if database is None:
            return None
        with suppress(ValueError):  # closed meanwhile
            try:
                future = database.write(work) if writes else database.read(work)
                return await asyncio.wrap_future(future)
            except StoreError as error:
                if self._database is database:
                    self._give_up(error)
        return None


def _find(project: str, sha256: str, db: Connection) -> KnownFile | None:
    query = "SELECT name, uri, bytes, expires FROM upload WHERE project = ? AND sha256 = ?"
    found = db.execute(query, _key(project, sha256)).fetchone()
    return KnownFile(*found) if found else None


def _keep(project: str, sha256: str, file: KnownFile, db: Connection) -> None:
    db.execute("DELETE FROM upload WHERE expires < ?", (file.expires - KEPT_SECONDS,))
    row = (*_key(project, sha256), file.name, file.uri, file.byte_count, file.expires)
    db.execute("INSERT OR REPLACE INTO upload VALUES (?, ?, ?, ?, ?, ?)", row)


KEPT_SECONDS = 48 * 3600
"""A new file expires so many seconds from now: what expired before now is of no use to anyone."""


def _forget(project: str, name: str, db: Connection) -> None:
    db.execute("DELETE FROM upload WHERE project = ? AND name = ?", (bytes.fromhex(project), name))


def _held(project: str, now: float, db: Connection) -> int:
    query = "SELECT coalesce(sum(bytes), 0) FROM upload WHERE project = ? AND expires > ?"
    return int(db.execute(query, (bytes.fromhex(project), now)).fetchone()[0])


def _key(project: str, sha256: str) -> tuple[bytes, bytes]:
    return bytes.fromhex(project), bytes.fromhex(sha256)
