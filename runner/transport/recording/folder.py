"""A folder of recordings: opened, answered from, written to, closed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from io import FileIO
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Literal, get_args

from runner.transport.http import httpx
from runner.transport.recording.exchange import (
    Exchange,
    Label,
    NotRecorded,
    RecordingError,
    WireRequest,
)
from runner.transport.recording.index import Index
from runner.transport.recording.lines import (
    Place,
    in_order,
    lines,
    replace_file,
    sync_folder,
    torn_line,
    trouble,
)
from runner.transport.recording.nearest import nearest
from runner.transport.secret import Secret

Mode = Literal["none", "once", "new", "all"]
"""none: only answer from recordings · once: record if there are none yet, else only answer from
them · new: answer from recordings, ask and record the rest · all: ask and record everything."""

MODES: tuple[Mode, ...] = get_args(Mode)

FILE, JOURNAL = "recordings.jsonl", "recordings.journal.jsonl"


@dataclass(slots=True)
class Recordings:
    """The recordings in a folder. `notes` are sentences that a person should read. `replayed` and
    `recorded` count exchanges. Recordings that were not asked for stay in the folder.

    May be used from several threads; only one process at a time records into a folder.
    """

    folder: Path
    mode: Mode
    secret: Secret
    notes: tuple[str, ...] = ()
    replayed: int = 0
    recorded: int = 0
    _known: Index = field(default_factory=Index)
    _fresh: Index = field(default_factory=Index)
    """What was recorded through the newest transport: another one answers from it."""
    _held_some: bool = False
    """Whether there were recordings when the folder was opened."""
    _journal: FileIO | None = field(default=None, repr=False)
    _trouble: RecordingError | None = None
    _lock: int | None = None
    _writing: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def open(cls, folder: Path, mode: Mode, *, key: str | None = None) -> Recordings:
        """Opens a folder; every line in it is checked. Raises RecordingError: the folder is not
        there or cannot be written, a line is damaged, another run records into it."""
        opened = cls(folder, mode, Secret.of(key))
        if mode == "none":
            opened._read()
            opened._held_some = len(opened._known) > 0
            if not opened._held_some:
                raise RecordingError(f"{folder}: nothing is recorded here")
            return opened
        try:
            folder.mkdir(parents=True, exist_ok=True)
            opened._lock = _locked(folder)
        except OSError as error:
            raise trouble(folder, error) from error
        try:
            opened._read()
            opened._merge()
            opened._held_some = len(opened._known) > 0
        except RecordingError:
            opened._unlock()
            raise
        return opened

    @property
    def only_replays(self) -> bool:
        """True when nothing is ever asked: no key and no network are needed."""
        return self.mode == "none" or (self.mode == "once" and self._held_some)

    def transport(self, inner: httpx.AsyncBaseTransport | None) -> httpx.AsyncBaseTransport:
        """A transport that answers from what is recorded by now and, if that is to grow, asks
        `inner` and writes down what comes back. What is asked twice through it is asked twice: a
        second try is no replay."""
        from runner.transport.recording.transport import RecordingTransport

        with self._writing:
            self._known.take_in(self._fresh)
            self._fresh = Index()
        return RecordingTransport(self, inner)

    def find(self, request: WireRequest) -> Exchange | None:
        """The recorded exchange that answers this request, None when it is to be asked."""
        place = None if self.mode == "all" else self._known.find(request)
        return place.read() if place else None

    def check_asking(self, request: WireRequest, label: Label) -> None:
        """Raises NotRecorded when nothing may be asked, and RecordingError when an answer could
        not be written down: then it would be paid for and lost."""
        if self.only_replays:
            raise NotRecorded(nearest(request, label, self._known.near(request), self.folder))
        if self._trouble is not None:
            raise self._trouble

    def add(self, exchange: Exchange) -> None:
        """Writes an exchange down; it is on the disk when this returns. When the disk refuses, the
        answer is still good: the next request, and closing, raise the RecordingError."""
        with self._writing:
            if self._trouble is not None:
                return
            try:
                self._fresh.add(exchange.request, self._append(exchange.as_line()))
            except OSError as error:
                self._trouble = trouble(self.folder / JOURNAL, error)
            else:
                self.recorded += 1

    def close(self) -> None:
        """Writes `recordings.jsonl` anew if something was recorded. The same recordings are the
        same bytes, whatever the order in which they came. Raises RecordingError."""
        try:
            with self._writing:
                if self._journal is not None:
                    self._journal.close()
                    self._journal = None
                    self._read()
                    self._merge()
            if self._trouble is not None:
                raise self._trouble
        finally:
            self._unlock()

    def _read(self) -> None:
        """Looks at all there is; what was recorded later comes later."""
        journal = self.folder / JOURNAL
        both = chain(lines(self.folder / FILE), lines(journal, may_be_torn=True))
        self._known, self._fresh = Index(), Index()  # two large ones are too much
        self._known = Index.of(both)
        if (number := torn_line(journal)) is not None:
            self.notes = (f"{journal}:{number}: the last exchange was not written whole; left out",)

    def _merge(self) -> None:
        """Moves what is in the journal to its place among the others."""
        journal = self.folder / JOURNAL
        if not journal.exists():
            return
        if len(self._known):
            replace_file(self.folder / FILE, (place.line() for place in in_order(self._known)))
            self._known = Index()
            self._known = Index.of(lines(self.folder / FILE))
        journal.unlink()

    def _append(self, line: bytes) -> Place:
        journal = self.folder / JOURNAL
        if self._journal is None:
            self._journal = journal.open("ab", buffering=0)
            sync_folder(self.folder)
        place = Place(journal, self.recorded + 1, self._journal.tell(), len(line))
        rest = memoryview(line + b"\n")
        while rest:  # a disk that is nearly full takes a part, without an error
            rest = rest[self._journal.write(rest) :]
        os.fsync(self._journal.fileno())
        return place

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(folder: Path) -> int | None:
    """A lock on the folder, which the system takes back when this process ends; None on Windows,
    which has no such lock."""
    if sys.platform == "win32":
        return None
    import fcntl

    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        raise RecordingError(f"{folder}: another run is recording into this folder") from None
    except OSError:  # a file system that knows no locks
        pass
    return number
