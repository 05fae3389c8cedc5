"""Files that appear at once and whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

_PART = ".part"


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it gets its name when the block ends well and its bytes are on the disk.

    Folders above it are made. Raises OSError when the machine does not let us write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{token_hex(8)}{_PART}")  # short, whatever the length of the name
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Removes the beginnings of files that a process had no time to finish: it was killed."""
    for path in folder.rglob(f".*{_PART}"):
        path.unlink(missing_ok=True)


def write_file(path: Path, content: bytes) -> Path:
    """The path of a file with this content."""
    with writing(path) as file:
        file.write(content)
    return path


def encoded(text: str) -> bytes:
    """A text as UTF-8. Half of a surrogate pair, which UTF-8 cannot hold, is written as `\\ud800`:
    inside a JSON text that is the very same letter."""
    return text.encode("utf-8", "backslashreplace")
