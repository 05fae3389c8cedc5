"""What a journal remembers of batches: the parts of a run, and the requests that wait in them."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from functools import partial
from sqlite3 import Connection
from typing import Any, TypeVar

from runner.roles import Kept, Question
from runner.store import journal_rows as rows
from runner.store.database import Database, Work
from runner.store.kept import prepared_of, written_of
from runner.values.batch import Part, Waiting
from runner.values.response import Failure

T = TypeVar("T")


class BatchBook:
    """A `roles.BatchBook` in the tables of a journal. `seconds` counts from the begin of the session."""

    def __init__(self, database: Database, session: int, seconds: Callable[[], float]) -> None:
        self._database, self._session, self._seconds = database, session, seconds

    async def parts(self) -> Sequence[Part]:
        """Every part that is not closed, the oldest first."""
        return await self._read(partial(_parts, "WHERE stage <> 'closed'"))

    def all_parts(self) -> Sequence[Part]:
        """Every part of the run; waits by itself."""
        return self._database.read(partial(_parts, "")).result()

    async def begin(self, provider: str, model: str, name: str) -> Part:
        """A new part, of which the file is being written."""
        return await self._write(partial(_begin, provider, model, name))

    async def mark(self, part: Part) -> None:
        """How far a part is now."""
        await self._write(partial(_mark, part))

    async def drop(self, part: Part) -> None:
        """Forgets a part, and that its requests were put into it: nothing of it was sent."""
        await self._write(partial(_drop, part.id))

    async def add(self, waiting: Waiting) -> None:
        """A request was put into a part."""
        await self._write(partial(_add, waiting))

    async def adopt(self, part: Part, waiting: Sequence[Waiting]) -> None:
        """A part of another run, and what waits in it, are of this run from now on; of no result of
        it, until somebody `claims` a request."""
        await self._write(partial(_adopt, part, waiting))

    async def claim(self, question: Question) -> None:
        """A request that waits is asked for this result."""
        await self._write(partial(rows.asked_for, question))

    async def leave(self, part: Part, why: str) -> None:
        """A part is another run's from now on: it is closed here, and nothing waits in it."""
        await self._write(partial(_leave, part, why))

    def left(self, part: Part, why: str) -> None:
        """The same; waits by itself."""
        self._database.write(partial(_leave, part, why)).result()

    async def waiting(self, key: str) -> Waiting | None:
        """What is known of a request that was put into a part and is not answered."""
        return await self._read(partial(_waiting, bytes.fromhex(key)))

    async def unanswered(self, part: Part) -> Sequence[str]:
        """The keys of the requests that wait in a part, in the order in which they came there."""
        found = await self._read(lambda db: db.execute(_KEYS, (part.id,)).fetchall())
        return [key.hex() for (key,) in found]

    async def held(self) -> Mapping[str, tuple[int, float]]:
        """By model: how many requests wait in parts, and the dollars set aside for them."""
        found = await self._read(lambda db: db.execute(_HELD).fetchall())
        return {model: (count, dollars) for model, count, dollars in found}

    async def answered(self, waiting: Waiting, kept: Kept, cost_usd: float | None) -> None:
        """A response arrived: an attempt that began with the batch; the request waits no more."""
        await self._write(partial(self._answered, waiting, kept, cost_usd))

    async def missed(self, waiting: Waiting, failure: Failure) -> None:
        """A try brought no response: an attempt that failed."""
        await self._write(partial(self._missed, waiting, failure))

    def _answered(
        self, waiting: Waiting, kept: Kept, cost_usd: float | None, db: Connection
    ) -> None:
        key = bytes.fromhex(waiting.question.key)
        attempt = self._attempt(waiting, db)
        rows.keep(key, self._session, "asked", kept, db)
        rows.answer(attempt, kept.response, self._seconds(), cost_usd, db)
        db.execute("DELETE FROM waiting WHERE request = ?", (rows.request(key, db),))

    def _missed(self, waiting: Waiting, failure: Failure, db: Connection) -> None:
        rows.miss(self._attempt(waiting, db), failure, self._seconds(), db)
        number = rows.request(bytes.fromhex(waiting.question.key), db)
        content = _packed(waiting, failure)
        db.execute(
            "UPDATE waiting SET part = NULL, reserved_usd = 0, content = ? WHERE request = ?",
            (content, number),
        )

    def _attempt(self, waiting: Waiting, db: Connection) -> int:
        """It began when its batch was created, and took none of this session's seconds."""
        found = db.execute("SELECT created_utc FROM part WHERE id = ?", (waiting.part,)).fetchone()
        began = (found[0] if found else None) or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        about = (waiting.question, waiting.reserved_usd, self._session, began, self._seconds())
        return rows.send(*about, db)

    async def _write(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(self._database.write(work))

    async def _read(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(self._database.read(work))


_COLUMNS = tuple(field.name for field in fields(Part))

_KEYS = """
SELECT key FROM waiting JOIN request ON request.id = waiting.request
WHERE part = ? AND typeof(key) = 'blob' ORDER BY waiting.rowid"""

_HELD = """
SELECT model, count(*), sum(reserved_usd) FROM waiting JOIN part ON part.id = waiting.part
GROUP BY model"""

_IS_SETTLED = """
SELECT 1 FROM request WHERE key = ? AND (
  EXISTS (SELECT 1 FROM waiting WHERE request = request.id AND part IS NOT NULL)
  OR EXISTS (SELECT 1 FROM response WHERE request = request.id AND NOT void))"""

NOBODYS = -1
"""The place in the plan of what no result has asked for."""

_WAITING = """
SELECT ordinal, name, estimate_usd, part, tries, reserved_usd, content
FROM waiting JOIN request ON request.id = waiting.request WHERE key = ?"""


def _parts(where: str, db: Connection) -> list[Part]:
    query = f"SELECT {', '.join(_COLUMNS)} FROM part {where} ORDER BY id"
    return [Part(*row) for row in db.execute(query)]


def _begin(provider: str, model: str, name: str, db: Connection) -> Part:
    number = db.execute(
        "INSERT INTO part (provider, model, name, stage) VALUES (?, ?, ?, 'writing')",
        (provider, model, name),
    ).lastrowid
    assert number is not None
    return Part(number, provider, model, name, "writing")


def _mark(part: Part, db: Connection) -> None:
    changes = ", ".join(f"{name} = ?" for name in _COLUMNS[1:])
    values = [getattr(part, name) for name in _COLUMNS[1:]]
    db.execute(f"UPDATE part SET {changes} WHERE id = ?", (*values, part.id))


def _drop(part: int, db: Connection) -> None:
    """Requests that failed in an earlier part keep the number of their tries."""
    db.execute("DELETE FROM waiting WHERE part = ? AND tries = 1", (part,))
    db.execute(
        "UPDATE waiting SET part = NULL, reserved_usd = 0, tries = tries - 1 WHERE part = ?",
        (part,),
    )
    db.execute("DELETE FROM part WHERE id = ?", (part,))


def _adopt(part: Part, waiting: Sequence[Waiting], db: Connection) -> None:
    """What is answered here, or waits in another part, stays as it is."""
    here = _begin(part.provider, part.model, part.name, db)
    _mark(replace(part, id=here.id), db)
    for each in waiting:
        key = bytes.fromhex(each.question.key)
        if not db.execute(_IS_SETTLED, (key,)).fetchone():
            nobodys = replace(each.question, ordinal=NOBODYS)
            _add(replace(each, question=nobodys, part=here.id), db)


def _leave(part: Part, why: str, db: Connection) -> None:
    db.execute("DELETE FROM waiting WHERE part = ?", (part.id,))
    _mark(replace(part, stage="closed", why=why), db)


def _add(waiting: Waiting, db: Connection) -> None:
    number = rows.asked_for(waiting.question, db)
    about = (number, waiting.part, waiting.tries, waiting.reserved_usd, _packed(waiting))
    db.execute(
        "INSERT OR REPLACE INTO waiting (request, part, tries, reserved_usd, content)"
        " VALUES (?, ?, ?, ?, ?)",
        about,
    )


def _waiting(key: bytes, db: Connection) -> Waiting | None:
    found = db.execute(_WAITING, (key,)).fetchone()
    if found is None:
        return None
    ordinal, name, estimate, part, tries, reserved, content = found
    question = Question(key.hex(), ordinal, name, estimate)
    return _unpacked(question, part, tries, reserved, content)


def _packed(waiting: Waiting, failure: Failure | None = None) -> bytes:
    about = {
        "model": waiting.model,
        "sent": written_of(waiting.sent),
        "most_usd": waiting.most_usd,
        "is_bounded": waiting.is_bounded,
        "failure": None if failure is None else asdict(failure),
    }
    return zlib.compress(json.dumps(about, separators=(",", ":")).encode())


def _unpacked(
    question: Question, part: int | None, tries: int, reserved_usd: float, content: bytes
) -> Waiting | None:
    """None for what is damaged: it is asked again."""
    try:
        about: Any = json.loads(zlib.decompress(content))
        failure = about["failure"]
        return Waiting(
            question,
            about["model"],
            prepared_of(about["sent"]),
            reserved_usd,
            about["most_usd"],
            about["is_bounded"],
            tries,
            part,
            None if failure is None else Failure(**failure),
        )
    except (zlib.error, KeyError, TypeError, AttributeError, ValueError):
        return None
