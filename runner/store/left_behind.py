"""What earlier runs of a workflow left behind in batches: paid for, and asked by this run, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from runner.roles import BatchBook as Book
from runner.roles import Kept
from runner.store.batches import BatchBook
from runner.store.database import Database
from runner.store.folder import RunFolder
from runner.store.journal_schema import FILE_NAME, SCHEMA
from runner.store.kept import checksum, unpacked
from runner.store.lock import LOCK, Lock, LockedError
from runner.text.words import number
from runner.values.batch import Waiting


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of before, open to be read."""

    path: Path
    database: Database
    is_unfinished: bool


class LeftBehind:
    """The batches of earlier runs of a workflow, and their answers; a `roles.LeftBehind`.

    A batch that holds a request of this run moves here, with all that waits in it: first it is
    written down here, then closed there, and whoever is killed in between does the rest later.
    """

    def __init__(self, runs: Sequence[_Run], say: Callable[[str], None]) -> None:
        self._runs, self._say = runs, say
        self._turn = asyncio.Lock()

    @classmethod
    def of(
        cls, runs: Iterable[RunFolder], own: BatchBook, say: Callable[[str], None]
    ) -> LeftBehind:
        """What these runs left behind, for the run whose book this is. One that never had a batch,
        or that cannot be read, left nothing."""
        known = frozenset(part.name for part in own.all_parts())
        found: list[_Run] = []
        for run in runs:
            with suppress(OSError):
                _forget(run.path, known)
                database = Database(run.path / FILE_NAME, SCHEMA, check=False, read_only=True)
                try:
                    has_batches = bool(database.read(_count_parts).result())
                except OSError:
                    has_batches = False
                if has_batches:
                    found.append(_Run(run.path, database, run.is_unfinished))
                else:
                    database.close()
        return cls(found, say)

    def __bool__(self) -> bool:
        return bool(self._runs)

    def close(self) -> None:
        """Closes the files."""
        for run in self._runs:
            run.database.close()

    async def answer(self, key: str) -> Kept | None:
        """The answer to a request that came with a batch of an unfinished run, or with one of a
        finished run that had no use for it."""
        for run in self._runs:
            work = partial(_answer, bytes.fromhex(key), run.is_unfinished)
            if kept := await asyncio.wrap_future(run.database.read(work)):
                return kept
        return None

    async def take(self, key: str, into: Book) -> Sequence[Waiting]:
        """Moves the batch in which a request waits, if there is one; everything that waits in it.
        What was not sent yet is only forgotten there. Raises `LockedError` when another process
        works on that run, and `StoreError`."""
        async with self._turn:
            if await into.waiting(key) is not None:
                return ()
            for run in self._runs:
                work = partial(_name_of_part, bytes.fromhex(key))
                if name := await asyncio.wrap_future(run.database.read(work)):
                    return await self._move(run.path, name, into)
        return ()

    async def _move(self, run: Path, name: str, into: Book) -> Sequence[Waiting]:
        with _locked(run), closing(Database(run / FILE_NAME, SCHEMA, check=False)) as database:
            book = BatchBook(database, 0, lambda: 0.0)
            part = next((part for part in await book.parts() if part.name == name), None)
            if part is None:  # another process was here a moment ago
                return ()
            if part.stage not in SENT:
                await book.drop(part)
                (run / "batches" / f"{part.name}.jsonl").unlink(missing_ok=True)
                return ()
            found = [await book.waiting(key) for key in await book.unanswered(part)]
            moved = [each for each in found if each is not None]
            await into.adopt(part, moved)
            await book.leave(part, MOVED)
        self._say(
            f"taken over from {run}, which was left behind: a batch with"
            f" {number(len(moved), 'request')}; nothing of it is asked again"
        )
        return moved


SENT = ("creating", "created")
"""The stages of parts that the service has been told of."""

MOVED = "taken over by a later run"


def _locked(run: Path) -> Lock:
    try:
        return Lock(run / LOCK, run)
    except LockedError as error:
        why = f"{error}; what waits in its batches is not asked twice: wait for it, or say --fresh"
        raise LockedError(why, run / LOCK, error.errno or 0) from None


def _forget(run: Path, known: frozenset[str]) -> None:
    """Closes what this run has taken over and could not close there before it was killed."""
    if not known:
        return
    with closing(Database(run / FILE_NAME, SCHEMA, check=False, read_only=True)) as database:
        names = {name for (name,) in database.read(_open_names).result()}
    if names.isdisjoint(known):
        return
    with Lock(run / LOCK), closing(Database(run / FILE_NAME, SCHEMA, check=False)) as database:
        book = BatchBook(database, 0, lambda: 0.0)
        for part in book.all_parts():
            if part.name in known and part.stage != "closed":
                book.left(part, MOVED)


def _count_parts(db: Connection) -> int:
    return int(db.execute("SELECT count(*) FROM part").fetchone()[0])


def _open_names(db: Connection) -> list[tuple[str]]:
    return db.execute("SELECT name FROM part WHERE stage <> 'closed'").fetchall()


def _name_of_part(key: bytes, db: Connection) -> str | None:
    found = db.execute(_PART, (key,)).fetchone()
    return found and str(found[0])


def _answer(key: bytes, is_unfinished: bool, db: Connection) -> Kept | None:
    for origin, content, seal in db.execute(_ANSWERS, (key, is_unfinished)):
        with suppress(ValueError):  # what is damaged is none
            if seal == checksum(key, origin, content):
                kept = unpacked(content)
                if kept.response.in_batch:
                    return replace(kept, origin="cache")
    return None


_PART = """
SELECT part.name FROM request JOIN waiting ON waiting.request = request.id
JOIN part ON part.id = waiting.part
WHERE key = ? AND stage IN ('written', 'uploaded', 'creating', 'created')"""

_ANSWERS = """
SELECT origin, content, checksum FROM request JOIN response ON response.request = request.id
WHERE key = ? AND NOT void AND origin = 'asked' AND (? OR ordinal < 0) ORDER BY response.id DESC"""
