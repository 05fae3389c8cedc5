"""What a run has remembered: results in the order of the plan, doubts, totals, damage."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any, cast

from runner.roles import Kept
from runner.store import ledger
from runner.store.database import Database
from runner.store.journal_schema import FILE_NAME, SCHEMA
from runner.store.kept import checksum, unpacked
from runner.store.ledger import Doubt
from runner.text.result_line import from_line
from runner.values.response import Origin
from runner.values.result import Result
from runner.values.totals import Totals

PAGE = 64
"""So many results are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What it took to get a result: the attempts of its request in all sessions, and the seconds
    from sending to the end of each, added up. Both are zero when the cache had the response."""

    ordinal: int
    attempts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A result as it stands in the database."""

    ordinal: int
    key: bytes
    origin: str
    step: str
    status: str
    content: bytes
    checksum: bytes

    @property
    def is_sound(self) -> bool:
        """False when this is not what was written."""
        return self.checksum == checksum(
            self.ordinal, self.key, self.origin, self.step, self.status, self.content
        )

    @property
    def line(self) -> str:
        """The line of results.jsonl, of a row that is sound."""
        return zlib.decompress(self.content).decode()


class Recorded:
    """The state of a run, to be read: by another process while the run is under way, or after.

    Rows that are damaged count as missing; `damaged` says how many were met so far.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._damaged: set[tuple[str, int]] = set()

    @classmethod
    def read(cls, folder: Path) -> Recorded:
        """The state of the run in this folder; nothing is written. Raises `StoreError`."""
        return cls(Database(folder / FILE_NAME, SCHEMA, check=False, read_only=True))

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    @property
    def damaged(self) -> int:
        """How many rows that were asked for so far are not what was written."""
        return len(self._damaged)

    def count(self, statuses: Iterable[str] | None = None) -> int:
        """How many results there are that are not to be asked again; of these statuses when they are
        named."""
        query = "SELECT status, count(*) FROM result WHERE NOT stale GROUP BY status"
        found = dict(self._rows(query))
        return sum(found.values() if statuses is None else (found.get(s, 0) for s in statuses))

    def with_the_service(self) -> tuple[int, int]:
        """How many requests wait in batches, and in how many."""
        ((requests, batches),) = self._rows(_WITH_THE_SERVICE)
        return requests, batches

    def lines(self, step: str | None = None) -> Iterator[str]:
        """The lines of results.jsonl, without line ends, in the order of the plan; of one step when
        it is named. A result that is to be asked again stands among them until it is replaced. What
        is concluded meanwhile may or may not be among them."""
        return (row.line for row in self._results(step))

    def results(self) -> Iterator[tuple[Result, Origin]]:
        """The results behind those lines, and where their responses came from."""
        return ((from_line(row.line), cast("Origin", row.origin)) for row in self._results(None))

    def kept(self, key: str) -> Kept | None:
        """The last response to a request, by its key; None when there is none that is whole. Rows that
        are to be asked again stand behind those that are not."""
        try:
            of = bytes.fromhex(key)
        except ValueError:
            return None
        for number, origin, content, seal in self._rows(_KEPT, of):
            try:
                if seal != checksum(of, origin, content):
                    raise ValueError("not what was written")
                return replace(unpacked(content), origin=origin)
            except ValueError:
                self._damaged.add(("response", number))
        return None

    def look_through(self) -> None:
        """Finds every row that is damaged: `damaged` then counts them all."""
        self._damaged |= self._database.read(_damaged_rows).result()

    def doubtful(self) -> Mapping[str, Doubt]:
        """The requests in doubt (`ledger.doubts` says what that is), by their key, the oldest first.
        While a run is under way, its readers find here what it waits for."""
        return self._database.read(partial(ledger.doubts, self._sessions_before())).result()

    def totals(self) -> Totals:
        """The attempts of all sessions, counted."""
        return self._database.read(ledger.totals).result()

    def efforts(self) -> Iterator[Effort]:
        """What every result took, in the order of the plan."""
        after = -1
        while page := self._rows(_EFFORTS, after, 1 << 62, PAGE):
            yield from (Effort(*row) for row in page)
            after = page[-1][0]

    def effort(self, ordinal: int) -> Effort | None:
        """What the result at this place of the plan took; None when there is none."""
        rows = self._rows(_EFFORTS, ordinal - 1, ordinal, 1)
        return Effort(*rows[0]) if rows else None

    def _sessions_before(self) -> int:
        """Attempts of sessions below this number are over."""
        return 1 << 62

    def _results(self, step: str | None) -> Iterator[ResultRow]:
        after = -1
        while page := self._database.read(partial(_page, after, step)).result():
            for row in page:
                if row.is_sound:
                    yield row
                else:
                    self._damaged.add(("result", row.ordinal))
            after = page[-1].ordinal

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._database.read(lambda db: db.execute(query, values).fetchall()).result()


def _page(after: int, step: str | None, db: Connection) -> list[ResultRow]:
    rows = db.execute(f"{RESULTS} WHERE result.ordinal > ? AND (? IS NULL OR step = ?) {_PAGED}",
                      (after, step, step, PAGE))  # fmt: skip
    return [ResultRow(*row) for row in rows]


def _damaged_rows(db: Connection) -> set[tuple[str, int]]:
    results = (ResultRow(*row) for row in db.execute(RESULTS))
    found = {("result", row.ordinal) for row in results if not row.is_sound}
    for number, *about, seal in db.execute(_RESPONSES):
        if seal != checksum(*about):
            found.add(("response", number))
    return found


def key_of(request: int | None, db: Connection) -> bytes:
    """The key of a request; empty for a result that was not asked for, and when it is lost."""
    found = db.execute("SELECT key FROM request WHERE id = ?", (request,)).fetchone()
    return found[0] if found else b""


RESULTS = """
SELECT result.ordinal, coalesce(key, x''), origin, step, status, content, checksum
FROM result LEFT JOIN request ON request.id = result.request"""

_WITH_THE_SERVICE = """
SELECT count(*), count(DISTINCT part.id) FROM waiting JOIN part ON part.id = waiting.part
WHERE stage IN ('creating', 'created')"""

_PAGED = "ORDER BY result.ordinal LIMIT ?"

_RESPONSES = """
SELECT response.id, coalesce(key, x''), origin, content, checksum
FROM response LEFT JOIN request ON request.id = response.request"""

_KEPT = """
SELECT response.id, origin, content, checksum FROM request
JOIN response ON response.request = request.id WHERE key = ? ORDER BY void, response.id DESC"""

_EFFORTS = """
SELECT result.ordinal, count(attempt.id), coalesce(sum(ended_seconds - sent_seconds), 0.0)
FROM result LEFT JOIN attempt ON attempt.request = result.request
WHERE result.ordinal > ? AND result.ordinal <= ?
GROUP BY result.ordinal ORDER BY result.ordinal LIMIT ?"""
