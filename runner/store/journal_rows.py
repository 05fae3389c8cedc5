"""What a journal writes into its tables. Everything here is done in the thread of the database."""

from __future__ import annotations

import json
import os
import socket
import zlib
from dataclasses import asdict
from sqlite3 import Connection

from runner.roles import Kept, Origin, Question
from runner.store.kept import checksum, packed
from runner.text.result_line import to_line
from runner.values.response import Failure, Response
from runner.values.result import FINE, Result
from runner.version import VERSION


def begin_session(now_utc: str, db: Connection) -> int:
    """The number of a new session: this process."""
    return _new(
        db,
        "INSERT INTO session (pid, host, version, started_utc) VALUES (?, ?, ?, ?)",
        (os.getpid(), socket.gethostname(), VERSION, now_utc),
    )


def end_session(session: int, now_utc: str, db: Connection) -> None:
    """A session that ended by itself."""
    db.execute("UPDATE session SET ended_utc = ? WHERE id = ?", (now_utc, session))


def remember_loss(session: int, lost_usd: float, db: Connection) -> None:
    """What was paid by sessions of which nothing else is left."""
    db.execute("UPDATE session SET lost_usd = ? WHERE id = ?", (lost_usd, session))


def send(
    question: Question,
    reserve_usd: float,
    session: int,
    sent_utc: str,
    seconds: float,
    db: Connection,
) -> int:
    """The number of a new attempt."""
    return _new(
        db,
        "INSERT INTO attempt (request, session, sent_utc, sent_seconds, reserve_usd)"
        " VALUES (?, ?, ?, ?, ?)",
        (asked_for(question, db), session, sent_utc, seconds, reserve_usd),
    )


def asked_for(question: Question, db: Connection) -> int:
    """The number of a request, with what its question says of it."""
    key = bytes.fromhex(question.key)
    db.execute(_REQUEST, (key, question.ordinal, question.name, question.estimate_usd))
    return request(key, db)


def answer(
    attempt: int, response: Response, seconds: float, cost_usd: float | None, db: Connection
) -> None:
    """An attempt that brought a response."""
    used = response.usage
    db.execute(
        "UPDATE attempt SET outcome = 'answered', ended_seconds = ?, cost_usd = ?, model = ?,"
        " input_tokens = ?, image_tokens = ?, cached_tokens = ?, output_tokens = ?,"
        " thought_tokens = ? WHERE id = ?",
        (seconds, cost_usd, response.model, used.input_tokens, used.image_tokens,
         used.cached_tokens, used.output_tokens, used.thought_tokens, attempt),
    )  # fmt: skip


def miss(attempt: int, failure: Failure, seconds: float, db: Connection) -> None:
    """An attempt that failed."""
    why = failure.message.encode("utf-8", "backslashreplace").decode()
    db.execute(
        "UPDATE attempt SET ended_seconds = ?, outcome = ?, status = ?, maybe_billed = ?, error = ?"
        " WHERE id = ?",
        (seconds, failure.kind, failure.status, failure.maybe_billed, why, attempt),
    )


def give_up(key: bytes, failure: Failure, db: Connection) -> None:
    """A request that failed for good: it is not asked again before somebody wishes it."""
    content = json.dumps(asdict(failure))
    db.execute("UPDATE request SET given_up = ? WHERE id = ?", (content, request(key, db)))


def given_up(key: bytes, db: Connection) -> Failure | None:
    """How a request failed for good; None when it did not."""
    row = db.execute("SELECT given_up FROM request WHERE key = ?", (key,)).fetchone()
    return Failure(**json.loads(row[0])) if row is not None and row[0] is not None else None


def keep(key: bytes, session: int, origin: Origin, kept: Kept, db: Connection) -> None:
    """A response; those before it stay."""
    content = packed(kept)
    db.execute(
        "INSERT INTO response (request, session, origin, content, checksum) VALUES (?, ?, ?, ?, ?)",
        (request(key, db), session, origin, content, checksum(key, origin, content)),
    )


def conclude(result: Result, session: int, origin: Origin, db: Connection) -> None:
    """A result, in the place of an earlier one."""
    key = bytes.fromhex(result.request_key or "")
    about = (result.ordinal, key, origin, result.step, result.status)
    content = zlib.compress(to_line(result).encode())
    number = request(key, db) if key else None
    db.execute(
        "INSERT OR REPLACE INTO result"
        " (ordinal, request, session, origin, step, status, content, checksum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (result.ordinal, number, session, *about[2:], content, checksum(*about, content)),
    )


def make_stale(result: Result, db: Connection) -> bool:
    """Whether a result lacks an answer, of its own or of an entry of its list. Then it is to be made
    again, and responses that were of no use are void; it stands until that has ended."""
    lacking = [each.request_key for entry in result.entries for each in entry.lacking]
    if not result.entries and result.status not in FINE:
        lacking = [result.request_key]
    if not lacking:
        return False
    db.execute("UPDATE result SET stale = 1 WHERE ordinal = ?", (result.ordinal,))
    keys = [(bytes.fromhex(key),) for key in lacking if key]
    db.executemany(f"UPDATE response SET void = 1 WHERE {_ITS_REQUEST}", keys)
    db.executemany(f"DELETE FROM waiting WHERE part IS NULL AND {_ITS_REQUEST}", keys)
    return True


_ITS_REQUEST = "request = (SELECT id FROM request WHERE key = ?)"


def request(key: bytes, db: Connection, ordinal: int | None = None) -> int:
    """The number of a request; a new one when it was never sent."""
    found = db.execute("SELECT id FROM request WHERE key = ?", (key,)).fetchone()
    if found is not None:
        return int(found[0])
    return _new(db, "INSERT INTO request (key, ordinal) VALUES (?, ?)", (key, ordinal))


_REQUEST = """
INSERT INTO request (key, ordinal, name, estimate_usd) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
  ordinal = excluded.ordinal, name = excluded.name, estimate_usd = excluded.estimate_usd"""


def _new(db: Connection, insert: str, values: tuple[object, ...]) -> int:
    """The number of a new row."""
    number = db.execute(insert, values).lastrowid
    assert number is not None
    return number
