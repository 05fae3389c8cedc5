"""The thread and the transactions: confirmed means on the disk, and one fault is one fault."""

from __future__ import annotations

import errno
import sqlite3
import struct
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from runner.store.database import Database
from runner.store.opening import Schema
from runner.store.trouble import CorruptError, StoreError

STEP_1 = "CREATE TABLE number (n INTEGER PRIMARY KEY, noise BLOB)"
ONE = Schema(7, (STEP_1,))
TWO = Schema(7, (STEP_1, "ALTER TABLE number ADD word TEXT; CREATE INDEX word ON number(word)"))


def insert(number: int) -> Any:
    return lambda db: db.execute("INSERT INTO number (n) VALUES (?)", (number,)).rowcount


def numbers(db: sqlite3.Connection) -> list[int]:
    return [n for (n,) in db.execute("SELECT n FROM number ORDER BY n")]


def elsewhere(path: Path) -> list[int]:
    """What another connection sees: only what is committed."""
    other = sqlite3.connect(path)
    try:
        return numbers(other)
    finally:
        other.close()


def held_up(database: Database) -> threading.Event:
    """Keeps the thread busy until the event is set, so that work gathers behind it."""
    go, begun = threading.Event(), threading.Event()

    def wait(db: sqlite3.Connection) -> None:
        begun.set()
        assert go.wait(60)

    database.read(wait)
    assert begun.wait(60)
    return go


def test_what_is_confirmed_is_committed(tmp_path: Path) -> None:
    """When the outcome is there, another connection sees the row."""
    with Database(tmp_path / "a.sqlite", ONE) as database:
        for number in range(20):
            assert database.write(insert(number)).result() == 1
            assert elsewhere(tmp_path / "a.sqlite") == list(range(number + 1))


def commits(log: Path) -> int:
    """Commits in a write-ahead log: frames that say how large the database is after them."""
    content = log.read_bytes()
    page = struct.unpack(">I", content[8:12])[0]
    frames = range(32, len(content), 24 + page)
    return sum(struct.unpack(">I", content[start + 4 : start + 8])[0] != 0 for start in frames)


def test_what_waits_together_is_committed_together(tmp_path: Path) -> None:
    """A hundred pieces of work that gathered are one commit; nobody waited for company."""
    with Database(tmp_path / "a.sqlite", ONE) as database:
        before = commits(tmp_path / "a.sqlite-wal")
        go = held_up(database)
        futures = [database.write(insert(number)) for number in range(100)]
        go.set()
        assert [future.result() for future in futures] == [1] * 100
        assert commits(tmp_path / "a.sqlite-wal") - before == 1


def test_work_that_fails_spoils_only_itself(tmp_path: Path) -> None:
    """Of one batch, the failing piece leaves no trace, and every other one is kept."""

    def half_done(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO number (n) VALUES (100)")
        raise LookupError("changed my mind")

    with Database(tmp_path / "a.sqlite", ONE) as database:
        go = held_up(database)
        futures: list[Future[Any]] = [
            database.write(insert(1)),
            database.write(half_done),
            database.write(insert(1)),  # there already
            database.write(lambda db: db.execute("INSERT INTO nowhere VALUES (1)")),
            database.write(insert(2)),
            database.read(lambda db: 1 // 0),
            database.read(numbers),
        ]
        go.set()
        assert [type(future.exception()) for future in futures] == [
            type(None),
            LookupError,
            StoreError,
            StoreError,
            type(None),
            ZeroDivisionError,
            type(None),
        ]
        assert futures[-1].result() == [1, 2]
    assert elsewhere(tmp_path / "a.sqlite") == [1, 2]


@pytest.mark.parametrize(
    "bug", [SystemExit(3), KeyboardInterrupt(), MemoryError(), StopIteration()]
)
def test_whatever_is_raised_reaches_who_waits(tmp_path: Path, bug: BaseException) -> None:
    """The thread lives on, and the next work is done."""

    def fail(db: sqlite3.Connection) -> None:
        raise bug

    with Database(tmp_path / "a.sqlite", ONE) as database:
        assert database.write(fail).exception() is bug
        assert database.read(fail).exception() is bug
        assert database.write(insert(1)).result() == 1


def test_work_that_breaks_the_connection_is_told_to_all_who_come(tmp_path: Path) -> None:
    """Nobody waits for ever, whatever state the file is in."""
    with Database(tmp_path / "a.sqlite", ONE) as database:
        assert isinstance(database.write(lambda db: db.close()).exception(), StoreError)
        assert isinstance(database.write(insert(1)).exception(), StoreError)
        assert isinstance(database.read(numbers).exception(), StoreError)


def test_what_is_handed_over_is_done(tmp_path: Path) -> None:
    """It cannot be cancelled, and closing does first what waits."""
    database = Database(tmp_path / "a.sqlite", ONE)
    go = held_up(database)
    futures = [database.write(insert(number)) for number in range(1500)]
    assert not futures[0].cancel()
    go.set()
    database.close()
    database.close()
    assert all(future.done() for future in futures)
    assert elsewhere(tmp_path / "a.sqlite") == list(range(1500))
    with pytest.raises(ValueError, match=r"a\.sqlite is closed"):
        database.write(insert(1))


def test_nobody_who_brings_work_is_held_up(tmp_path: Path) -> None:
    """However much waits: an event loop that hands work over must not stand still. All is done."""
    with Database(tmp_path / "a.sqlite", ONE) as database:
        go = held_up(database)
        futures = [database.write(insert(number)) for number in range(5000)]
        assert database.waiting == 5000
        go.set()
        assert [future.result() for future in futures] == [1] * 5000


def test_a_closed_file_is_alone_and_needs_no_log(tmp_path: Path) -> None:
    """One file is left, which can be read where nothing can be written."""
    path = tmp_path / "a.sqlite"
    with Database(path, ONE) as database:
        database.write(insert(1)).result()
        assert {file.name for file in tmp_path.iterdir()} == {
            "a.sqlite",
            "a.sqlite-wal",
            "a.sqlite-shm",
        }
    assert [file.name for file in tmp_path.iterdir()] == ["a.sqlite"]
    assert path.read_bytes()[18:20] == b"\1\1"  # no write-ahead log: sqlite.org/fileformat.html
    with Database(path, ONE, read_only=True) as reader:
        assert reader.read(numbers).result() == [1]
        assert [file.name for file in tmp_path.iterdir()] == ["a.sqlite"]
        refused = reader.write(insert(2)).exception()
    assert isinstance(refused, StoreError)
    assert refused.errno == errno.EACCES


def test_a_reader_may_look_on_and_outlive_the_writer(tmp_path: Path) -> None:
    """It sees every commit; when the writer closes while it looks, nothing is lost."""
    path = tmp_path / "a.sqlite"
    database = Database(path, ONE)
    with Database(path, ONE, read_only=True) as reader:
        for number in range(3):
            database.write(insert(number)).result()
            assert reader.read(numbers).result() == list(range(number + 1))
        database.close()
        assert reader.read(numbers).result() == [0, 1, 2]
    with Database(path, ONE) as again:
        assert again.read(numbers).result() == [0, 1, 2]


def test_a_shared_file_has_a_rollback_journal(tmp_path: Path) -> None:
    """Several processes may write it: no write-ahead log, nothing left beside it."""
    with Database(tmp_path / "a.sqlite", ONE, shared=True) as database:
        database.write(insert(1)).result()
        mode = database.read(lambda db: db.execute("PRAGMA journal_mode").fetchone()).result()
        assert mode == ("delete",)
    assert [file.name for file in tmp_path.iterdir()] == ["a.sqlite"]


def test_a_file_on_another_machine_has_a_rollback_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that was begun with a log; what stands in it stays."""
    path = tmp_path / "a.sqlite"
    with Database(path, ONE) as database:
        database.write(insert(1)).result()
    (tmp_path / "mounts").write_text(f"/dev/vda / ext4 rw 0 0\nfar:/ {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr("runner.store.mounts.MOUNTS", tmp_path / "mounts")
    with Database(path, ONE) as database:
        mode = database.read(lambda db: db.execute("PRAGMA journal_mode").fetchone()).result()
        assert mode == ("delete",)
        database.write(insert(2)).result()
        assert database.read(numbers).result() == [1, 2]


def test_the_settings_that_keep_the_promise(tmp_path: Path) -> None:
    """A commit is on the disk before it is confirmed."""
    names = ("journal_mode", "synchronous", "busy_timeout", "cell_size_check", "wal_autocheckpoint")
    with Database(tmp_path / "a.sqlite", ONE) as database:
        found = [
            database.read(lambda db, name=name: db.execute(f"PRAGMA {name}").fetchone()[0]).result()
            for name in names
        ]
    assert found == ["wal", 2, 10_000, 1, 4000]


# -- what a file is ---------------------------------------------------------------------------------


def test_a_file_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """Its rows stay; the step is taken once."""
    path = tmp_path / "a.sqlite"
    with Database(path, ONE) as database:
        database.write(insert(5)).result()
    for _ in range(2):
        with Database(path, TWO) as database:
            row = database.read(lambda db: db.execute("SELECT n, word FROM number").fetchall())
            assert row.result() == [(5, None)]
            version = database.read(lambda db: db.execute("PRAGMA user_version").fetchone())
            assert version.result() == (2,)


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """All steps are one transaction."""
    path = tmp_path / "a.sqlite"
    Database(path, ONE).close()
    with pytest.raises(StoreError, match="already exists"):
        Database(path, Schema(7, (STEP_1, "CREATE TABLE more (n)", STEP_1)))
    with Database(path, ONE) as database:
        tables = database.read(lambda db: db.execute("SELECT name FROM sqlite_master").fetchall())
        assert tables.result() == [("number",)]


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """In a sentence that says what to do; nothing is changed."""
    path = tmp_path / "a.sqlite"
    Database(path, TWO).close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as refused:
        Database(path, ONE)
    assert str(refused.value) == (
        f"{path} was written by a later version of askpix (its format is 2, this version knows 1); "
        "please update askpix"
    )
    assert path.read_bytes() == before


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Whether it has a number of its own or none."""
    path = tmp_path / "a.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (name TEXT)")
    other.close()
    with pytest.raises(StoreError, match=r"a\.sqlite is not a file that askpix has made"):
        Database(path, ONE)
    with pytest.raises(StoreError, match=r"a\.sqlite is not a file that askpix has made"):
        Database(path, Schema(8, ()))


def test_an_empty_or_missing_file_is_damage_when_something_is_left_of_it(tmp_path: Path) -> None:
    """SQLite would begin anew without a word, and throw the log away."""
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"")
    with pytest.raises(CorruptError, match=r"a\.sqlite is empty"):
        Database(path, ONE)
    path.unlink()
    (tmp_path / "a.sqlite-wal").write_bytes(b"x" * 5000)
    with pytest.raises(CorruptError, match=r"a\.sqlite is gone, but what belongs to it is there"):
        Database(path, ONE)
    assert (tmp_path / "a.sqlite-wal").read_bytes() == b"x" * 5000


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("half", lambda content: content[: len(content) // 2]),
        ("zeroed page", lambda content: content[:8192] + bytes(4096) + content[12288:]),
        ("text", lambda content: b"This is no database. " * 500),
        ("zeroed head", lambda content: bytes(100) + content[100:]),
    ],
)
def test_a_broken_file_is_found_when_it_is_opened(tmp_path: Path, name: str, spoil: Any) -> None:
    """A named error that names the file; the file stays as it is."""
    path = tmp_path / "a.sqlite"
    with Database(path, ONE) as database:
        for number in range(200):
            database.write(
                lambda db, n=number: (
                    db.execute("INSERT INTO number VALUES (?, ?)", (n, bytes(500))) and None
                )
            )
    path.write_bytes(spoil(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(CorruptError, match=r"a\.sqlite is damaged"):
        Database(path, ONE)
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file in the way of the folder, a folder in the way of the file."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "a.sqlite", tmp_path / "folder", tmp_path / "no" / "a.sqlite"):
        with pytest.raises(StoreError) as refused:
            Database(path, ONE)
        assert str(path) in str(refused.value)


# -- processes --------------------------------------------------------------------------------------


def test_kill_9_loses_nothing_that_was_confirmed(tmp_path: Path, child: Any) -> None:
    """Six times, on the same file: what was said to be there is there, and the file is sound."""
    path = tmp_path / "a.sqlite"
    for round in range(6):
        process = child("writing_child.py", path)
        said = [process.stdout.readline() for _ in range(1 + 37 * round)]
        process.kill()
        said += process.stdout.readlines()
        assert process.wait() == -9
        confirmed = {int(line) for line in said if line.endswith("\n")}
        with Database(path, ONE) as database:
            there = database.read(numbers).result()
        assert confirmed <= set(there)
        assert there == list(range(len(there)))
