"""Counts texts in a file of its own that vanishes with the process: a million cost no memory."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b


class Counted:
    """How often each text was met. Only a digest of 16 bytes is kept of each."""

    def __init__(self) -> None:
        self._file = scratch()
        self._file.execute("CREATE TABLE met (text BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID")

    def add(self, text: str) -> int:
        """How often this text was met, this time included."""
        return int(self._file.execute(_ADD, (_digest(text),)).fetchone()[0])

    def times(self, text: str) -> int:
        """How often this text was met so far."""
        row = self._file.execute("SELECT times FROM met WHERE text = ?", (_digest(text),))
        return int((row.fetchone() or (0,))[0])


_ADD = (
    "INSERT INTO met VALUES (?, 1) ON CONFLICT (text) DO UPDATE SET times = times + 1"
    " RETURNING times"
)


class Clashes:
    """Names that stand for different things: `"a.jpg" in clashes`."""

    def __init__(self) -> None:
        self._file = scratch()
        self._file.execute(
            "CREATE TABLE names (name BLOB PRIMARY KEY, thing BLOB, clash INTEGER) WITHOUT ROWID"
        )

    def add(self, name: str, thing: str) -> None:
        """Notes that a name stands for a thing."""
        self._file.execute(_NOTE, (_digest(name), _digest(thing)))

    def __contains__(self, name: object) -> bool:
        found = self._file.execute(_CLASH, (_digest(str(name)),)).fetchone()
        return found is not None


_NOTE = (
    "INSERT INTO names VALUES (?, ?, 0)"
    " ON CONFLICT (name) DO UPDATE SET clash = 1 WHERE thing != excluded.thing"
)
_CLASH = "SELECT 1 FROM names WHERE name = ? AND clash"


def scratch() -> sqlite3.Connection:
    """An empty database in a file without a name: 2 MB of it stay in memory, the rest on the disk.

    Source: sqlite.org/inmemorydb.html, "temporary databases".
    """
    file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode = OFF")
    file.execute("PRAGMA synchronous = OFF")
    return file


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
