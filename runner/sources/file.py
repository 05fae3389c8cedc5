"""One image file by its path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.roles import Found
from runner.sources.candidate import Candidate, file_candidate, read_file
from runner.sources.inspect import MOST_BYTES, Convert
from runner.sources.normal import stored


@dataclass(frozen=True, slots=True)
class File:
    """One file. A missing one is found all the same, as an `UnreadableImage`."""

    path: str
    role: str = "image"
    convert: Convert | None = None
    frame: int = 0
    within: Path | None = None
    most_bytes: int = MOST_BYTES

    def find(self, base: Path) -> Iterator[Found]:
        """The image of this file, a relative path starting from `base`."""
        return (self.read(candidate, candidate.name) for candidate in self.list(base))

    def list(self, base: Path) -> Iterator[Candidate]:
        """The file, unseen."""
        path = stored(os.path.join(base, self.path))
        yield file_candidate(path, os.path.dirname(path), base)

    def read(self, candidate: Candidate, name: str) -> Found:
        """The file's image, or why it cannot be used."""
        how = (self.role, self.convert, self.frame, self.within, self.most_bytes)
        return read_file(candidate, name, *how)
