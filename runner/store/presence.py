"""Who is using a file: everybody says so, and whoever is alone may put it away."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class Presence:
    """Says to other processes that this one uses a file, until `leave` or the end of the process.
    Raises OSError when `path`, which stands for the file, cannot be written.

    Where there is no such lock (Windows), an open file cannot be renamed: that is the same to us.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._shared()

    def alone(self) -> bool:
        """True when nobody else uses the file; then nobody can begin to, before `together`."""
        if sys.platform == "win32":
            return True
        import fcntl

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._shared()  # the attempt gave up what there was
            return False
        return True

    def together(self) -> None:
        """Lets others use the file again."""
        self._shared()

    def leave(self) -> None:
        """This process no longer uses the file."""
        os.close(self._file)

    def _shared(self) -> None:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_SH)
