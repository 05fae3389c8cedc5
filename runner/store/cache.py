"""Answers across runs: what was paid for once is not paid for again. A convenience that may fail:
then a run goes on without it, and says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import inf
from pathlib import Path

from runner.roles import Kept
from runner.store import cache_file
from runner.store.cache_place import CachePlace
from runner.store.shared_file import SharedFile

REMEMBERED_SECONDS = 3600
"""So exactly is it known when an answer was last wanted: most look-ups then write nothing."""


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What is in the cache. `oldest` is when the answer was wanted that will go first; `set_aside`
    are damaged files that were kept."""

    answers: int
    bytes: int
    oldest: datetime | None
    set_aside: tuple[Path, ...]


class Cache:
    """The answers of all runs of a person on a machine; several processes may share it. What is
    wrong with its file is told as `SharedFile` says."""

    def __init__(
        self,
        place: CachePlace,
        say: Callable[[str], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.place, self._now = place, now
        self._file: SharedFile | None = None
        if place.limit_bytes:
            self._file = SharedFile(place.file, "answers.lock", cache_file.SCHEMA, say)

    @property
    def off(self) -> str | None:
        """Why there is no cache; None when there is one."""
        return "ASKPIX_CACHE_MB is 0" if self._file is None else self._file.off

    async def get(self, endpoint: str, key: str) -> Kept | None:
        """The answer of this service to this request, if it is known."""
        if self._file is None:
            return None
        name = cache_file.key_of(endpoint, key)
        found = await self._file.read(partial(cache_file.look_up, name))
        if found is None:
            return None
        kept, used = found
        now = int(self._now())
        if abs(now - used) > REMEMBERED_SECONDS:
            self._file.write(partial(cache_file.touch, name, now))
        return kept

    def holds(self, endpoint: str, key: str) -> bool:
        """Whether there is an answer, without a look at it; for the many requests of a plan."""
        if self._file is None:
            return False
        return self._file.row(cache_file.IS_THERE, (cache_file.key_of(endpoint, key),)) is not None

    def put(self, endpoint: str, key: str, kept: Kept) -> None:
        """Keeps an answer; returns at once, and it is on the disk a little later."""
        if self._file is not None:
            name, limit = cache_file.key_of(endpoint, key), self.place.limit_bytes
            self._file.write(partial(cache_file.keep, name, kept, int(self._now()), limit))

    def info(self) -> CacheInfo:
        """What is in the cache now. Raises `StoreError`."""
        count, size, oldest = 0, 0, None
        if self._file is not None and self._file.database is not None:
            count, used = self._file.database.read(cache_file.counted).result()
            size = self.place.file.stat().st_size
            oldest = None if used is None else datetime.fromtimestamp(used, UTC)
        return CacheInfo(count, size, oldest, self._set_aside())

    def clean(self, older_than_days: float | None = None) -> int:
        """Deletes the answers that were not wanted for so many days, or all and the files that were
        set aside; how many answers. Raises OSError."""
        if self._file is None or self._file.database is None:
            return 0
        if older_than_days is not None:
            before = self._now() - older_than_days * 86400
            return self._file.database.write(partial(cache_file.drop, before)).result()
        count = self.info().answers
        for path in self._set_aside():
            path.unlink()
        if self._file.empty():
            return count
        return self._file.database.write(partial(cache_file.drop, inf)).result()

    def close(self) -> None:
        """Keeps what is on its way and closes the file. May be called more than once."""
        if self._file is not None:
            self._file.close()

    def _set_aside(self) -> tuple[Path, ...]:
        return tuple(sorted(self.place.folder.glob(f"{cache_file.FILE_NAME}.corrupt-*")))
