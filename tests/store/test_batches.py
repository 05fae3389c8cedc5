"""What a journal remembers of batches: in the next session as in this one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from runner.store.journal import Journal
from runner.values.batch import Part, Waiting
from runner.values.response import Failure

T = TypeVar("T")
SMALL = 1 << 16
BUSY = Failure("overloaded", "naïve ✓", status=503)


def session(folder: Path, use: Callable[[Journal], Awaitable[T]]) -> T:
    """What this makes of the journal, in a session of its own."""

    async def once(journal: Journal) -> T:
        return await use(journal)

    with Journal.open(folder, ballast_bytes=SMALL) as journal:
        return asyncio.run(once(journal))


def waiting(things: Any, number: int, part: Part, tries: int = 1) -> Waiting:
    sent = things.kept(number).sent
    return Waiting(things.question(number), "m", sent, 0.02, 0.03, True, tries, part.id)


async def begun(journal: Journal, things: Any, count: int = 3) -> Part:
    """A part in which requests wait."""
    part = await journal.batches.begin("gemini", "m", "askpix-1")
    for number in range(count):
        await journal.batches.add(waiting(things, number, part))
    return part


def test_parts_and_what_waits_in_them_are_there_in_the_next_session(
    tmp_path: Path, things: Any
) -> None:
    """With everything that it takes to take an answer in."""

    async def first(journal: Journal) -> Part:
        part = replace(
            await begun(journal, things),
            stage="created",
            requests=3,
            bytes=99,
            input="files/in",
            batch="batches/b1",
            state="running",
            why="",
            created_utc="2026-11-20T18:00:00Z",
            project="p",
        )
        await journal.batches.mark(part)
        return part

    part = session(tmp_path, first)

    async def second(journal: Journal) -> list[object]:
        book = journal.batches
        keys = await book.unanswered(part)
        return [
            await book.parts(),
            await book.held(),
            keys,
            await book.waiting(keys[1]),
            await book.waiting(things.key(9)),
        ]

    assert session(tmp_path, second) == [
        [part],
        {"m": (3, 0.06)},
        [things.key(n) for n in range(3)],
        waiting(things, 1, part),
        None,
    ]


def test_an_answer_is_a_response_of_the_journal_and_an_attempt(tmp_path: Path, things: Any) -> None:
    """That began with the batch; its request waits no more."""

    async def answer(journal: Journal) -> list[object]:
        part = replace(await begun(journal, things), created_utc="2026-11-20T18:00:00Z")
        await journal.batches.mark(part)
        await journal.batches.answered(waiting(things, 0, part), things.kept(0), 0.01)
        kept = await journal.response(things.key(0))
        assert kept is not None
        return [
            await journal.batches.waiting(things.key(0)),
            len(await journal.batches.unanswered(part)),
            kept.response,
            kept.origin,
            kept.ordinal,
        ]

    assert session(tmp_path, answer) == [None, 2, things.kept(0).response, "asked", 0]
    with Journal.open(tmp_path, ballast_bytes=SMALL) as journal:
        assert journal.totals().cost_usd == 0.01
        assert journal.doubtful() == {}
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as db:
        sent = db.execute("SELECT sent_utc, outcome FROM attempt").fetchall()
    assert sent == [("2026-11-20T18:00:00Z", "answered")]


def test_a_failure_leaves_its_part_and_is_remembered(tmp_path: Path, things: Any) -> None:
    """With the number of its tries; nothing is held for it any more."""

    async def fail(journal: Journal) -> list[object]:
        part = await begun(journal, things, 1)
        await journal.batches.missed(waiting(things, 0, part), BUSY)
        return [await journal.batches.waiting(things.key(0)), await journal.batches.held()]

    found, held = session(tmp_path, fail)
    assert isinstance(found, Waiting)
    assert (found.part, found.failure, found.tries, found.reserved_usd) == (None, BUSY, 1, 0.0)
    assert held == {}


def test_a_part_that_was_never_sent_is_dropped_with_its_tries(tmp_path: Path, things: Any) -> None:
    """A request that failed before keeps the failures that were some."""

    async def drop(journal: Journal) -> list[object]:
        first = await begun(journal, things, 1)
        await journal.batches.missed(waiting(things, 0, first), BUSY)
        second = await journal.batches.begin("gemini", "m", "askpix-2")
        for number, tries in ((0, 2), (1, 1)):
            await journal.batches.add(waiting(things, number, second, tries))
        await journal.batches.drop(second)
        known = [await journal.batches.waiting(things.key(number)) for number in (0, 1)]
        return [
            [known[0] and (known[0].tries, known[0].part), known[1]],
            await journal.batches.parts(),
        ]

    (tries, parts) = session(tmp_path, drop)
    assert tries == [(1, None), None]
    assert [part.name for part in parts] == ["askpix-1"]  # type: ignore[attr-defined]


def test_closed_parts_are_history(tmp_path: Path, things: Any) -> None:
    """They stay in the file, and nobody goes on with them."""

    async def close(journal: Journal) -> object:
        part = await begun(journal, things)
        await journal.batches.mark(replace(part, stage="closed"))
        return await journal.batches.parts()

    assert session(tmp_path, close) == []
    with Journal.open(tmp_path, ballast_bytes=SMALL) as journal:
        assert [part.stage for part in journal.batches.all_parts()] == ["closed"]


def test_what_is_damaged_is_asked_again(tmp_path: Path, things: Any) -> None:
    """It is no reason for anything to fail."""

    async def begin(journal: Journal) -> Part:
        return await begun(journal, things)

    session(tmp_path, begin)
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as db:
        db.execute(
            "UPDATE waiting SET content = x'00' WHERE rowid = (SELECT min(rowid) FROM waiting)"
        )
        db.commit()

    async def look(journal: Journal) -> list[bool]:
        return [await journal.batches.waiting(things.key(n)) is not None for n in range(3)]

    assert session(tmp_path, look) == [False, True, True]
