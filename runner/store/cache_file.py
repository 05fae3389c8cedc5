"""The file of the cache: its table, and what is done with it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from sqlite3 import Connection

from runner.roles import Kept
from runner.store.kept import checksum, packed, unpacked
from runner.store.opening import Schema

FILE_NAME = "answers.sqlite"

VERSION_1 = """
CREATE TABLE answer (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,  -- SHA-256 of the endpoint and the key of the request
  used INTEGER NOT NULL,  -- when it was last wanted: seconds since 1970
  content BLOB NOT NULL,  -- zlib of a line of JSON and the body as received
  checksum BLOB NOT NULL
);
CREATE INDEX answer_used ON answer(used)
"""

SCHEMA = Schema(
    application_id=0x61736B63,  # "askc"
    steps=(VERSION_1,),
    before=("auto_vacuum = INCREMENTAL",),
)

ROOM = 0.95
"""When the cache is full, it is emptied to this part of its size; no answer may be larger than what
is emptied at a time."""


def key_of(endpoint: str, key: str) -> bytes:
    """What an answer is known by: the same question to another service is another question."""
    return sha256(f"{endpoint}\n{key}".encode()).digest()


IS_THERE = "SELECT 1 FROM answer WHERE key = ?"


def look_up(key: bytes, db: Connection) -> tuple[Kept, int] | None:
    """An answer and when it was last wanted; None when there is none, or it is not what was
    written."""
    found = db.execute(
        "SELECT content, checksum, used FROM answer WHERE key = ?", (key,)
    ).fetchone()
    if found is None or found[1] != checksum(key, found[0]):
        return None
    return replace(unpacked(found[0]), origin="cache"), found[2]


def keep(key: bytes, kept: Kept, now: int, limit_bytes: int, db: Connection) -> None:
    """Writes an answer, in place of an earlier one; those not wanted for longest go for it."""
    content = packed(kept)
    if len(content) > limit_bytes * (1 - ROOM):
        return
    db.execute(
        "INSERT OR REPLACE INTO answer (key, used, content, checksum) VALUES (?, ?, ?, ?)",
        (key, now, content, checksum(key, content)),
    )
    excess = held(db) - limit_bytes * ROOM
    if excess <= limit_bytes * (1 - ROOM):
        return
    for used, number, size in db.execute(_OLDEST):
        excess -= size
        if excess <= 0:
            db.execute("DELETE FROM answer WHERE (used, id) <= (?, ?)", (used, number))
            return


_OLDEST = "SELECT used, id, length(content) FROM answer ORDER BY used, id"


def touch(key: bytes, now: int, db: Connection) -> None:
    """Remembers that an answer was wanted."""
    db.execute("UPDATE answer SET used = ? WHERE key = ?", (now, key))


def drop(before: float, db: Connection) -> int:
    """Drops what was not wanted since then and gives its room back to the disk; how many."""
    dropped = db.execute("DELETE FROM answer WHERE used < ?", (before,)).rowcount
    for _ in range(db.execute("PRAGMA freelist_count").fetchone()[0]):
        db.execute("PRAGMA incremental_vacuum(1)")  # Python takes one step, whatever the number
    return dropped


def counted(db: Connection) -> tuple[int, int | None]:
    """How many answers there are, and when the one was wanted that will go first."""
    count, used = db.execute("SELECT count(*), min(used) FROM answer").fetchone()
    return count, used


def held(db: Connection) -> int:
    """Bytes in use; room that was given up is used again."""
    pages, free, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
