"""Which image a truth file means by a name, and where what it says of it stands: kept on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from runner.sources.counted import scratch
from runner.sources.normal import composed
from runner.values.result import ResultImage


@dataclass(frozen=True, slots=True)
class Named:
    """An image that a truth file names. `info` is what the file says of it, as the source wrote it
    here."""

    key: str
    name: str
    info: str


class Names:
    """The images of one truth file and what stands where about each.

    A name means the image whose path ends in the same parts: `a/x.jpg` is `photos/a/x.jpg`. Where
    only the file name is the same it must be the only one, and mean only one image. The memory does
    not grow with the file.
    """

    def __init__(self) -> None:
        self._file = scratch()
        self._file.execute("PRAGMA temp_store = FILE")
        self._file.execute("CREATE TABLE image (key TEXT, name TEXT, base TEXT, info TEXT)")
        self._file.execute("CREATE TABLE thing (owner TEXT, entry TEXT)")
        self._file.execute("CREATE TABLE taken (key TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID")
        self._file.execute("CREATE TABLE clash (said TEXT)")
        self._file.execute("BEGIN")

    def add_images(self, images: Iterable[Named]) -> None:
        """Notes images; a key that comes again is the same image."""
        rows = ((each.key, each.name, _base(each.name), each.info) for each in images)
        self._file.executemany("INSERT INTO image VALUES (?, ?, ?, ?)", rows)

    def add_things(self, things: Iterable[tuple[str, str]]) -> None:
        """Notes what is said of images, as (key of the image, where or what it is)."""
        self._file.executemany("INSERT INTO thing VALUES (?, ?)", things)

    def seal(self) -> int:
        """To be called when everything is noted, before anything is looked up. How many images had
        the key of another one and are left out."""
        left_out = self._file.execute(
            "DELETE FROM image WHERE rowid NOT IN (SELECT min(rowid) FROM image GROUP BY key)"
        ).rowcount
        self._file.execute("CREATE INDEX by_base ON image (base)")
        self._file.execute("CREATE INDEX by_key ON image (key)")
        self._file.execute("CREATE INDEX by_owner ON thing (owner)")
        self._file.execute("COMMIT")
        return left_out

    def orphans(self, most: int) -> tuple[int, list[tuple[str, str]]]:
        """How many things belong to no image, and the first of them."""
        of = "FROM thing WHERE owner NOT IN (SELECT key FROM image)"
        count = self._file.execute(f"SELECT count(*) {of}").fetchone()[0]
        rows = self._file.execute(f"SELECT owner, entry {of} ORDER BY rowid LIMIT ?", (most,))
        return count, list(rows)

    def named(self, image: ResultImage) -> Named | str:
        """What the file calls this image, or why that cannot be said."""
        place = _place(image)
        parts = _parts(place)
        found = [(_shared(parts, row[1]), Named(*row)) for row in self._called(parts[-1])]
        if not found:
            return f"`{image.name}` does not stand in it"
        best = max(shared for shared, _ in found)
        fitting = [named for shared, named in found if shared == best]
        if len(fitting) > 1:
            return f"it names both `{fitting[0].name}` and `{fitting[1].name}`"
        self._take(fitting[0], place)
        return fitting[0]

    def keyed(self, key: str) -> Named | None:
        """The image of this very key."""
        row = self._file.execute(f"{_SELECT} WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        self._take(Named(*row), key)
        return Named(*row)

    def every(self) -> Iterator[Named]:
        """All images, in the order of the file; they do not count as asked about."""
        return (Named(*row) for row in self._file.execute(_SELECT))

    def things(self, key: str) -> Iterator[str]:
        """What is said of an image, in the order of the file."""
        rows = self._file.execute("SELECT entry FROM thing WHERE owner = ? ORDER BY rowid", (key,))
        return (entry for (entry,) in rows)

    def unasked(self) -> tuple[int, str]:
        """How many images were never looked up, and the name of one."""
        of = "FROM image WHERE key NOT IN (SELECT key FROM taken)"
        count, name = self._file.execute(f"SELECT count(*), min(name) {of}").fetchone()
        return count, name or ""

    def clash(self) -> str | None:
        """A sentence about a name that was taken for two images."""
        row = self._file.execute("SELECT said FROM clash LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        """The file vanishes."""
        self._file.close()

    def _called(self, base: str) -> list[tuple[str, str, str]]:
        """The images of this file name, or else of its name without the ending."""
        for name in (base, PurePosixPath(base).stem):
            rows = self._file.execute(f"{_SELECT} WHERE base = ? LIMIT 1000", (name,)).fetchall()
            if rows:
                return rows
        return []

    def _take(self, named: Named, place: str) -> None:
        try:
            self._file.execute("INSERT INTO taken VALUES (?, ?)", (named.key, place))
        except sqlite3.IntegrityError:
            before = self._file.execute("SELECT place FROM taken WHERE key = ?", (named.key,))
            other = str(before.fetchone()[0])
            if other != place:
                said = f"`{named.name}` could be {_told_apart(other, place)}"
                self._file.execute("INSERT INTO clash VALUES (?)", (said,))


_SELECT = "SELECT key, name, info FROM image"


def _place(image: ResultImage) -> str:
    """Where an image is from, in one spelling."""
    if image.address or (image.path and "://" in image.path):
        return composed(unquote(urlsplit(image.address or image.path or "").path)) or image.name
    return composed((image.path or image.name).replace("\\", "/"))


def _parts(place: str) -> tuple[str, ...]:
    return tuple(part for part in composed(place).replace("\\", "/").split("/") if part != ".") or (
        "",
    )


def _base(name: str) -> str:
    return _parts(name)[-1]


def _shared(parts: tuple[str, ...], name: str) -> int:
    """How many parts agree, from the end; the last ones do."""
    count = 1
    for ours, theirs in zip(parts[-2::-1], _parts(name)[-2::-1], strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _told_apart(a: str, b: str) -> str:
    """Two paths from the folder in which they part."""
    ours, theirs = _parts(a), _parts(b)
    same = 0
    while same < min(len(ours), len(theirs)) - 1 and ours[same] == theirs[same]:
        same += 1
    return f"`{'/'.join(ours[same:])}` or `{'/'.join(theirs[same:])}`"
