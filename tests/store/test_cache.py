"""Answers across runs: right or not there, and never in the way."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runner.store.cache import Cache
from runner.store.cache_place import CachePlace, cache_place

Open = Callable[..., Cache]


@pytest.fixture
def said() -> list[str]:
    """What a person was told."""
    return []


@pytest.fixture
def opened(tmp_path: Path, said: list[str]) -> Any:
    """Opens the cache of this test, again and again."""
    caches: list[Cache] = []

    def open_cache(folder: Path = tmp_path / "cache", **more: Any) -> Cache:
        limit = more.pop("limit_bytes", 1 << 30)
        caches.append(Cache(CachePlace(folder, limit), said.append, **more))
        return caches[-1]

    yield open_cache
    for cache in caches:
        cache.close()


def got(cache: Cache, things: Any, number: int, endpoint: str = "gemini") -> Any:
    return asyncio.run(cache.get(endpoint, things.key(number)))


def filled(cache: Cache, things: Any, numbers: range, size: int = 400) -> None:
    for number in numbers:
        cache.put("gemini", things.key(number), things.kept(number, size))
    cache.close()


def test_an_answer_of_one_run_is_there_in_the_next(
    opened: Open, things: Any, said: list[str]
) -> None:
    """By who answered and what was asked; as it was, and marked as from the cache."""
    filled(opened(), things, range(3))
    cache = opened()
    assert got(cache, things, 1) == replace(things.kept(1), origin="cache")
    assert got(cache, things, 3) is None
    assert got(cache, things, 1, "gemini http://127.0.0.1:8080") is None
    cache.put("gemini", things.key(1), things.kept(9))
    assert got(cache, things, 1).response == things.kept(9).response
    assert (cache.off, said) == (None, [])


def test_a_plan_is_told_what_is_there(opened: Open, things: Any) -> None:
    """Also what was kept a moment ago, by the run before it, and after the cache was emptied."""
    cache = opened()
    for number in range(200):
        cache.put("gemini", things.key(number), things.kept(number))
    assert [n for n in range(400) if cache.holds("gemini", things.key(n))] == list(range(200))
    assert not cache.holds("gemini http://127.0.0.1:8080", things.key(1))
    assert cache.clean() == 200
    assert not cache.holds("gemini", things.key(1))
    cache.put("gemini", things.key(1), things.kept(1))
    assert cache.holds("gemini", things.key(1))
    cache.close()
    assert not cache.holds("gemini", things.key(1))


def test_a_plan_does_not_read_the_answers(opened: Open, things: Any, tmp_path: Path) -> None:
    """That one is damaged is found by the look-up of the run, which then asks."""
    filled(opened(), things, range(3))
    with sqlite3.connect(tmp_path / "cache" / "answers.sqlite") as db:
        db.execute("UPDATE answer SET content = x'00'")
    db.close()
    cache = opened()
    assert cache.holds("gemini", things.key(1))
    assert got(cache, things, 1) is None


def test_a_plan_over_a_damaged_cache_counts_nothing_as_there(
    opened: Open, things: Any, tmp_path: Path
) -> None:
    """The run then sets the file aside, as it does without a plan."""
    filled(opened(), things, range(300))
    cache = opened()
    path = tmp_path / "cache" / "answers.sqlite"
    path.write_bytes(path.read_bytes()[:4096] + bytes(path.stat().st_size - 4096))
    assert not any(cache.holds("gemini", things.key(number)) for number in range(300))
    assert got(cache, things, 1) is None
    cache.put("gemini", things.key(1), things.kept(1))
    assert got(cache, things, 1).response == things.kept(1).response
    assert cache.holds("gemini", things.key(1))


def test_only_its_owner_can_read_the_cache(opened: Open, things: Any, tmp_path: Path) -> None:
    """Answers may be personal; beside the database nothing is left but an empty lock file."""
    filled(opened(), things, range(1))
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_size > 0 for path in (tmp_path / "cache").iterdir()} == {
        "answers.sqlite": True,
        "answers.lock": False,
    }


def test_what_was_not_wanted_for_longest_goes_first(opened: Open, things: Any) -> None:
    """The cache keeps its bound; an answer that was looked up stays longer; no answer may be larger
    than a twentieth of the whole."""
    hours = iter(range(0, 10**9, 7200))
    cache = opened(limit_bytes=1 << 20, now=lambda: float(next(hours)))
    for number in range(60):
        cache.put("gemini", things.key(number), things.kept(number, 40_000))
        assert number % 5 or got(cache, things, 0) is not None
    cache.put("gemini", things.key(99), things.kept(99, 400_000))
    there = [number for number in (*range(60), 99) if got(cache, things, number)]
    assert there[0] == 0
    assert there[1:] == list(range(there[1], 60))
    assert len(there) > 5
    assert cache.info().bytes <= (1 << 20) + 100_000


def test_looking_up_writes_nothing_more_than_once_an_hour(opened: Open, things: Any) -> None:
    """A run of ten thousand cached answers is a run that reads."""
    clock = [1_000_000.0]
    cache = opened(now=lambda: clock[0])
    cache.put("gemini", things.key(1), things.kept(1))
    wanted = []
    for seconds in (0, 1800, 1800, 1, 3599, 3):
        clock[0] += seconds
        assert got(cache, things, 1)
        oldest = cache.info().oldest
        assert oldest is not None
        wanted.append(oldest.timestamp() - 1_000_000)
    assert wanted == [0, 0, 0, 3601, 3601, 7203]


def test_info_and_clean(opened: Open, things: Any, tmp_path: Path) -> None:
    """What nobody wanted for so many days goes; or everything, and the files that were set aside."""
    day = [100 * 86400.0]
    cache = opened(now=lambda: day[0])
    assert cache.info().answers == 0
    assert cache.info().oldest is None
    for number in range(20):
        day[0] += 86400
        cache.put("gemini", things.key(number), things.kept(number, 50_000))
    info = cache.info()
    assert (info.answers, info.oldest) == (20, datetime.fromtimestamp(101 * 86400, UTC))
    assert cache.clean(older_than_days=4.5) == 15
    assert [number for number in range(20) if got(cache, things, number)] == list(range(15, 20))
    assert cache.info().bytes < info.bytes / 2
    aside = tmp_path / "cache" / "answers.sqlite.corrupt-20261120T181548Z"
    aside.write_bytes(b"x")
    assert cache.info().set_aside == (aside,)
    assert cache.clean() == 5
    assert cache.info().answers == 0
    assert cache.info().bytes < 50_000
    assert not aside.exists()


@pytest.mark.parametrize(
    ("environ", "folder", "megabytes"),
    [
        ({"HOME": "/home/ann"}, "/home/ann/.cache/askpix", 1000),
        ({"HOME": "/home/ann", "XDG_CACHE_HOME": "/var/c"}, "/var/c/askpix", 1000),
        ({"HOME": "/home/ann", "XDG_CACHE_HOME": "relative"}, "/home/ann/.cache/askpix", 1000),
        ({"ASKPIX_CACHE": "/big/disk", "ASKPIX_CACHE_MB": "20000"}, "/big/disk", 20_000),
        ({"ASKPIX_CACHE": "/big", "XDG_CACHE_HOME": "/c", "ASKPIX_CACHE_MB": " 0 "}, "/big", 0),
    ],
)
def test_where_the_cache_is(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], folder: str, megabytes: int
) -> None:
    """The environment says it; a relative XDG_CACHE_HOME is no place, says its specification."""
    monkeypatch.setenv("HOME", environ.get("HOME", "/nowhere"))
    assert cache_place(environ) == CachePlace(Path(folder), megabytes << 20)


@pytest.mark.parametrize("size", ["x", "-1", "1.5", "1e3", "²", "9" * 11])
def test_a_size_that_is_no_number_is_refused(size: str) -> None:
    """With its name and what was found."""
    with pytest.raises(ValueError, match="ASKPIX_CACHE_MB is a whole number of megabytes, not "):
        cache_place({"ASKPIX_CACHE_MB": size})


# -- without a cache --------------------------------------------------------------------------------


def test_where_nothing_can_be_written_there_is_no_cache(
    opened: Open, things: Any, said: list[str], tmp_path: Path
) -> None:
    """One sentence, and everything goes on."""
    (tmp_path / "file").write_text("")
    cache = opened(tmp_path / "file" / "cache")
    cache.put("gemini", things.key(1), things.kept(1))
    assert got(cache, things, 1) is None
    assert cache.info().answers == cache.clean() == 0
    cache.close()
    assert said == [f"no cache: {cache.off}"]
    assert said[0].startswith(f"no cache: {tmp_path / 'file'}")


def test_a_cache_of_no_size_is_none(opened: Open, things: Any, tmp_path: Path) -> None:
    """ASKPIX_CACHE_MB=0: nothing is written anywhere, nothing is said."""
    cache = opened(limit_bytes=0)
    filled(cache, things, range(2))
    assert got(cache, things, 1) is None
    assert cache.off == "ASKPIX_CACHE_MB is 0"
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_a_later_version_is_left_alone(
    opened: Open, things: Any, said: list[str], tmp_path: Path
) -> None:
    """Two versions on one machine do not destroy each other's answers."""
    filled(opened(), things, range(2))
    path = tmp_path / "cache" / "answers.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    before = path.read_bytes()
    cache = opened()
    filled(cache, things, range(5))
    assert path.read_bytes() == before
    assert len(said) == 1
    assert "later version" in said[0]


@pytest.mark.tmpfs
def test_a_full_disk_ends_the_cache_and_nothing_else(
    opened: Open, things: Any, said: list[str], full_disk: Path
) -> None:
    """One sentence; what was kept before is there in the next run."""
    cache = opened(full_disk / "cache")
    for number in range(200):
        cache.put("gemini", things.key(number), things.kept(number, 40_000))
        got(cache, things, 0)
    cache.close()
    assert said == [f"no cache: the disk is full: {cache.place.file} cannot grow"]
    cache = opened(full_disk / "cache")
    there = [number for number in range(200) if got(cache, things, number)]
    assert there == list(range(len(there)))
    assert len(there) > 10
    assert cache.clean() == len(there)  # also on a full disk
    assert cache.info().bytes < 100_000
    assert len(said) == 1


# -- damage -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"This is no database. " * 500,
        lambda content: bytes(4096) + content[4096:],
    ],
)
def test_a_damaged_cache_is_set_aside_and_begun_anew(
    opened: Open, things: Any, said: list[str], tmp_path: Path, spoil: Any
) -> None:
    """With a sentence; the file stays as it was, and the next run has a cache."""
    filled(opened(), things, range(40))
    path = tmp_path / "cache" / "answers.sqlite"
    path.write_bytes(spoil(path.read_bytes()))
    before = path.read_bytes()
    filled(opened(), things, range(40, 60))
    (aside,) = path.parent.glob("answers.sqlite.corrupt-*Z")
    assert aside.read_bytes() == before
    assert len(said) == 1
    assert said[0].endswith(f"it is kept as {aside.name}, and the cache begins anew")
    cache = opened()
    assert [n for n in range(60) if got(cache, things, n)] == list(range(40, 60))


def test_damage_that_is_met_later_is_dealt_with_then(
    opened: Open, things: Any, said: list[str], tmp_path: Path
) -> None:
    """The file is not looked through when it is opened: it may be large. A page of zeros in its
    middle is met by a look-up; that one finds nothing, and the cache begins anew."""
    filled(opened(), things, range(200))
    path = tmp_path / "cache" / "answers.sqlite"
    content = path.read_bytes()
    for start in range(8192, len(content) - 4096, 8192):
        content = content[:start] + bytes(4096) + content[start + 4096 :]
    path.write_bytes(content)
    cache = opened()

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(
            *(cache.get("gemini", things.key(number)) for number in range(200))
        )

    for number, kept in enumerate(asyncio.run(all_at_once())):
        assert kept is None or kept.response == things.kept(number).response
    assert len(said) == 1
    assert said[0].endswith("and the cache begins anew")
    cache.put("gemini", things.key(1), things.kept(1))
    assert got(cache, things, 1).response == things.kept(1).response
    assert cache.off is None


def test_a_damaged_file_that_others_use_is_not_put_away(
    opened: Open, things: Any, said: list[str], tmp_path: Path
) -> None:
    """They would write into a file without a name; so this run has no cache."""
    filled(opened(), things, range(40))
    path = tmp_path / "cache" / "answers.sqlite"
    other = opened()
    path.write_bytes(b"This is no database. " * 500)
    cache = opened()
    assert cache.off is not None
    assert said == [f"no cache: {cache.off}"]
    assert [file.name for file in path.parent.glob("answers.sqlite*")] == ["answers.sqlite"]
    other.close()
    assert opened().off is None


def test_one_flipped_bit_never_gives_a_wrong_answer(
    opened: Open, things: Any, tmp_path: Path
) -> None:
    """Anywhere in the file: an answer is right, or it is not there."""
    filled(opened(), things, range(30))
    sound = (tmp_path / "cache" / "answers.sqlite").read_bytes()
    dice = random.Random(0)
    missing = 0
    for round in range(30):
        spoilt = bytearray(sound)
        spoilt[dice.randrange(len(sound))] ^= 1 << dice.randrange(8)
        folder = tmp_path / str(round)
        folder.mkdir()
        (folder / "answers.sqlite").write_bytes(spoilt)
        cache = opened(folder)
        for number in range(30):
            kept = got(cache, things, number)
            assert kept is None or kept.response == things.kept(number).response
            missing += kept is None
        cache.close()
    assert missing > 5


# -- processes --------------------------------------------------------------------------------------


def test_eight_processes_share_a_cache(
    opened: Open, things: Any, said: list[str], child: Any, tmp_path: Path
) -> None:
    """All at once, from the very beginning: every answer is kept, and nobody is told anything."""
    processes = [
        child("caching_child.py", tmp_path / "cache", start, start + 20)
        for start in range(0, 160, 20)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate() for process in processes] == [("None []\n", "")] * 8
    cache = opened()
    for number in range(160):
        assert got(cache, things, number).response == things.kept(number).response
    assert said == []


def test_a_process_that_is_killed_leaves_the_cache_sound(
    opened: Open, things: Any, said: list[str], child: Any, tmp_path: Path
) -> None:
    """kill -9 while it writes, three times: the others and the next go on."""
    for round in range(3):
        process = child("caching_child.py", tmp_path / "cache", round * 80, 10**6)
        process.stdin.write("go\n")
        process.stdin.flush()
        cache = opened()
        while not cache.info().answers > 20 * round:
            assert process.poll() is None
        process.kill()
        process.wait()
        cache.put("gemini", things.key(round), things.kept(round))
        assert got(cache, things, round).response == things.kept(round).response
        cache.close()
    with sqlite3.connect(tmp_path / "cache" / "answers.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    assert said == []
