"""All files that match a pattern, in the order in which people count."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from runner.roles import Found
from runner.sources.candidate import Candidate, file_candidate, read_file
from runner.sources.inspect import MOST_BYTES, Convert
from runner.sources.normal import stored
from runner.sources.opening import Unreadable, open_file
from runner.sources.sniff import CONVERTIBLE, ENDINGS, HEAD, SENT, sniff
from runner.sources.walk import Blocked, walk


@dataclass(frozen=True, slots=True)
class Pattern:
    """Files by a pattern like `photos/**/*.jpg`; `*.jpg` finds `A.JPG`, too.

    A pattern that leaves the ending open (`photos/*`) takes only what is an image.
    """

    pattern: str
    role: str = "image"
    convert: Convert | None = None
    frame: int = 0
    within: Path | None = None
    most_bytes: int = MOST_BYTES

    def find(self, base: Path) -> Iterator[Found]:
        """Every image that matches, a relative pattern starting from `base`."""
        return (self.read(candidate, candidate.name) for candidate in self.list(base))

    def list(self, base: Path) -> Iterator[Candidate]:
        """The files that match, unseen."""
        root, parts = split(self.pattern, base)
        literal = stored(os.path.join(base, self.pattern))
        if os.path.isfile(literal):  # a file that is really called `photo[1].jpg`
            yield file_candidate(literal, os.path.dirname(literal), base)
            return
        open_ended = not has_ending(parts[-1]) if parts else True
        yield from candidates(root, parts, base, only_images=open_ended, within=self.within)

    def read(self, candidate: Candidate, name: str) -> Found:
        """A file's image, or why it cannot be used."""
        how = (self.role, self.convert, self.frame, self.within, self.most_bytes)
        return read_file(candidate, name, *how)


def candidates(
    root: str,
    parts: tuple[str, ...],
    base: Path,
    *,
    only_images: bool,
    within: Path | None = None,
) -> Iterator[Candidate]:
    """The files below a folder that match; with `only_images`, those that are images."""
    for found in walk(root, parts, within):
        if isinstance(found, Blocked):
            yield file_candidate(found.folder, root, base, found.issue)
        elif not only_images or is_image(found, within):
            yield file_candidate(found, root, base)


def split(pattern: str, base: Path) -> tuple[str, tuple[str, ...]]:
    """The folder that a pattern starts in, and its components from the first one with a wildcard on.

    Brackets in the workflow's own folder (`photos [2026]/`) are part of its name.
    """
    whole = PurePath(base, pattern).parts
    own = next((folder for folder in (base, *base.parents) if _leads(folder.parts, whole)), None)
    start = len(own.parts) if own is not None else 0
    first = next(
        (at for at in range(start, len(whole)) if is_pattern(whole[at])), max(start, len(whole) - 1)
    )
    return stored(os.path.join(*whole[:first])) if first else ".", whole[first:]


def is_pattern(text: str) -> bool:
    """True when a name has wildcards."""
    return bool(set(text) & set("*?[{"))


def has_ending(part: str) -> bool:
    """True when a component says which ending it wants: `*.jpg`, `*.{jpg,png}`, `scan.*.tif`."""
    _, dot, ending = part.rpartition(".")
    return bool(dot) and ending != "*"


def is_image(path: str, within: Path | None = None) -> bool:
    """True for a file that is called an image, or is one whatever it is called."""
    if os.path.splitext(path)[1].lower() in ENDINGS:
        return True
    try:
        with open_file(Path(path), within) as stream:
            return sniff(stream.read(HEAD)) in {**SENT, **CONVERTIBLE}
    except (Unreadable, OSError):
        return False


def _leads(parts: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    return whole[: len(parts)] == parts
