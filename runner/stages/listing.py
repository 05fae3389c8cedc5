"""The images that a workflow names, in its order, before any of them is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from runner.sources import SOURCES
from runner.sources.candidate import Candidate, Listed
from runner.workflow.spec import ImageEntry, ImageSet, Preparation

Download = Callable[[str], Path]
Listing = Iterator[tuple[Listed, Candidate, ImageEntry]]


def listed(images: ImageSet, preparation: Preparation, download: Download | None = None) -> Listing:
    """Every image of a set with the source that can read it and the entry that first named it.

    An image that several entries name (`photos/*.jpg` and `photos/a.jpg`) comes once.
    """
    several, seen = len(images.entries) > 1, set[object]()
    for entry in images.entries:
        source = source_of(entry.kind, entry.value, images.role, preparation, download)
        for candidate in source.list(entry.base):
            if several:
                identity = candidate.identity
                if identity in seen:
                    continue
                seen.add(identity)
            yield source, candidate, entry


def source_of(
    kind: str, value: str, role: str, preparation: Preparation, download: Download | None
) -> Listed:
    """The source of one line of `images:` or of one cell of a table."""
    options: dict[str, object] = {
        "role": role,
        "convert": preparation.convert,
        "frame": preparation.frame,
    }
    if kind == "web":
        options["download"] = download
    elif kind != "data":
        options["within"] = preparation.within
    return SOURCES[kind](value, **options)


def kind_of_cell(text: str) -> str:
    """What a cell of a table names; patterns and folders are not for cells."""
    start = text[:8].lower()
    if start.startswith(("http://", "https://")):
        return "web"
    return "data" if start.startswith("data:") else "file"


def clashing(candidates: Iterable[Candidate]) -> frozenset[str]:
    """File names that stand for different files: those are shown with their folders."""
    # Only a hash of the longer name is kept: this is all the memory that 40,000 images need.
    seen: dict[str, int] = {}
    clashes: set[str] = set()
    for candidate in candidates:
        longer = hash(candidate.longer)
        if seen.setdefault(candidate.name, longer) != longer:
            clashes.add(candidate.name)
    return frozenset(clashes)


class Names:
    """Gives every case a name of its own: the second `x.jpg` becomes `x.jpg#2`."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def take(self, name: str) -> str:
        """This name, or the first numbered one that is free."""
        unique = name
        while self._taken[unique]:
            self._taken[name] += 1
            unique = f"{name}#{self._taken[name]}"
        self._taken[unique] += 1
        return unique
