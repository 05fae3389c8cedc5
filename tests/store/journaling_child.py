"""Works on a run until it is killed, sixteen requests at a time; says what was confirmed.

Nothing is asked that has a result or a response, as in a run that is resumed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from conftest import Things

from runner.store.journal import Journal


async def one(journal: Journal, number: int) -> None:
    """A request from its intent to its result."""
    if await journal.result(number, Things.key(number)) is not None:
        return
    if await journal.response(Things.key(number)) is None:
        attempt = await journal.sending(Things.question(number))
        say("sent", number)
        await journal.received(attempt, Things.key(number), Things.kept(number))
        say("received", number)
    await journal.conclude(Things.result(number), "asked")
    say("concluded", number)


async def work(journal: Journal) -> None:
    """Sixteen at a time, without an end."""
    numbers = count()

    async def worker() -> None:
        for number in numbers:
            await one(journal, number)

    await asyncio.gather(*(worker() for _ in range(16)))


def say(what: str, number: int) -> None:
    """At once, and whole: nothing waits in a buffer."""
    os.write(1, f"{what} {number}\n".encode())


if __name__ == "__main__":
    journal = Journal.open(Path(sys.argv[1]), ballast_bytes=1 << 16)
    say("opened", len(journal.doubtful()))
    asyncio.run(work(journal))
