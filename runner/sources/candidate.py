"""An image that was named but not looked at yet: what a source lists, cheap enough to keep 40,000."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from runner.roles import Found
from runner.sources.inspect import MOST_BYTES, Convert, inspect
from runner.sources.normal import composed
from runner.sources.order import shown
from runner.values.image import FileOrigin, UnreadableImage
from runner.values.result import Issue


@dataclass(frozen=True, slots=True)
class Candidate:
    """One image by its path, address or `data:` URI.

    `root` is the folder that its pattern starts in, `base` the folder of the workflow. `problem`
    is set when it is known already that there is no image (a folder that may not be read).
    """

    kind: Literal["file", "web", "data"]
    name: str
    where: str
    root: str = ""
    base: str = ""
    problem: Issue | None = None

    @property
    def identity(self) -> object:
        """What is equal for the same file, by whatever path it is named, and for the same address.

        Two files with the same bytes in them are two images, also when the disk keeps the bytes
        only once (hard links).
        """
        if self.kind == "file":
            try:
                status = os.stat(self.where)
            except (OSError, ValueError):
                return self.where
            if status.st_ino and status.st_nlink == 1:  # some network drives do not number files
                return status.st_dev << 64 | status.st_ino  # one number: 40,000 may be kept
        return self.where

    @property
    def inside(self) -> str:
        """Its path from the folder that the pattern starts in; other kinds have only a name."""
        return _from(self.root, self.where) if self.kind == "file" else self.name

    @property
    def folder(self) -> str:
        """The folder that its pattern starts in, from the workflow's; empty for that one itself."""
        path = _from(self.base, self.root) if self.kind == "file" and self.root else "."
        return "" if path == "." else path

    @property
    def longer(self) -> str:
        """Its path from the workflow's folder, to tell two files of one name apart."""
        return _from(self.base, self.where) if self.kind == "file" else self.name


class Listed(Protocol):
    """A source that can name its images first and look at them later, one by one."""

    def list(self, base: Path) -> Iterator[Candidate]:
        """Every image by name, in the order of `find`."""
        ...

    def read(self, candidate: Candidate, name: str) -> Found:
        """A listed image under the name it is to be shown by, or why it cannot be used."""
        ...


def file_candidate(path: str, root: str, base: Path, problem: Issue | None = None) -> Candidate:
    """The candidate of a file on this machine."""
    return Candidate("file", shown(os.path.basename(path)), path, root, str(base), problem)


def read_file(
    candidate: Candidate,
    name: str,
    role: str,
    convert: Convert | None,
    frame: int,
    within: Path | None = None,
    most_bytes: int = MOST_BYTES,
) -> Found:
    """The image of a file candidate, or why it cannot be used."""
    path = Path(candidate.where)
    if candidate.problem is not None:
        return UnreadableImage(name, role, candidate.problem, path)
    origin = FileOrigin(path, within)
    found = inspect(origin, name, role, convert=convert, frame=frame, most_bytes=most_bytes)
    if isinstance(found, UnreadableImage) and found.issue.code == "image_missing":
        return replace(found, issue=Issue("image_missing", _missing(candidate)))
    return found


def _missing(candidate: Candidate) -> str:
    """Says which file there is not, and meets names written on Windows."""
    slashes = candidate.longer.replace("\\", "/")
    hint = ""
    if slashes != candidate.longer and os.path.isfile(os.path.join(candidate.base, slashes)):
        hint = f"; write `/` for `\\`: `{slashes}`"
    return f"there is no file `{candidate.longer}`{hint}"


def _from(folder: str, path: str) -> str:
    """With `/` everywhere: the same name on every machine."""
    if not folder:
        return shown(path)
    try:
        return shown(os.path.relpath(composed(path), composed(folder)).replace(os.sep, "/"))
    except ValueError:  # another drive
        return shown(path)
