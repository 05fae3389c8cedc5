"""What a run remembers: across sessions, kills, full disks and flipped bits."""

from __future__ import annotations

import asyncio
import errno
import json
import random
import re
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner import roles
from runner.store.journal import Journal
from runner.store.lock import LockedError
from runner.store.recorded import Effort, Recorded
from runner.store.trouble import StoreError
from runner.text.result_line import to_line
from runner.values.response import Failure
from runner.values.result import Entry
from runner.values.totals import Totals

SMALL = 1 << 16
"""Enough ballast for a test."""


def opened(folder: Path) -> Journal:
    return Journal.open(folder, ballast_bytes=SMALL)


async def ask(journal: roles.Journal, things: Any, number: int) -> None:
    """A request that is answered at once."""
    attempt = await journal.sending(things.question(number))
    await journal.received(attempt, things.key(number), things.kept(number))
    await journal.conclude(things.result(number), "asked")


def asked(journal: Journal, things: Any, numbers: range) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(ask(journal, things, number) for number in numbers))

    asyncio.run(all_of_them())


def told(work: Callable[[], Awaitable[Any]]) -> Any:
    """What an awaited method gives, outside of an event loop."""

    async def once() -> Any:
        return await work()

    return asyncio.run(once())


def test_what_was_asked_is_there_in_the_next_session(tmp_path: Path, things: Any) -> None:
    """Results by place and key, responses by key with where they came from; nothing else."""
    with_results = range(30)
    journal = opened(tmp_path)
    asked(journal, things, with_results)
    kept = told(lambda: journal.response(things.key(3)))
    assert kept == replace(things.kept(3), origin="asked", ordinal=3, earlier=False)
    journal.close()
    journal.close()
    assert [path.name for path in tmp_path.iterdir()] == ["run.sqlite"]

    journal = opened(tmp_path)
    for number in with_results:
        found = told(lambda number=number: journal.result(number, things.key(number)))
        assert found == (things.result(number), "asked")
    assert told(lambda: journal.result(3, things.key(4))) is None
    assert told(lambda: journal.result(30, things.key(30))) is None
    kept = told(lambda: journal.response(things.key(3)))
    assert kept == replace(things.kept(3), origin="asked", ordinal=3, earlier=True)
    assert told(lambda: journal.response(things.key(30))) is None
    assert journal.notes == ()
    journal.close()


def test_the_latest_response_counts_and_none_is_overwritten(tmp_path: Path, things: Any) -> None:
    """Asked twice, paid twice, kept twice."""
    journal = opened(tmp_path)

    async def twice() -> None:
        for content in (5, 6):
            attempt = await journal.sending(things.question(1))
            await journal.received(attempt, things.key(1), things.kept(content))

    asyncio.run(twice())
    assert told(lambda: journal.response(things.key(1))).response == things.kept(6).response
    journal.close()
    with sqlite3.connect(tmp_path / "run.sqlite") as db:
        assert db.execute("SELECT count(*) FROM response").fetchone() == (2,)
    db.close()


def test_a_response_that_another_run_bought_is_adopted(tmp_path: Path, things: Any) -> None:
    """It came from the cache, and no attempt was made."""
    journal = opened(tmp_path)
    bought = replace(things.kept(1), origin="cache", ordinal=7)
    told(lambda: journal.adopt(things.key(1), bought))
    told(lambda: journal.conclude(things.result(7, request_key=things.key(1)), "cache"))
    assert told(lambda: journal.response(things.key(1))) == bought
    assert told(lambda: journal.result(7, things.key(1)))[1] == "cache"
    assert journal.totals() == Totals()
    assert journal.effort(7) == Effort(7, 0, 0.0)
    journal.close()


def test_lines_are_in_the_order_of_the_plan(tmp_path: Path, things: Any) -> None:
    """Whatever the order of arrival; of one step when it is named; the last result of a place."""
    journal = opened(tmp_path)
    results = [things.result(n, ["find", "say"][n % 2]) for n in range(300)]
    arrival = [*results, things.result(7, "say", status="failed", error="no", request_key=None)]
    random.Random(7).shuffle(results[:-1])

    async def conclude() -> None:
        for result in arrival:
            await journal.conclude(result, "asked")

    asyncio.run(conclude())
    lines = list(journal.lines())
    assert [json.loads(line)["ordinal"] for line in lines] == list(range(300))
    assert lines[8] == to_line(things.result(8))
    assert lines[7] == to_line(arrival[-1])
    assert list(journal.lines("find")) == lines[::2]
    assert list(journal.lines("nothing")) == []
    journal.close()
    reader = Recorded.read(tmp_path)
    assert list(reader.lines()) == lines
    reader.close()


def test_a_failure_is_remembered(tmp_path: Path, things: Any) -> None:
    """With the attempts of its request and their time; its text as far as it is text."""
    journal = opened(tmp_path)

    async def fail() -> None:
        for failure in (
            Failure("rate_limit", "slow down", 429),
            Failure("transport", "cut \ud83d", maybe_billed=True),
        ):
            await journal.missed(await journal.sending(things.question(1)), failure)
        await ask(journal, things, 1)
        await journal.sending(things.question(2))

    asyncio.run(fail())
    effort = journal.effort(1)
    assert effort is not None
    assert (effort.ordinal, effort.attempts) == (1, 3)
    assert 0 < effort.seconds < 600
    assert list(journal.efforts()) == [effort]
    assert journal.effort(2) is None
    journal.close()
    with sqlite3.connect(tmp_path / "run.sqlite") as db:
        errors = db.execute("SELECT status, error FROM attempt ORDER BY id LIMIT 2").fetchall()
    db.close()
    assert errors == [(429, "slow down"), (None, "cut \\ud83d")]


def test_what_is_asked_again_stands_until_there_is_something_better(
    tmp_path: Path, things: Any
) -> None:
    """Its line stays, it is no known result, and its response is void but not lost. What is usable,
    skipped, or of another entry of a list is not asked again."""
    journal = opened(tmp_path)
    asked(journal, things, range(6))
    entries = (
        Entry("ok", request_key=things.key(3)),
        Entry("malformed", request_key=things.key(4)),
    )
    for result in (
        things.result(0, status="malformed"),
        things.result(1, status="failed"),
        things.result(2, status="empty"),
        things.result(3, status="partial", entries=entries, request_key="ab" * 32),
        things.result(4, status="skipped"),
        things.result(5, status="partial"),
        things.result(9, status="failed", request_key=None),
    ):
        told(lambda result=result: journal.conclude(result, "asked"))
    assert journal.ask_again() == 4
    assert [json.loads(line)["ordinal"] for line in journal.lines()] == [0, 1, 2, 3, 4, 5, 9]
    assert journal.count() == 3
    known = [told(lambda n=n: journal.result(n, things.key(n))) for n in (0, 1, 2, 5)]
    assert [found is not None for found in known] == [False, False, True, True]
    assert told(lambda: journal.result(3, "ab" * 32)) is None
    void = [told(lambda n=n: journal.response(things.key(n))).void for n in range(6)]
    assert void == [True, True, False, False, True, False]
    asked(journal, things, range(1))
    assert told(lambda: journal.response(things.key(0))).void is False
    assert (journal.count(), len(list(journal.lines()))) == (4, 7)
    journal.close()
    with sqlite3.connect(tmp_path / "run.sqlite") as db:
        assert db.execute("SELECT count(*) FROM response").fetchone() == (7,)
    db.close()


def test_a_journal_that_cannot_begin_leaves_nothing_open(tmp_path: Path) -> None:
    """The next one is not told that somebody is there, and no file is left but the store's own."""
    opened(tmp_path).close()
    no = "CREATE TRIGGER no BEFORE INSERT ON session BEGIN SELECT RAISE(ABORT, 'not today'); END"
    with sqlite3.connect(tmp_path / "run.sqlite") as db:
        db.execute(no)
    db.close()
    for _ in range(2):
        with pytest.raises(StoreError, match="not today"):
            opened(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["run.sqlite"]


def test_a_result_that_is_no_json_is_refused(tmp_path: Path, things: Any) -> None:
    """NaN has no place in a line of results; what is concluded beside it is kept."""
    journal = opened(tmp_path)

    async def conclude() -> list[Any]:
        bad = journal.conclude(things.result(1, answer=float("nan")), "asked")
        good = journal.conclude(things.result(2), "asked")
        return await asyncio.gather(bad, good, return_exceptions=True)

    error, none = asyncio.run(conclude())
    assert isinstance(error, ValueError)
    assert none is None
    assert len(list(journal.lines())) == 1
    journal.close()


def test_a_response_that_nobody_waits_for_any_more_is_kept(tmp_path: Path, things: Any) -> None:
    """A run that is stopped at once cancels its tasks; what had been paid for is not lost."""
    journal = opened(tmp_path)

    async def stop() -> None:
        attempt = await journal.sending(things.question(1))
        task = asyncio.ensure_future(journal.received(attempt, things.key(1), things.kept(1)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stop())
    journal.close()
    journal = opened(tmp_path)
    assert told(lambda: journal.response(things.key(1))) is not None
    journal.close()


# -- processes --------------------------------------------------------------------------------------


def test_kill_9_loses_nothing_that_was_confirmed(tmp_path: Path, child: Any, things: Any) -> None:
    """Seven kills of one run: what was confirmed is there and is what it was, what was sent and not
    answered is doubtful, and at most what was in flight is asked again."""
    said: dict[str, set[int]] = {"sent": set(), "received": set(), "concluded": set()}
    twice = 0
    for round in range(7):
        process = child("journaling_child.py", tmp_path)
        lines = [process.stdout.readline() for _ in range(1 + 60 * round)]
        process.kill()
        lines += process.stdout.readlines()
        assert process.wait() == -9
        for what, number in (line.split() for line in lines[1:] if line.endswith("\n")):
            twice += what == "received" and int(number) in said["received"]
            said[what].add(int(number))
    assert twice == 0
    journal = opened(tmp_path)
    doubtful = journal.doubtful()
    unanswered = {things.key(number) for number in said["sent"] - said["received"]}
    there = {key for key in unanswered if told(lambda key=key: journal.response(key)) is not None}
    assert unanswered - there <= doubtful.keys()
    assert not doubtful.keys() & {things.key(number) for number in said["received"]}
    assert len(doubtful) <= 16
    for number in said["received"]:
        kept = told(lambda n=number: journal.response(things.key(n)))
        assert (kept.response, kept.sent) == (
            things.kept(number).response,
            things.kept(number).sent,
        )
    for number in said["concluded"]:
        found = told(lambda n=number: journal.result(n, things.key(n)))
        assert found == (things.result(number), "asked")
    assert journal.damaged == 0
    journal.close()
    with sqlite3.connect(tmp_path / "run.sqlite") as db:
        twice = db.execute("SELECT count(*) - count(DISTINCT request) FROM response").fetchone()
        ended = db.execute("SELECT count(*), count(ended_utc) FROM session").fetchone()
    db.close()
    assert twice[0] <= 16 * 6
    assert ended == (8, 1)


def test_two_processes_cannot_work_on_one_run(tmp_path: Path, child: Any) -> None:
    """The second is told who does; when that one is killed, the run is free at once. Readers may
    look on all the while, and find the file as the kill left it."""
    process = child("journaling_child.py", tmp_path)
    while process.stdout.readline() != "concluded 9\n":
        assert process.poll() is None
    with pytest.raises(LockedError, match=f"is in use by process {process.pid} on "):
        opened(tmp_path)
    for _ in range(2):
        reader = Recorded.read(tmp_path)
        assert len(list(reader.lines())) >= 10
        reader.close()
        process.kill()
        process.wait()
    opened(tmp_path).close()


# -- full disks -------------------------------------------------------------------------------------


@pytest.mark.tmpfs
def test_on_a_full_disk_what_is_under_way_is_kept(full_disk: Path, things: Any) -> None:
    """A disk of 2 MB: forty requests are in flight when it is full. The ballast is given up, all
    forty are kept, and nothing new is sent."""
    journal = Journal.open(full_disk, ballast_bytes=512 << 10)

    async def fly() -> list[Any]:
        attempts = [await journal.sending(things.question(n)) for n in range(40)]
        fill(full_disk / "somebody else")
        await asyncio.gather(
            *(
                journal.received(a, things.key(n), things.kept(n, 2000))
                for n, a in enumerate(attempts)
            )
        )
        return await asyncio.gather(
            *(journal.sending(things.question(n)) for n in range(40, 43)), return_exceptions=True
        )

    refused = asyncio.run(fly())
    assert [(type(error), error.errno) for error in refused] == [(StoreError, errno.ENOSPC)] * 3
    assert str(refused[0]) == f"the disk is full: {full_disk / 'run.sqlite'} cannot grow"
    journal.close()
    with pytest.raises(StoreError, match="has no room for a run"):
        Journal.open(full_disk)
    (full_disk / "somebody else").unlink()
    journal = opened(full_disk)
    for number in range(40):
        kept = told(lambda n=number: journal.response(things.key(n)))
        assert kept.response == things.kept(number, 2000).response
    assert journal.doubtful() == {}
    assert journal.totals().by_outcome == {"answered": 40}
    journal.close()


@pytest.mark.tmpfs
def test_on_a_disk_that_stays_full_errors_are_told(full_disk: Path, things: Any) -> None:
    """When the ballast is used up, too, whoever waits gets the reason; all that was confirmed is
    there, and it goes on when there is room."""
    journal = Journal.open(full_disk, ballast_bytes=64 << 10)
    confirmed: list[int] = []

    async def fill_up() -> None:
        await journal.sending(things.question(0))
        for number in range(1, 1000):
            await journal.received(1, things.key(number), things.kept(number, 20_000))
            confirmed.append(number)

    with pytest.raises(StoreError) as full:
        asyncio.run(fill_up())
    assert full.value.errno == errno.ENOSPC
    with pytest.raises(StoreError):
        asyncio.run(fill_up())
    assert len(confirmed) > 20
    for number in confirmed:
        assert told(lambda n=number: journal.response(things.key(n))) is not None
    journal.close()


def fill(path: Path) -> None:
    """Takes all the room that a disk has left."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                assert shutil.disk_usage(path).free < size


def test_where_files_may_not_grow_errors_are_told(tmp_path: Path, child: Any, things: Any) -> None:
    """A limit on the size of a file, as any user may have one: the reason is told, and what was
    confirmed is there."""
    said, complaint = child("limited_child.py", tmp_path, 1_000_000).communicate()
    *confirmed, error = said.splitlines()
    assert complaint == ""
    assert error == f"{tmp_path / 'run.sqlite'} cannot be read or written (disk I/O error)"
    assert len(confirmed) > 10
    assert [path.name for path in tmp_path.iterdir()] == ["run.sqlite"]
    journal = opened(tmp_path)
    for number in map(int, confirmed):
        assert told(lambda n=number: journal.response(things.key(n))) is not None
    journal.close()


# -- damage -----------------------------------------------------------------------------------------


@pytest.fixture
def sound(tmp_path: Path, things: Any) -> bytes:
    """run.sqlite of a run with sixty answers."""
    folder = tmp_path / "sound"
    folder.mkdir()
    journal = opened(folder)
    asked(journal, things, range(60))
    journal.close()
    return (folder / "run.sqlite").read_bytes()


def damaged(tmp_path: Path, content: bytes) -> Journal:
    """The journal of a run folder with this run.sqlite."""
    folder = tmp_path / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "run.sqlite").write_bytes(content)
    return opened(folder)


def right_or_missing(journal: Journal, things: Any, numbers: range) -> tuple[int, int]:
    """How many responses and results are there; none of them may be wrong."""

    async def count() -> tuple[int, int]:
        responses = results = 0
        for number in numbers:
            kept = await journal.response(things.key(number))
            found = await journal.result(number, things.key(number))
            assert kept is None or kept.response == things.kept(number).response
            assert kept is None or kept.sent == things.kept(number).sent
            assert found is None or found == (things.result(number), "asked")
            responses += kept is not None
            results += found is not None
        return responses, results

    return asyncio.run(count())


def test_one_flipped_bit_never_gives_a_wrong_answer(
    tmp_path: Path, sound: bytes, things: Any
) -> None:
    """Anywhere in the file: what is given back is right; or it is missing, or the file refused."""
    dice = random.Random(0)
    noticed = 0
    for _ in range(40):
        spoilt = bytearray(sound)
        spoilt[dice.randrange(len(sound))] ^= 1 << dice.randrange(8)
        try:
            noticed += looked_through(damaged(tmp_path, bytes(spoilt)), things)
        except StoreError as refused:
            noticed += "run.sqlite" in str(refused)
    assert noticed > 15


def looked_through(journal: Journal, things: Any) -> bool:
    """Everything that a journal gives is right or missing; True when it knows that it is damaged."""
    try:
        there = right_or_missing(journal, things, range(60))
        assert sum(there) >= 2 * 60 - 40
        assert len(list(journal.lines())) == there[1]
        assert journal.totals().attempts <= 60
        assert journal.doubtful().keys() <= {things.key(number) for number in range(60)}
        return bool(journal.damaged or journal.notes)
    finally:
        journal.close()


@pytest.mark.parametrize("table", ["response", "result"])
def test_a_flipped_bit_in_a_row_is_told(
    tmp_path: Path, sound: bytes, things: Any, table: str
) -> None:
    """SQLite finds nothing wrong; the row's checksum does, before anybody asks for the row. Only that
    row is missing."""
    (place,) = places(tmp_path, sound, f"SELECT content FROM {table} WHERE rowid = 30")
    journal = damaged(tmp_path, flipped(sound, place))
    assert journal.notes == (
        f"1 row is not what was written to {tmp_path / 'damaged' / 'run.sqlite'}: answers that are"
        " lost are asked again and paid for again",
    )
    there = (59, 60) if table == "response" else (60, 59)
    assert right_or_missing(journal, things, range(60)) == there
    assert len(list(journal.lines())) == there[1]
    assert (journal.damaged, journal.totals().attempts) == (1, 60)
    journal.close()


def test_a_flipped_bit_in_a_key_is_told(tmp_path: Path, sound: bytes, things: Any) -> None:
    """In the table it costs that answer; in the index of keys, which is made again, it costs none."""
    found = places(tmp_path, sound, "SELECT key FROM request WHERE id = 30")
    there = []
    for place in found:
        journal = damaged(tmp_path, flipped(sound, place))
        (note,) = journal.notes
        assert "run.sqlite is damaged" in note
        there.append(right_or_missing(journal, things, range(60)))
        journal.close()
    assert sorted(there) == [(59, 59), (60, 60)]


def places(tmp_path: Path, sound: bytes, query: str) -> list[int]:
    """Where in the file that stands what a query finds, in the middle."""
    with sqlite3.connect(tmp_path / "sound" / "run.sqlite") as db:
        (content,) = db.execute(query).fetchone()
    db.close()
    return [found.start() + len(content) // 2 for found in re.finditer(re.escape(content), sound)]


def flipped(content: bytes, place: int) -> bytes:
    """The same with another bit."""
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.5, 0.9])
def test_of_half_a_file_what_can_be_read_is_saved(
    tmp_path: Path, sound: bytes, things: Any, kept: float
) -> None:
    """The damaged file stays under another name, byte for byte; the new one goes on from what could
    be read, and a person is told."""
    content = sound[: int(len(sound) * kept)]
    journal = damaged(tmp_path, content)
    (aside,) = (tmp_path / "damaged").glob("run.sqlite.corrupt-*Z")
    assert aside.read_bytes() == content
    responses, _ = right_or_missing(journal, things, range(60))
    assert (responses > 0) is (kept >= 0.5)
    (note,) = journal.notes
    assert f"it is kept as {aside.name}" in note
    counted = f"{responses} of its responses" if responses else "none of its responses"
    assert f"{counted} could be read again, what is missing will be asked again" in note
    asked(journal, things, range(60))
    journal.close()
    journal = opened(tmp_path / "damaged")
    assert right_or_missing(journal, things, range(60)) == (60, 60)
    assert journal.notes == ()
    journal.close()


def test_beside_a_page_of_zeros_everything_is_saved(
    tmp_path: Path, sound: bytes, things: Any
) -> None:
    """Whichever page it is, unless it is the one that says where the tables are."""
    pages = range(4096, len(sound), 3 * 4096)
    least = []
    for start in pages:
        journal = damaged(tmp_path, sound[:start] + bytes(4096) + sound[start + 4096 :])
        least.append(right_or_missing(journal, things, range(60))[0])
        assert journal.notes or least[-1] == 60
        journal.close()
    assert sorted(least)[len(least) // 2] >= 54


def test_of_a_torn_log_all_that_came_before_is_there(tmp_path: Path, things: Any) -> None:
    """After a crash the end of run.sqlite-wal may be anything."""
    journal = opened(tmp_path)
    for number in range(20):
        asked(journal, things, range(number, number + 1))
    main, log = ((tmp_path / f"run.sqlite{suffix}").read_bytes() for suffix in ("", "-wal"))
    journal.close()
    before = 0
    for end in range(0, len(log) + 1, 30_011):
        folder = tmp_path / str(end)
        folder.mkdir()
        (folder / "run.sqlite").write_bytes(main)
        (folder / "run.sqlite-wal").write_bytes(log[:end] + b"\x55" * 3000)
        torn = opened(folder)
        responses, results = right_or_missing(torn, things, range(20))
        assert torn.notes == ()
        assert before <= responses <= results + 1 <= responses + 1
        before = responses
        torn.close()
    assert before >= 19
