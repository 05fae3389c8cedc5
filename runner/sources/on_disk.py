"""The bytes of an image file that stay on the disk until they are sent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

from runner.roles import ImageError
from runner.sources.opening import Unreadable, open_file, unreadable
from runner.values.image import FileOrigin

CHANGED = "the file has changed since this run found it"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a file was written again: its number on the disk, length, and last change."""

    device: int
    number: int
    length: int
    changed: int

    @classmethod
    def of(cls, stream: BinaryIO) -> Stamp:
        """That of an open file."""
        about = os.fstat(stream.fileno())
        return cls(about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file's bytes as they were when its `stamp` was taken, read a slice at a time.

    Every slice raises `ImageError` when the file is another one by now. `name` is only shown.
    """

    name: str
    origin: FileOrigin
    stamp: Stamp

    def __len__(self) -> int:
        return self.stamp.length

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(len(self))
        try:
            with open_file(self.origin.path, self.origin.within) as stream:
                same = Stamp.of(stream) == self.stamp
                stream.seek(start)
                content = stream.read(max(0, stop - start)) if same else b""
        except Unreadable as error:
            raise ImageError(f"{self.name}: {error.issue.why}") from error
        except OSError as error:
            raise ImageError(f"{self.name}: {unreadable(error).issue.why}") from error
        if len(content) != max(0, stop - start):
            raise ImageError(f"{self.name}: {CHANGED}")
        return content
