"""What a run has remembered: facts, results in the order of the plan, doubts, totals."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from runner.store.database import Database
from runner.store.journal_schema import FILE_NAME, SCHEMA
from runner.store.kept import checksum

PAGE = 64
"""So many results are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A request that may have been paid for although nobody has its response."""

    name: str
    estimate_usd: float
    sent_utc: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Every attempt of every session. `by_outcome` counts `answered`, each kind of failure, and
    `unknown`: under way, or cut off by the end of its process. `maybe_billed` counts the failures
    that may have been paid for, without the unknown ones. `spent_usd` takes those and the unknown
    ones for paid, at their estimate."""

    attempts: int = 0
    maybe_billed: int = 0
    spent_usd: float = 0.0
    by_outcome: Mapping[str, int] = field(default_factory=dict)


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

    def facts(self) -> Mapping[str, object]:
        """What was remembered about the run as a whole, by name."""
        facts = {}
        for number, name, value in self._rows("SELECT rowid, name, value FROM fact ORDER BY name"):
            try:
                facts[name] = json.loads(value)
            except ValueError:
                self._damaged.add(("fact", number))
        return facts

    def count(self, statuses: Iterable[str] | None = None) -> int:
        """How many results there are; of these statuses when they are named."""
        found = dict(self._rows("SELECT status, count(*) FROM result GROUP BY status"))
        return sum(found.values() if statuses is None else (found.get(s, 0) for s in statuses))

    def lines(self, step: str | None = None) -> Iterator[str]:
        """The lines of results.jsonl, without line ends, in the order of the plan; of one step when
        it is named. What is concluded meanwhile may or may not be among them."""
        after = -1
        while page := self._database.read(partial(_page, after, step)).result():
            for row in page:
                if row.is_sound:
                    yield row.line
                else:
                    self._damaged.add(("result", row.ordinal))
            after = page[-1].ordinal

    def doubtful(self) -> Mapping[str, Doubt]:
        """Requests that were sent and whose end nobody knows, by their key, the oldest first. While
        a run is under way, its readers find here what it waits for."""
        rows = self._rows(_DOUBTS, self._sessions_before())
        return {key.hex(): Doubt(*doubt) for key, *doubt in rows}

    def totals(self) -> Totals:
        """The attempts of all sessions, counted."""
        rows = self._rows(_TOTALS)
        return Totals(
            attempts=sum(count for _, count, _, _ in rows),
            maybe_billed=sum(billed for _, _, billed, _ in rows),
            spent_usd=sum(spent for _, _, _, spent in rows),
            by_outcome={outcome: count for outcome, count, _, _ in rows},
        )

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

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._database.read(lambda db: db.execute(query, values).fetchall()).result()


def _page(after: int, step: str | None, db: Connection) -> list[ResultRow]:
    rows = db.execute(f"{RESULTS} WHERE result.ordinal > ? AND (? IS NULL OR step = ?) {_PAGED}",
                      (after, step, step, PAGE))  # fmt: skip
    return [ResultRow(*row) for row in rows]


def key_of(request: int | None, db: Connection) -> bytes:
    """The key of a request; empty for a result that was not asked for, and when it is lost."""
    found = db.execute("SELECT key FROM request WHERE id = ?", (request,)).fetchone()
    return found[0] if found else b""


RESULTS = """
SELECT result.ordinal, coalesce(key, x''), origin, step, status, content, checksum
FROM result LEFT JOIN request ON request.id = result.request"""

_PAGED = "ORDER BY result.ordinal LIMIT ?"

_DOUBTS = """
SELECT key, name, estimate_usd, max(sent_utc)
FROM attempt JOIN request ON request.id = attempt.request
WHERE outcome IS NULL AND session < ? AND typeof(key) = 'blob'
  AND NOT EXISTS (SELECT 1 FROM response WHERE response.request = attempt.request)
GROUP BY attempt.request ORDER BY min(attempt.id)"""

_TOTALS = """
SELECT coalesce(outcome, 'unknown'), count(*), sum(maybe_billed), sum(coalesce(cost_usd,
  CASE WHEN maybe_billed OR outcome IS NULL THEN estimate_usd ELSE 0 END, 0))
FROM attempt LEFT JOIN request ON request.id = attempt.request GROUP BY 1 ORDER BY 1"""

_EFFORTS = """
SELECT result.ordinal, count(attempt.id), coalesce(sum(ended_seconds - sent_seconds), 0.0)
FROM result LEFT JOIN attempt ON attempt.request = result.request
WHERE result.ordinal > ? AND result.ordinal <= ?
GROUP BY result.ordinal ORDER BY result.ordinal LIMIT ?"""
