"""One SQLite file, with one connection and one thread that does all of the work on it.

What is waiting is committed together, so that the cost of reaching the disk is shared: with 64
writers there are about 64 pieces of work in a commit, without anyone waiting for company.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Any, TypeVar

from runner.store.ballast import Ballast
from runner.store.opening import Schema, closed, opened
from runner.store.trouble import StoreError, explained, of_the_disk

BATCH = 512
"""At most so many pieces of work are committed together."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""What is done with the connection. It leaves transactions alone, fetches what it reads, and has no
effect but on the database: after a full disk it may be called a second time."""


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work[Any]
    writes: bool
    future: Future[Any]


class Database:
    """A file of the store, open. `shared` says that other processes write it, too; `check` has the
    whole file looked through for damage first; `ballast` is given up when the disk is full.

    Raises `CorruptError` for a damaged file, `StoreError` for one that cannot be opened, that is
    not ours, or that a later version has made.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema,
        *,
        shared: bool = False,
        check: bool = True,
        read_only: bool = False,
        ballast: Ballast | None = None,
    ) -> None:
        self.path = path
        self.full: StoreError | None = None
        """Set when the disk was full and the ballast has been given up: nothing new should begin."""
        self._ballast = ballast
        self._connection = opened(path, schema, shared=shared, check=check, read_only=read_only)
        self._jobs: deque[_Job] = deque()
        self._changed = Condition()
        self._closing = False
        self._thread = Thread(target=self._serve, name=f"store {path.name}", daemon=True)
        self._thread.start()

    def write(self, work: Work[T]) -> Future[T]:
        """The outcome of `work`, as soon as it is on the disk. `StoreError` when it cannot get there.

        What is handed over is done: the future cannot be cancelled. Of work that raises, nothing is
        kept; what is committed with it is not affected.
        """
        return self._submit(work, writes=True)

    def read(self, work: Work[T]) -> Future[T]:
        """The outcome of `work`, which only reads; it sees everything handed over before it."""
        return self._submit(work, writes=False)

    @property
    def waiting(self) -> int:
        """How much is waiting to be done. Nobody is held up, because an event loop may not be: who
        does not await what was handed over must look here and bring no more than is fit."""
        return len(self._jobs)

    def close(self) -> None:
        """Does what is waiting and closes the file, so that it is one file again."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._ballast is not None:  # its room may be needed to close the file
            self._ballast.release()
        closed(self._connection)

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _submit(self, work: Work[T], *, writes: bool) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        with self._changed:
            if self._closing:
                raise ValueError(f"{self.path} is closed")
            self._jobs.append(_Job(work, writes, future))
            self._changed.notify_all()
        return future

    def _serve(self) -> None:
        while batch := self._next_batch():
            try:
                self._carry_out(batch)
            except BaseException as bug:
                # Whatever it is, those who wait must learn of it, and the next batch is done.
                for job in batch:
                    if not job.future.done():
                        job.future.set_exception(bug)

    def _next_batch(self) -> list[_Job]:
        """What is waiting, as soon as something is; nothing when the end has come."""
        with self._changed:
            while not self._jobs and not self._closing:
                self._changed.wait()
            return [self._jobs.popleft() for _ in range(min(BATCH, len(self._jobs)))]

    def _carry_out(self, batch: list[_Job]) -> None:
        """Does a batch, a second time when giving up the ballast may help, and tells the outcomes."""
        try:
            outcomes = self._transaction(batch)
        except sqlite3.Error as error:
            if not (of_the_disk(error) and self._ballast is not None and self._ballast.release()):
                raise explained(error, self.path) from error
            self.full = explained(error, self.path)
            try:
                outcomes = self._transaction(batch)
            except sqlite3.Error as again:
                raise explained(again, self.path) from again
        for job, (value, raised) in zip(batch, outcomes, strict=True):
            if raised is None:
                job.future.set_result(value)
            else:
                job.future.set_exception(raised)

    def _transaction(self, batch: list[_Job]) -> list[tuple[object, BaseException | None]]:
        """The outcome of every job, committed; or all of it undone and raised."""
        connection = self._connection
        try:
            if any(job.writes for job in batch):
                connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._one(job) for job in batch]
            if connection.in_transaction:
                connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite may have undone it by itself
                connection.execute("ROLLBACK")
            raise
        return outcomes

    def _one(self, job: _Job) -> tuple[object, BaseException | None]:
        """The outcome of one job. What it raises undoes that job alone, unless it is the disk's."""
        connection = self._connection
        if not job.writes:
            try:
                return job.work(connection), None
            except BaseException as error:
                return None, self._told(error)
        connection.execute("SAVEPOINT job")
        try:
            value = job.work(connection)
        except BaseException as error:
            if of_the_disk(error) or not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            return None, self._told(error)
        connection.execute("RELEASE job")
        return value, None

    def _told(self, error: BaseException) -> BaseException:
        if not isinstance(error, sqlite3.Error):
            return error
        told = explained(error, self.path)
        told.__cause__ = error
        return told
