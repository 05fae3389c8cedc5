"""Uploads are remembered across runs and processes, until they expire or their file is damaged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from runner.store.cache_place import CachePlace
from runner.store.uploads import FILE_NAME, UploadFile
from runner.values.passing import KnownFile

PROJECT, OTHER = "ab" * 32, "cd" * 32
A, B = "11" * 32, "22" * 32
FILE = KnownFile("files/a", "https://x/files/a", 1000, 1_800_000_000.5)
T = TypeVar("T")
Said = list[str]


def using(folder: Path, work: Callable[[UploadFile], Awaitable[T]], **more: int) -> tuple[T, Said]:
    """What came of it, and what a person was told."""
    told: Said = []

    async def main() -> T:
        uploads = UploadFile(CachePlace(folder, **more), told.append)
        try:
            return await work(uploads)
        finally:
            uploads.close()

    return asyncio.run(main()), told


async def kept(uploads: UploadFile) -> KnownFile | None:
    await uploads.keep(PROJECT, A, FILE)
    return await uploads.find(PROJECT, A)


def test_an_upload_is_known_to_later_runs(tmp_path: Path) -> None:
    """By the digest of its bytes, to the key that made it and to no other one."""
    assert using(tmp_path / "c", kept) == (FILE, [])

    async def found(uploads: UploadFile) -> list[KnownFile | None]:
        return [await uploads.find(*each) for each in ((PROJECT, A), (PROJECT, B), (OTHER, A))]

    assert using(tmp_path / "c", found) == ([FILE, None, None], [])
    assert (tmp_path / "c").stat().st_mode & 0o077 == 0


def test_several_processes_may_share_it(tmp_path: Path) -> None:
    """Two of them have it open; each sees what the other one has uploaded."""

    async def both(first: UploadFile) -> KnownFile | None:
        second = UploadFile(CachePlace(tmp_path), print)
        await first.keep(PROJECT, A, FILE)
        found = await second.find(PROJECT, A)
        await second.forget(PROJECT, FILE.name)
        second.close()
        assert await first.find(PROJECT, A) is None
        return found

    assert using(tmp_path, both) == (FILE, [])


def test_what_has_expired_counts_no_longer(tmp_path: Path) -> None:
    """Not for the 20 GB of a project; and it goes when the next image is uploaded."""

    async def work(uploads: UploadFile) -> tuple[int, int, int, KnownFile | None]:
        await uploads.keep(PROJECT, A, FILE)
        held = await uploads.held_bytes(PROJECT, FILE.expires - 1)
        later = await uploads.held_bytes(PROJECT, FILE.expires + 1)
        new = KnownFile("files/b", "u", 50, FILE.expires + 48 * 3600 + 1)
        await uploads.keep(PROJECT, B, new)
        now = await uploads.held_bytes(PROJECT, 0.0)
        return held, later, now, await uploads.find(PROJECT, A)

    assert using(tmp_path, work) == ((1000, 0, 50, None), [])


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    """What it held is only the way to some files: they are uploaded again, and nobody need know."""
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 1000)
    assert using(tmp_path, kept) == (FILE, [])
    assert len(list(tmp_path.glob(f"{FILE_NAME}.corrupt-*"))) == 1


def test_where_nothing_can_be_written_a_run_remembers_its_own(tmp_path: Path) -> None:
    """A person is told once."""
    (tmp_path / "c").write_bytes(b"")
    found, told = using(tmp_path / "c", kept)
    assert found == FILE
    assert len(told) == 1
    assert told[0].startswith("uploads are not remembered for later runs: ")


def test_without_a_cache_nothing_is_written(tmp_path: Path) -> None:
    """`ASKPIX_CACHE_MB=0`."""
    found, told = using(tmp_path / "c", kept, limit_bytes=0)
    assert (found, told) == (FILE, [])
    assert not (tmp_path / "c").exists()
