"""What can go wrong with a file of the store, as errors whose text is for people."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path


class StoreError(OSError):
    """A file of the store cannot be read or written; `str()` is a sentence that names it."""

    def __init__(self, sentence: str, path: Path, number: int = errno.EIO) -> None:
        super().__init__(number, sentence, str(path))

    def __str__(self) -> str:
        return str(self.strerror)


class CorruptError(StoreError):
    """A file of the store is damaged: what stands in it cannot be relied on."""


DISK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
"""What happens to a transaction as a whole, whichever statement meets it."""


def of_the_disk(error: BaseException) -> bool:
    """True when the machine, not the statement, is the reason: no space, a bad disk."""
    return isinstance(error, sqlite3.Error) and _code(error) in DISK


def explained(error: sqlite3.Error, path: Path) -> StoreError:
    """An error of SQLite as one of ours."""
    match _code(error):
        case sqlite3.SQLITE_FULL:
            return StoreError(f"the disk is full: {path} cannot grow", path, errno.ENOSPC)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return CorruptError(f"{path} is damaged ({error})", path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(f"{path} is in use by another process", path, errno.EBUSY)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StoreError(f"{path} cannot be opened or written ({error})", path, errno.EACCES)
        case _:
            return StoreError(f"{path} cannot be read or written ({error})", path)


def _code(error: sqlite3.Error) -> int:
    """The primary result code, https://sqlite.org/rescode.html; 0 for errors of Python's own."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
