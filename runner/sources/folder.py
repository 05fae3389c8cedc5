"""All images in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.roles import Found
from runner.sources.candidate import Candidate, file_candidate, read_file
from runner.sources.inspect import MOST_BYTES, Convert
from runner.sources.normal import stored
from runner.sources.pattern import candidates
from runner.values.result import Issue


@dataclass(frozen=True, slots=True)
class Folder:
    """The images that lie in a folder, but not those in its sub-folders (`photos/**` takes them).

    A file with an image's ending is taken even when it is broken, so that it is missed by nobody;
    every other file only when its bytes are an image.
    """

    path: str
    role: str = "image"
    convert: Convert | None = None
    frame: int = 0
    within: Path | None = None
    most_bytes: int = MOST_BYTES

    def find(self, base: Path) -> Iterator[Found]:
        """Every image in the folder, a relative path starting from `base`."""
        return (self.read(candidate, candidate.name) for candidate in self.list(base))

    def list(self, base: Path) -> Iterator[Candidate]:
        """The image files in the folder, unseen."""
        folder = stored(os.path.normpath(os.path.join(base, self.path)))
        if not os.path.isdir(folder):
            missing = Issue("folder_missing", "there is no such folder")
            yield file_candidate(folder, os.path.dirname(folder), base, missing)
            return
        yield from candidates(folder, ("*",), base, only_images=True, within=self.within)

    def read(self, candidate: Candidate, name: str) -> Found:
        """A file's image, or why it cannot be used."""
        how = (self.role, self.convert, self.frame, self.within, self.most_bytes)
        return read_file(candidate, name, *how)
