"""The images that a workflow names, in its order, before any of them is opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path

from runner.roles import Found
from runner.sources import SOURCES
from runner.sources.candidate import Candidate, Listed
from runner.sources.counted import Clashes, Counted
from runner.sources.web import is_for_the_service
from runner.values.image import DataOrigin, FileOrigin, Image, UnreadableImage, WebOrigin
from runner.values.passing import MOST_FILE_BYTES
from runner.workflow.spec import ImageEntry, ImageSet, Preparation

Download = Callable[[str], Path]
Listing = Iterator[tuple[Listed, Candidate, ImageEntry]]


def listed(images: ImageSet, preparation: Preparation) -> Listing:
    """Every image of a set with the source that can read it and the entry that first named it.

    An image that several entries name (`photos/*.jpg` and `photos/a.jpg`) comes once.
    """
    several, seen = len(images.entries) > 1, set[object]()
    for entry in images.entries:
        source = source_of(entry.kind, entry.value, images.role, preparation, sha256=entry.sha256)
        for candidate in source.list(entry.base):
            if several:
                identity = candidate.identity
                if identity in seen:
                    continue
                seen.add(identity)
            yield source, candidate, entry


def source_of(
    kind: str,
    value: str,
    role: str,
    preparation: Preparation,
    download: Download | None = None,
    sha256: str | None = None,
) -> Listed:
    """The source of one line of `images:` or of one cell of a table. Without `download` a web image
    stays an address."""
    options: dict[str, object] = {
        "role": role,
        "convert": preparation.convert,
        "frame": preparation.frame,
    }
    if kind == "web":
        here = sha256 is not None or is_fetched_here(value, preparation)
        options["download"] = download if here else None
        options["is_fetched"], options["sha256"] = here, sha256
    elif kind != "data":
        options["within"] = preparation.within
        if preparation.upload in ("auto", "files") or preparation.is_reduced:
            options["most_bytes"] = MOST_FILE_BYTES
    return SOURCES[kind](value, **options)


def is_fetched_here(address: str, preparation: Preparation) -> bool:
    """Whether this machine downloads a web image, so that the service does not have to: also where
    it cannot be expected to, and where the size of the image must be known."""
    match preparation.upload:
        case "files":
            return True
        case "auto":
            asked = preparation.fetch or preparation.needs_size
            return asked or not is_for_the_service(address)
        case _:
            return preparation.fetch


def kind_of_cell(text: str, folder: Path) -> str:
    """What a cell of a table names, seen from this folder; an image folder ends with `/` there."""
    start = text[:8].lower()
    if start.startswith(("http://", "https://")):
        return "web"
    if start.startswith("data:"):
        return "data"
    if text.endswith(("/", os.sep)):
        return "folder"
    if any(sign in text for sign in "*?[") and not os.path.exists(folder / text):
        return "pattern"
    return "file"


Read = Callable[[Listed, Candidate, str, str], Found]
"""Makes of a listed image, with the name and the role that it is to have, an image of a case."""


def looked_at(source: Listed, candidate: Candidate, name: str, role: str) -> Found:
    """The image with its size and digest: its bytes are read."""
    return source.read(candidate, name)


def unopened(source: Listed, candidate: Candidate, name: str, role: str) -> Found:
    """The image as far as its name tells: no file is opened, nothing is fetched."""
    if candidate.problem is not None:
        path = Path(candidate.where) if candidate.kind == "file" else None
        return UnreadableImage(name, role, candidate.problem, path)
    match candidate.kind:
        case "file":
            return Image(name, role, FileOrigin(Path(candidate.where)), mime="")
        case "web":
            return Image(name, role, WebOrigin(candidate.where), mime="")
        case "data":
            return Image(name, role, DataOrigin(b""), mime="")


def clashing(candidates: Iterable[Candidate]) -> Container[str]:
    """File names that stand for different files: those are shown with their folders."""
    clashes = Clashes()
    for candidate in candidates:
        clashes.add(candidate.name, candidate.longer)
    return clashes


class Names:
    """Gives every case a name of its own: the second `x.jpg` becomes `x.jpg#2`."""

    def __init__(self) -> None:
        self._taken = Counted()

    def take(self, name: str) -> str:
        """This name, or the first numbered one that is free."""
        count = self._taken.add(name)
        if count == 1:
            return name
        while self._taken.times(unique := f"{name}#{count}"):
            count = self._taken.add(name)
        self._taken.add(unique)
        return unique
