"""One process for one run folder: a lock that the system itself takes back when its owner dies."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from runner.store.trouble import StoreError
from runner.version import VERSION

LOCK = "run.lock"
"""The file that a process holds as long as it works on a run; it goes with the process's last act."""


class LockedError(StoreError):
    """Another process holds the lock; the message says which."""


class Lock:
    """A lock on a file, held from the beginning of this object to `release` or to the end of the
    process, however that ends. The file says who holds it. `of` is what it is a lock of, in the words
    that the second one is told: by default the folder of the file.

    Raises `LockedError` at once when another process, or another `Lock` of this one, holds it.
    """

    def __init__(self, path: Path, of: Path | None = None) -> None:
        self.path = path
        self._file = _locked(path, of or path.parent)
        self._file.truncate(0)
        self._file.write(_owner())
        self._file.flush()

    def release(self) -> None:
        """Gives the lock back; the file goes with it. May be called more than once."""
        if self._file.closed:
            return
        if sys.platform == "win32":  # it removes no open file, and none that another one has opened
            self._file.close()
        with suppress(OSError):
            self.path.unlink()
        self._file.close()

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _locked(path: Path, of: Path) -> IO[str]:
    """The open lock file. It may have been removed by its last owner between being opened and being
    locked: then it is not the one that others will find, and the next is tried."""
    while True:
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            why = f"{path} cannot be written ({(error.strerror or '').lower()})"
            raise StoreError(why, path, error.errno or errno.EIO) from error
        try:
            _lock(file.fileno())
            if _is_still_there(file, path):
                return file
        except (BlockingIOError, PermissionError):
            with file:
                raise LockedError(_who(file, of), path, errno.EAGAIN) from None
        except OSError as error:
            file.close()
            why = f"the file system of {path.parent} has no locks ({error.strerror})"
            raise StoreError(why, path, error.errno or errno.EIO) from error
        file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, 1 << 30, os.SEEK_SET)  # far from what is written: others may read that
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still_there(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _owner() -> str:
    owner = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "version": VERSION,
    }
    return json.dumps(owner) + "\n"


def _who(file: IO[str], of: Path) -> str:
    """A sentence about the owner, as far as the file says it: it may just be being written."""
    try:
        file.seek(0)
        owner = json.loads(file.read(4096))
        who = f"process {owner['pid']} on {owner['host']}, started {owner['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"
    return f"{of} is in use by {who}"
