"""Writes responses until no file may grow any more; says which were confirmed, and then why not."""

from __future__ import annotations

import asyncio
import resource
import sys
from itertools import count
from pathlib import Path

from conftest import Things

from runner.store.journal import Journal


async def fill_up(journal: Journal) -> None:
    """One response after the other."""
    for number in count():
        await journal.received(0, Things.key(number), Things.kept(number, 5000))
        print(number)


if __name__ == "__main__":
    sys.dont_write_bytecode = True  # it would be cut off, for all who come after
    limit = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    journal = Journal.open(Path(sys.argv[1]), ballast_bytes=1 << 16)
    try:
        asyncio.run(fill_up(journal))
    except OSError as error:
        print(error)
    journal.close()
