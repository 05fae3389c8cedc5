"""Files of recorded lines: each line checked when it is read, the whole file replaced at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from pathlib import Path
from secrets import token_hex

from runner.transport.recording.exchange import Exchange, RecordingError, from_line

SORTED_AT_ONCE = 100
"""So many requests are held while places are put in order."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the line of an exchange stands: `number` from 1, `offset` and `length` in bytes."""

    path: Path
    number: int
    offset: int
    length: int

    def __str__(self) -> str:
        return f"{self.path}:{self.number}"

    def read(self) -> Exchange:
        """The exchange. Raises RecordingError when the file has changed since it was looked at."""
        return _exchange(self, self.line())

    def line(self) -> bytes:
        """The bytes of the line, without its end."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                return file.read(self.length)
        except OSError as error:
            raise trouble(self.path, error) from error


def lines(path: Path, *, may_be_torn: bool = False) -> Iterator[tuple[Place, Exchange]]:
    """Every line of a file, checked; nothing when there is no file. Raises RecordingError.

    A last line without its end is an error, or left out when the file `may_be_torn`: one that was
    being written when the program or the machine ended.
    """
    offset = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                bare = line.rstrip(b"\r\n")  # git on Windows may end lines in its own way
                place = Place(path, number, offset, len(bare))
                offset += len(line)
                if line.endswith(b"\n"):
                    yield place, _exchange(place, bare)
                elif not may_be_torn:
                    raise RecordingError(f"{place}: the file ends within this line; {_REMEDY}")
    except FileNotFoundError:
        return
    except OSError as error:
        raise trouble(path, error) from error
    if not offset and not may_be_torn:
        raise RecordingError(f"{path}:1: the file is empty; {_REMEDY}")


def torn_line(path: Path) -> int | None:
    """The number of the last line if it was not written to its end."""
    number, last = 0, b"\n"
    with suppress(OSError), path.open("rb") as file:
        for number, last in enumerate(file, 1):  # noqa: B007 (the last ones are wanted)
            pass
    return None if last.endswith(b"\n") else number


def in_order(places: Iterable[Place]) -> Iterator[Place]:
    """The places by what was asked. Requests are read as often as they are compared, and only some
    are held at a time: those of a recording may be larger than the memory."""
    source = iter(places)
    runs = iter(lambda: sorted(islice(source, SORTED_AT_ONCE), key=_order), [])
    return merge(*runs, key=_order)


def _order(place: Place) -> tuple[str, str, int, str]:
    return place.read().request.order


def replace_file(path: Path, content: Iterable[bytes]) -> None:
    """Writes these lines as a file that appears at once and whole. Raises RecordingError."""
    temporary = path.with_name(f".{token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.writelines(line + b"\n" for line in content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise trouble(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Brings the names in a folder to the disk, where the system has a way to do so."""
    with suppress(OSError):  # Windows opens no folder
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def trouble(path: Path, error: OSError) -> RecordingError:
    """What to say when the machine does not let us read or write."""
    return RecordingError(f"{path}: {(error.strerror or type(error).__name__).lower()}")


_REMEDY = "restore the file, or delete this line to record it anew"


def _exchange(place: Place, line: bytes) -> Exchange:
    try:
        return from_line(line)
    except ValueError as error:
        raise RecordingError(f"{place}: {error}; {_REMEDY}") from None
