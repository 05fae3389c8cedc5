"""Opens the bytes of an image: a regular file and nothing else, so that nothing can hang."""

from __future__ import annotations

import os
import stat
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from runner.sources.inside import LEADS_OUTSIDE, STAY, is_open_inside
from runner.values.image import DataOrigin, FileOrigin, Origin
from runner.values.result import Issue

BLOCK = 1 << 20
"""Files are read in pieces of this many bytes."""


class Unreadable(Exception):
    """An image that cannot be used; `issue` says why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.issue = Issue(code, why)

    def __reduce__(self) -> tuple[type[Unreadable], tuple[str, str], dict[str, object]]:
        return Unreadable, (self.issue.code, self.issue.why), self.__dict__


def opened(origin: Origin) -> BinaryIO:
    """The bytes of an image, to be closed after use. Raises `Unreadable`."""
    match origin:
        case FileOrigin(path, within):
            return open_file(path, within)
        case DataOrigin(content):
            return BytesIO(content)
        case _:
            raise Unreadable(
                "image_elsewhere", "the service fetches this image; its bytes are not here"
            )


def open_file(path: Path, within: Path | None = None) -> BinaryIO:
    """A regular file, open for reading. Raises `Unreadable` with a sentence for every other case.

    A pipe would block `open` for ever and a device may do worse, so both are refused before they
    are opened, and again (opened without blocking) if one takes the file's place in between. So is
    a file that does not lie `within` a folder: it is looked for where it is once it is open.
    """
    try:
        _refuse_unless_file(os.stat(path).st_mode)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        number = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError) as error:
        raise unreadable(error) from error
    try:
        _refuse_unless_file(os.fstat(number).st_mode)
        if not is_open_inside(number, path, within):
            raise outside()
    except Unreadable:
        os.close(number)
        raise
    return os.fdopen(number, "rb")


def outside() -> Unreadable:
    """Why a file is not opened that lies where the workflow may not look."""
    return Unreadable("image_outside", f"it {LEADS_OUTSIDE}; {STAY}")


def unreadable(error: OSError | ValueError) -> Unreadable:
    """What the operating system's error means for an image."""
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return Unreadable("image_missing", "there is no such file")
        case PermissionError():
            return Unreadable("image_unreadable", "the file may not be read: permission denied")
        case OSError():
            reason = error.strerror or type(error).__name__
            return Unreadable("image_unreadable", f"the file cannot be read: {reason}")
        case _:  # a NUL in the name
            return Unreadable("image_missing", "there can be no file of this name")


def _refuse_unless_file(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kind = (
        "a folder; to take all images in it, name it as a folder: `photos/`"
        if stat.S_ISDIR(mode)
        else "a pipe"
        if stat.S_ISFIFO(mode)
        else "a socket"
        if stat.S_ISSOCK(mode)
        else "a device"
    )
    raise Unreadable("image_not_a_file", f"this is not a file but {kind}")
