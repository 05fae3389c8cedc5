"""log.jsonl: what happened in a run, as it happens; every session of the run goes on in it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from runner.text.log_line import Hide, log_line
from runner.values.event import Event


class LogFile:
    """A `Log` that writes a line for every event, at once. Use it as a context manager.

    A disk that is full or broken never stops a run because of its log: `say` gets one sentence, and
    lines are written again when they can be. A line that was cut off, by such a disk or because an
    earlier session was killed, stays as it is and the next one begins on a line of its own.
    """

    def __init__(
        self,
        path: Path,
        hide: Hide,
        say: Callable[[str], None],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._hide, self._say = path, hide, say
        self._now, self._clock, self._start = now, clock, clock()
        self._file: int | None = None
        self._has_said = self._is_torn = False

    def __call__(self, event: Event) -> None:
        """Writes the line of an event."""
        if self._file is None:
            return
        line = log_line(event, self._now(), self._clock() - self._start, self._hide)
        content = ("\n" if self._is_torn else "").encode() + line.encode() + b"\n"
        try:
            written = os.write(self._file, content)
        except OSError as error:
            self._give_up(error)
            return
        if written:  # a disk that fills up takes a part and says nothing
            self._is_torn = not content[:written].endswith(b"\n")

    def __enter__(self) -> LogFile:
        try:
            self._is_torn = _ends_within_a_line(self._path)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            self._give_up(error)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None

    def _give_up(self, error: OSError) -> None:
        if not self._has_said:
            self._has_said = True
            why = (error.strerror or str(error)).lower()
            self._say(
                f"the log cannot be written ({why}): {self._path}; the run goes on without it"
            )


def _ends_within_a_line(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:  # there is none, or it is empty: it has no last byte
        return False
