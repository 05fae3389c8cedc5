"""Opens the journal of a run whose store is damaged, again and again: killed before its first event,
before its second, and so on, each time in a copy of the folder that is named by the event.

An event is what it does to files and databases, and every row that it copies. Prints how many there
were. The runs are forks of this process, which has no other thread.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path

from runner.store import salvage
from runner.store.journal import Journal

HOOKED = ("os.rename", "os.remove", "sqlite3.connect")


class Fate:
    """Counts events, and kills this process at the last one."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def event(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def opened(folder: Path, last: int) -> None:
    """Opens and closes the journal, if it gets so far."""
    fate, is_as_written = Fate(last), salvage._is_as_written

    def looked_at(*row: object) -> bool:
        fate.event()
        return is_as_written(*row)  # type: ignore[arg-type]

    salvage._is_as_written = looked_at  # type: ignore[assignment]
    sys.addaudithook(lambda name, _: fate.event() if name in HOOKED else None)
    Journal.open(folder, ballast_bytes=1 << 16).close()


def was_killed(folder: Path, last: int) -> bool:
    """Whether it came to that event."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    try:
        opened(folder, last)
    finally:
        os._exit(0)


if __name__ == "__main__":
    source = Path(sys.argv[1])
    for number in count(1):
        folder = source.with_name(f"{source.name}-{number}")
        shutil.copytree(source, folder)
        if not was_killed(folder, number):
            print(number - 1)
            break
