"""Room kept free for what is under way: a file that is given up when the disk is full."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from runner.store.trouble import StoreError

LEAST_BYTES = 4 << 20


class Ballast:
    """A file of real blocks beside the database, there while a run is under way.

    Raises `StoreError` when there is no room for it: then there is none for a run either.
    """

    def __init__(self, path: Path, size: int = LEAST_BYTES) -> None:
        self.path = path
        try:
            with path.open("wb") as file:
                _fill(file.fileno(), size)
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            why = f"{path.parent} has no room for a run ({(error.strerror or '').lower()})"
            raise StoreError(why, path, error.errno or errno.EIO) from error

    def release(self) -> bool:
        """Gives its blocks back to the disk; False when that had been done before."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True


def _fill(file: int, size: int) -> None:
    """Real blocks: a file system that allocates nothing ahead, or compresses, gets noise."""
    try:
        os.posix_fallocate(file, 0, size)
        return
    except (AttributeError, OSError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise
    block = os.urandom(1 << 16)
    for start in range(0, size, len(block)):
        _write(file, block[: size - start])
    os.fsync(file)


def _write(file: int, block: bytes) -> None:
    """All of a block: a disk that is nearly full takes the first part without complaint."""
    while block:
        block = block[os.write(file, block) :]
