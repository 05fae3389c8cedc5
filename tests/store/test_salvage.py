"""A damaged store, and a process that is killed, or has no room, while it saves what can be read."""

from __future__ import annotations

import asyncio
import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

from runner.store.journal import Journal
from runner.store.journal_schema import FILE_NAME
from runner.store.trouble import StoreError

ANSWERS = 8


@pytest.fixture
def folder(tmp_path: Path, things: Any) -> Path:
    """A run of eight answers; a page in the middle of them is spoilt."""
    folder = tmp_path / "run"
    folder.mkdir()

    async def ask(journal: Journal) -> None:
        for number in range(ANSWERS):
            attempt = await journal.sending(things.question(number), 0.5)
            await journal.received(attempt, things.key(number), things.kept(number, 4000), 0.25)
            await journal.conclude(things.result(number), "asked")

    with Journal.open(folder, ballast_bytes=1 << 16) as journal:
        asyncio.run(ask(journal))
    content = (folder / FILE_NAME).read_bytes()
    pages = [content[start : start + 4096] for start in range(0, len(content), 4096)]
    pages[-6] = b"\xaa" * 4096
    (folder / FILE_NAME).write_bytes(b"".join(pages))
    return folder


def there(journal: Journal, things: Any) -> set[int]:
    """The answers that can be used, by number."""

    async def look() -> set[int]:
        kept = [await journal.response(things.key(number)) for number in range(ANSWERS)]
        return {number for number, found in enumerate(kept) if found is not None}

    return asyncio.run(look())


def test_a_kill_at_any_moment_of_a_salvage_costs_nothing(
    folder: Path, child: Any, things: Any
) -> None:
    """Before each thing that it does to a file, and before each row: the next command has what a calm
    one has, and the damaged file is there as it was."""
    damaged = (folder / FILE_NAME).read_bytes()
    said, complaint = child("salvaging_child.py", folder).communicate()
    assert complaint == ""
    with Journal.open(folder, ballast_bytes=1 << 16) as journal:
        readable, told = there(journal, things), len(journal.notes)
    assert (0 < len(readable) < ANSWERS, told) == (True, 1)
    seen = set()
    for number in range(1, int(said) + 1):
        killed = folder.with_name(f"run-{number}")
        with Journal.open(killed, ballast_bytes=1 << 16) as journal:
            assert there(journal, things) == readable
            seen.add((journal.session, len(journal.notes)))
        (aside,) = killed.glob("run.sqlite.corrupt-*")
        assert aside.read_bytes() == damaged
        assert {path.name for path in killed.iterdir()} == {FILE_NAME, aside.name}
    assert seen == {(2, 1), (2, 0), (3, 0)}  # killed before the end, and after it
    assert int(said) > 30


def test_a_log_beside_the_damaged_file_goes_with_it(folder: Path) -> None:
    """What SQLite keeps beside a file belongs to it; of a kill between the two, nothing is mixed."""
    with Journal.open(folder, ballast_bytes=1 << 16):
        pass
    (aside,) = folder.glob("run.sqlite.corrupt-*")
    (folder / FILE_NAME).rename(folder / f"{FILE_NAME}.part")
    (folder / f"{FILE_NAME}-wal").write_bytes(b"of the damaged one")
    with Journal.open(folder, ballast_bytes=1 << 16) as journal:
        (note,) = journal.notes
    assert f"run.sqlite was damaged: it is kept as {aside.name}; " in note
    assert (folder / f"{aside.name}-wal").read_bytes() == b"of the damaged one"


@pytest.mark.parametrize("content", [b"", b"half a copy " * 999])
def test_a_copy_that_was_only_begun_is_begun_again(folder: Path, content: bytes) -> None:
    """The damaged file is in its place: it is the whole one."""
    part = folder / f"{FILE_NAME}.part"
    part.write_bytes(content)
    with Journal.open(folder, ballast_bytes=1 << 16) as journal:
        assert len(journal.notes) == 1
    assert not part.exists()


def test_a_store_that_was_deleted_is_not_taken_from_a_half_copy(folder: Path) -> None:
    """There is no damaged file that it could be a copy of: the run begins with nothing."""
    (folder / FILE_NAME).rename(folder / f"{FILE_NAME}.part")
    with Journal.open(folder, ballast_bytes=1 << 16) as journal:
        assert (journal.session, journal.notes) == (1, ())
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


@pytest.mark.tmpfs
def test_without_room_for_the_copy_the_damaged_file_is_as_it_was(
    full_disk: Path, folder: Path
) -> None:
    """A sentence says so; with room, the same is done."""
    place = full_disk / "run"
    shutil.copytree(folder, place)
    before = (place / FILE_NAME).read_bytes()
    room = shutil.disk_usage(place).free - (1 << 16) - len(before) // 2
    (full_disk / "somebody else").write_bytes(bytes(room))
    with pytest.raises(StoreError) as full:
        Journal.open(place, ballast_bytes=1 << 16)
    assert full.value.errno == errno.ENOSPC
    assert [path.name for path in place.iterdir()] == [FILE_NAME]
    assert (place / FILE_NAME).read_bytes() == before
    (full_disk / "somebody else").unlink()
    with Journal.open(place, ballast_bytes=1 << 16) as journal:
        assert len(journal.notes) == 1
