"""The journal of a run: what is awaited here is on the disk, whatever happens next."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar, cast

from runner.roles import Kept, Origin, Question
from runner.store import journal_rows as rows
from runner.store.ballast import LEAST_BYTES, Ballast
from runner.store.batches import BatchBook
from runner.store.database import Database, Work
from runner.store.journal_schema import FILE_NAME, SCHEMA
from runner.store.kept import checksum, unpacked
from runner.store.lock import LOCK, Lock
from runner.store.mounts import lies_elsewhere
from runner.store.recorded import RESULTS, Recorded, ResultRow
from runner.store.trouble import CorruptError, StoreError
from runner.text.result_line import from_line
from runner.values.response import Failure
from runner.values.result import Result

T = TypeVar("T")


class Journal(Recorded):
    """A run's own state, in `run.sqlite`; a `roles.Journal`, and more for before and after the run.

    The methods of `roles.Journal` are awaited; the others wait by themselves and are meant for
    times at which nothing is under way. `notes` are sentences that a person must read.
    """

    def __init__(self, database: Database, lock: Lock, notes: tuple[str, ...]) -> None:
        super().__init__(database)
        self._lock = lock
        self._started = time.monotonic()
        self._session = self._database.write(partial(rows.begin_session, _utc())).result()
        self.look_through()
        self.notes = (*notes, *_told(self.damaged, database.path))

    @classmethod
    def open(cls, folder: Path, *, ballast_bytes: int = LEAST_BYTES) -> Journal:
        """The journal of the run in this folder, made when there is none; a new session begins.

        Nobody else can open it until it is closed or its process has ended. Raises `LockedError`
        when somebody has, `StoreError` when the disk is full or the file cannot be used. A damaged
        file is set aside; what can be read of it stands in the new one, and `notes` tell of it.
        """
        with ExitStack() as undo:
            lock = Lock(folder / LOCK)
            undo.callback(lock.release)
            ballast = Ballast(folder / "run.ballast", ballast_bytes)
            undo.callback(ballast.release)
            database, notes = _database(folder / FILE_NAME, ballast)
            undo.callback(database.close)
            journal = cls(database, lock, notes)
            undo.pop_all()
        return journal

    def close(self) -> None:
        """Ends the session: the folder holds one file, and others may open it. May be called more
        than once."""
        with suppress(StoreError, ValueError):  # on a full disk, or closed before; nothing is lost
            self._database.write(partial(rows.end_session, self._session, _utc())).result()
        self._database.close()
        self._lock.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def session(self) -> int:
        """The number of this session, from 1."""
        return self._session

    @property
    def batches(self) -> BatchBook:
        """What it remembers of batches; a `roles.BatchBook`."""
        return BatchBook(self._database, self._session, self._seconds)

    # -- roles.Journal ------------------------------------------------------------------------------

    async def result(self, ordinal: int, key: str) -> tuple[Result, Origin] | None:
        """The result at this place of the plan, if it was made from this request."""
        return await self._read(partial(self._result, ordinal, bytes.fromhex(key)))

    async def response(self, key: str) -> Kept | None:
        """The last response to this request, as `void` when it is to be asked again."""
        return await self._read(partial(self._response, bytes.fromhex(key)))

    async def sending(self, question: Question, reserve_usd: float = 0.0) -> int:
        """Remembers that a request is about to be sent, and what was set aside for it; the number of
        the attempt.

        Raises `StoreError` once the disk has been full, so that what is under way has its room.
        """
        about = (question, reserve_usd, _utc(), self._seconds())
        return await self._write(partial(self._send, *about))

    async def received(
        self, attempt: int, key: str, kept: Kept, cost_usd: float | None = None
    ) -> None:
        """Remembers the response of an attempt, and what it cost."""
        about = (bytes.fromhex(key), kept, self._seconds(), cost_usd)
        await self._write(partial(self._receive, attempt, *about))

    async def missed(self, attempt: int, failure: Failure) -> None:
        """Remembers that an attempt failed."""
        await self._write(partial(rows.miss, attempt, failure, self._seconds()))

    async def give_up(self, key: str, failure: Failure) -> None:
        """Remembers that a request failed for good."""
        await self._write(partial(rows.give_up, bytes.fromhex(key), failure))

    async def given_up(self, key: str) -> Failure | None:
        """How this request failed for good, unless it is to be asked again."""
        return await self._read(partial(rows.given_up, bytes.fromhex(key)))

    async def adopt(self, key: str, kept: Kept) -> None:
        """Remembers a response that another run had bought."""
        await self._write(partial(self._adopt, bytes.fromhex(key), kept))

    async def conclude(self, result: Result, origin: Origin) -> None:
        """Remembers a result, in the place of an earlier one at its place of the plan."""
        await self._write(partial(rows.conclude, result, self._session, origin))

    # -- before and after the run -------------------------------------------------------------------

    def ask_again(self) -> int:
        """Has everything asked again that has no usable answer: results, and entries of their lists;
        how many results. Each stands until its successor does; no response is lost."""
        return self._database.write(self._make_stale).result()

    def make_up(self, known_usd: float) -> float:
        """Remembers what the run is known to have spent and no attempt shows any more, because its
        store was lost or damaged; how much that is."""
        lost = known_usd - self.totals().cost_usd
        if lost < LEAST_USD:
            return 0.0
        self._database.write(partial(rows.remember_loss, self._session, lost)).result()
        return lost

    # -- with the connection; in the thread of the database -----------------------------------------

    def _result(self, ordinal: int, key: bytes, db: Connection) -> tuple[Result, Origin] | None:
        query = f"{RESULTS} WHERE result.ordinal = ? AND NOT stale"
        found = db.execute(query, (ordinal,)).fetchone()
        if found is None:
            return None
        row = ResultRow(*found)
        if not row.is_sound:
            self._damaged.add(("result", ordinal))
            return None
        if row.key != key:
            return None
        return from_line(row.line), cast("Origin", row.origin)

    def _response(self, key: bytes, db: Connection) -> Kept | None:
        for number, session, began, origin, void, content, seal, ordinal in db.execute(
            _RESPONSES, (key,)
        ):
            try:
                if seal != checksum(key, origin, content):
                    raise ValueError("not what was written")
                kept = unpacked(content)
            except ValueError:
                self._damaged.add(("response", number))
                continue
            place = -1 if ordinal is None else ordinal
            earlier, day = session != self._session, _day(began)
            known = replace(kept, origin=origin, ordinal=place, earlier=earlier, day=day)
            return replace(known, void=bool(void))
        return None

    def _make_stale(self, db: Connection) -> int:
        marks = ", ".join("?" * len(WHOLE))
        found = db.execute(f"{RESULTS} WHERE status NOT IN ({marks})", WHOLE).fetchall()
        db.execute("UPDATE request SET given_up = NULL")
        sound = [row for row in (ResultRow(*each) for each in found) if row.is_sound]
        return sum(rows.make_stale(from_line(row.line), db) for row in sound)

    def _send(
        self,
        question: Question,
        reserve_usd: float,
        sent_utc: str,
        seconds: float,
        db: Connection,
    ) -> int:
        if self._database.full is not None:
            raise self._database.full
        return rows.send(question, reserve_usd, self._session, sent_utc, seconds, db)

    def _receive(
        self,
        attempt: int,
        key: bytes,
        kept: Kept,
        seconds: float,
        cost: float | None,
        db: Connection,
    ) -> None:
        rows.keep(key, self._session, "asked", kept, db)
        rows.answer(attempt, kept.response, seconds, cost, db)

    def _adopt(self, key: bytes, kept: Kept, db: Connection) -> None:
        rows.request(key, db, None if kept.ordinal < 0 else kept.ordinal)
        rows.keep(key, self._session, "cache", kept, db)

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    async def _write(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(self._database.write(work))

    async def _read(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(self._database.read(work))

    def _sessions_before(self) -> int:
        return self._session


_RESPONSES = """
SELECT response.id, session, started_utc, origin, void, content, checksum, ordinal
FROM request JOIN response ON response.request = request.id
LEFT JOIN session ON session.id = session
WHERE key = ? ORDER BY void, response.id DESC"""

WHOLE = ("ok", "empty", "skipped")
"""Of results that ended so, nothing is to be asked again, whatever is in them."""

LEAST_USD = 1e-6
"""What is less is a matter of rounding."""


def _database(path: Path, ballast: Ballast) -> tuple[Database, tuple[str, ...]]:
    """The store of a run, salvaged when it is damaged, and the sentences about it."""
    from runner.store.salvage import carry_on, salvage

    notes = [carry_on(path)]
    try:
        database = Database(path, SCHEMA, ballast=ballast)
    except CorruptError as damage:
        notes.append(salvage(path, damage))
        database = Database(path, SCHEMA, ballast=ballast)
    if lies_elsewhere(path):
        notes.append(
            f"{path.parent} lies on a network drive: start no other run there from another machine;"
            " a folder of this machine (--out) is quicker and safer"
        )
    return database, tuple(note for note in notes if note)


def _told(damaged: int, path: Path) -> tuple[str, ...]:
    if not damaged:
        return ()
    are = "1 row is" if damaged == 1 else f"{damaged:,} rows are"
    return (
        f"{are} not what was written to {path}: answers that are lost are asked again and paid for"
        " again",
    )


def _day(utc: str | None) -> date | None:
    """The day of an instant as the journal writes it; None for what is none."""
    try:
        return date.fromisoformat((utc or "")[:10])
    except ValueError:
        return None


def _utc() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
