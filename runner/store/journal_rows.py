"""What a journal writes into its tables. Everything here is done in the thread of the database."""

from __future__ import annotations

import os
import socket
import zlib
from sqlite3 import Connection

from runner import __version__
from runner.roles import Kept, Origin, Question
from runner.store.kept import checksum, packed
from runner.text.result_line import to_line
from runner.values.response import Failure
from runner.values.result import Result


def begin_session(now_utc: str, db: Connection) -> int:
    """The number of a new session: this process."""
    return _new(
        db,
        "INSERT INTO session (pid, host, version, started_utc) VALUES (?, ?, ?, ?)",
        (os.getpid(), socket.gethostname(), __version__, now_utc),
    )


def end_session(session: int, now_utc: str, db: Connection) -> None:
    """A session that ended by itself."""
    db.execute("UPDATE session SET ended_utc = ? WHERE id = ?", (now_utc, session))


def send(question: Question, session: int, sent_utc: str, seconds: float, db: Connection) -> int:
    """The number of a new attempt."""
    key = bytes.fromhex(question.key)
    db.execute(_REQUEST, (key, question.ordinal, question.name, question.estimate_usd))
    return _new(
        db,
        "INSERT INTO attempt (request, session, sent_utc, sent_seconds) VALUES (?, ?, ?, ?)",
        (request(key, db), session, sent_utc, seconds),
    )


def answer(attempt: int, seconds: float, cost_usd: float | None, db: Connection) -> None:
    """An attempt that brought a response."""
    db.execute(
        "UPDATE attempt SET ended_seconds = ?, cost_usd = ?, outcome = 'answered' WHERE id = ?",
        (seconds, cost_usd, attempt),
    )


def miss(attempt: int, failure: Failure, seconds: float, db: Connection) -> None:
    """An attempt that failed."""
    why = failure.message.encode("utf-8", "backslashreplace").decode()
    db.execute(
        "UPDATE attempt SET ended_seconds = ?, outcome = ?, status = ?, maybe_billed = ?, error = ?"
        " WHERE id = ?",
        (seconds, failure.kind, failure.status, failure.maybe_billed, why, attempt),
    )


def keep(key: bytes, session: int, origin: Origin, kept: Kept, db: Connection) -> None:
    """A response; those before it stay."""
    content = packed(kept)
    db.execute(
        "INSERT INTO response (request, session, origin, content, checksum) VALUES (?, ?, ?, ?, ?)",
        (request(key, db), session, origin, content, checksum(key, origin, content)),
    )


def conclude(result: Result, origin: Origin, db: Connection) -> None:
    """A result, in the place of an earlier one."""
    key = bytes.fromhex(result.request_key or "")
    about = (result.ordinal, key, origin, result.step, result.status)
    content = zlib.compress(to_line(result).encode())
    number = request(key, db) if key else None
    db.execute(
        "INSERT OR REPLACE INTO result (ordinal, request, origin, step, status, content, checksum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (result.ordinal, number, *about[2:], content, checksum(*about, content)),
    )


def forget(statuses: tuple[str, ...], db: Connection) -> int:
    """Drops results; how many. Their responses are not given back any more."""
    among = f"status IN ({', '.join('?' * len(statuses))})"
    asked_again = f"SELECT request FROM result WHERE {among}"
    db.execute(f"UPDATE response SET void = 1 WHERE request IN ({asked_again})", statuses)
    return db.execute(f"DELETE FROM result WHERE {among}", statuses).rowcount


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
