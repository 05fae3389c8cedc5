"""Answers across runs: what was paid for once is not paid for again. A convenience that may fail:
then a run goes on without it, and says so."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import inf
from pathlib import Path
from threading import Lock
from typing import TypeVar

from runner.roles import Kept
from runner.store import cache_file
from runner.store.database import Database, Work
from runner.store.presence import Presence
from runner.store.salvage import set_aside
from runner.store.trouble import CorruptError, StoreError

LIMIT_BYTES = 1000 << 20
PENDING = 512
"""Answers on their way to the disk; when it cannot keep up, further ones are not kept."""

REMEMBERED_SECONDS = 3600
"""So exactly is it known when an answer was last wanted: most look-ups then write nothing."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CachePlace:
    """Where the cache is, and how large it may become."""

    folder: Path
    limit_bytes: int = LIMIT_BYTES

    @property
    def file(self) -> Path:
        """The database."""
        return self.folder / cache_file.FILE_NAME


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What is in the cache. `oldest` is when the answer was wanted that will go first; `set_aside`
    are damaged files that were kept."""

    answers: int
    bytes: int
    oldest: datetime | None
    set_aside: tuple[Path, ...]


def cache_place(environ: Mapping[str, str]) -> CachePlace:
    """`ASKPIX_CACHE` names the folder, else it is `askpix` in the user's cache folder;
    `ASKPIX_CACHE_MB` says how large it may become. Raises ValueError when that is no number."""
    size = environ.get("ASKPIX_CACHE_MB", "").strip()
    if size and not (size.isascii() and size.isdecimal() and len(size) < 10):
        raise ValueError(f"ASKPIX_CACHE_MB is a whole number of megabytes, not {size!r}")
    limit = int(size) << 20 if size else LIMIT_BYTES
    if named := environ.get("ASKPIX_CACHE"):
        return CachePlace(Path(named).absolute(), limit)
    home = environ.get("XDG_CACHE_HOME", "")
    return CachePlace(Path(home if os.path.isabs(home) else _user_cache()) / "askpix", limit)


class Cache:
    """The answers of all runs of a person on a machine; several processes may share it.

    Never raises for what is wrong with its file: `off` then says why there is none, and `say` was
    told; `say` may be called from another thread. A damaged file is set aside and begun anew.
    """

    def __init__(
        self,
        place: CachePlace,
        say: Callable[[str], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.place = place
        self.off: str | None = None
        self._say, self._now = say, now
        self._facing = Lock()
        self._trouble: tuple[Database, StoreError] | None = None
        self._presence: Presence | None = None
        self._database: Database | None = None
        if not place.limit_bytes:
            self.off = "ASKPIX_CACHE_MB is 0"
            return
        try:
            self._open()
        except CorruptError as damage:
            self._begin_anew(damage)
        except OSError as error:
            self._give_up(error)

    async def get(self, endpoint: str, key: str) -> Kept | None:
        """The answer of this service to this request, if it is known."""
        if self._trouble is not None:
            await asyncio.to_thread(self._face, *self._trouble)
        name = cache_file.key_of(endpoint, key)
        found = await self._read(partial(cache_file.look_up, name))
        if found is None:
            return None
        kept, used = found
        now = int(self._now())
        if abs(now - used) > REMEMBERED_SECONDS:
            self._write(partial(cache_file.touch, name, now))
        return kept

    def holds(self, endpoint: str, key: str) -> bool:
        """Whether there is an answer; for a plan, before anything is under way."""
        name, database = cache_file.key_of(endpoint, key), self._database
        if database is None:
            return False
        try:
            return database.read(partial(cache_file.look_up, name)).result() is not None
        except (OSError, ValueError):
            return False

    def put(self, endpoint: str, key: str, kept: Kept) -> None:
        """Keeps an answer; returns at once, and it is on the disk a little later."""
        name, limit = cache_file.key_of(endpoint, key), self.place.limit_bytes
        self._write(partial(cache_file.keep, name, kept, int(self._now()), limit))

    def info(self) -> CacheInfo:
        """What is in the cache now. Raises `StoreError`."""
        count, size, oldest = 0, 0, None
        if self._database is not None:
            query = "SELECT count(*), min(used) FROM answer"
            count, used = self._database.read(lambda db: db.execute(query).fetchone()).result()
            size = self.place.file.stat().st_size
            oldest = None if used is None else datetime.fromtimestamp(used, UTC)
        return CacheInfo(count, size, oldest, self._set_aside())

    def clean(self, older_than_days: float | None = None) -> int:
        """Deletes the answers that were not wanted for so many days, or all and the files that were
        set aside; how many answers. Raises OSError."""
        if self._database is None or self._presence is None:
            return 0
        if older_than_days is not None:
            before = self._now() - older_than_days * 86400
            return self._database.write(partial(cache_file.drop, before)).result()
        count = self.info().answers
        for path in self._set_aside():
            path.unlink()
        if not self._presence.alone():
            return self._database.write(partial(cache_file.drop, inf)).result()
        self._close_database()  # on a full disk a file can be removed, but not made smaller
        self.place.file.unlink()
        self._open()
        self._presence.together()
        return count

    def close(self) -> None:
        """Keeps what is on its way and closes the file. May be called more than once."""
        if self._database is not None:
            self._database.close()
        if self._trouble is not None:
            self._face(*self._trouble)
        self._leave()

    def _open(self) -> None:
        if not self.place.folder.is_absolute():
            raise StoreError("there is no home folder for it", self.place.file, errno.ENOENT)
        self.place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._presence is None:
            self._presence = Presence(self.place.folder / "answers.lock")
        self._database = Database(self.place.file, cache_file.SCHEMA, shared=True, check=False)

    def _face(self, database: Database | None, error: StoreError) -> None:
        """Draws the consequence of what happened to this database, unless that was done before."""
        with self._facing:
            self._trouble = None
            if database is not self._database:
                return
            if isinstance(error, CorruptError):
                self._begin_anew(error)
            elif error.errno != errno.EBUSY:  # others are writing: it is only one answer less
                self._give_up(error)

    def _begin_anew(self, damage: CorruptError) -> None:
        """Puts the damaged file away, unless somebody else has it open."""
        self._close_database()
        if self._presence is None or not self._presence.alone():
            self._give_up(damage)
            return
        try:
            aside = set_aside(self.place.file, datetime.now(UTC))
            self._open()
            self._presence.together()
            self._say(f"{damage}: it is kept as {aside.name}, and the cache begins anew")
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._close_database()
        self._leave()
        self.off = str(error) if isinstance(error, StoreError) else _sentence(error)
        self._say(f"no cache: {self.off}")

    def _close_database(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def _leave(self) -> None:
        self._close_database()
        presence, self._presence = self._presence, None
        if presence is not None:
            presence.leave()

    async def _read(self, work: Work[T]) -> T | None:
        database = self._database
        if database is None:
            return None
        try:
            return await asyncio.wrap_future(database.read(work))
        except StoreError as error:
            await asyncio.to_thread(self._face, database, error)
        except ValueError:  # it was closed meanwhile, or holds what cannot be understood
            pass
        return None

    def _write(self, work: Work[None]) -> None:
        database = self._database
        if database is not None and database.waiting < PENDING:
            with suppress(ValueError):  # closed meanwhile
                database.write(work).add_done_callback(partial(self._written, database))

    def _written(self, database: Database, future: Future[None]) -> None:
        if isinstance(error := future.exception(), StoreError):
            self._trouble = database, error

    def _set_aside(self) -> tuple[Path, ...]:
        return tuple(sorted(self.place.folder.glob(f"{cache_file.FILE_NAME}.corrupt-*")))


def _user_cache() -> str:
    return os.path.join(os.path.expanduser("~"), ".cache")


def _sentence(error: OSError) -> str:
    return f"{error.filename or 'its folder'} cannot be used ({(error.strerror or '').lower()})"
