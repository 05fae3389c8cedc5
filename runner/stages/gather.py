"""Gather: workflow → the images of every case, found and looked at, lazily and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from runner.roles import Found
from runner.sources.candidate import Candidate, Listed
from runner.stages.image_problems import find_pattern_problems as find_pattern_problems
from runner.stages.listing import Download, Names, clashing, listed
from runner.stages.pairs import Pair, pairs_of
from runner.stages.rows import row_cases
from runner.values.case import CaseImages
from runner.values.image import UnreadableImage
from runner.values.result import Issue
from runner.workflow.spec import ImageSet, Workflow


def gather(
    workflow: Workflow,
    *,
    fetch: bool = True,
    allow_private: bool = False,
    downloads: Path | None = None,
) -> Iterator[CaseImages]:
    """The cases of a workflow, in its order; called again, it starts again.

    An image that cannot be used is an `UnreadableImage` in its place. A name is that of the file;
    files of one name are told apart by their folders, repetitions by a number. With `fetch: true`
    in the workflow, web images are downloaded when it is their turn, into the folder `downloads`
    (by default one that lasts as long as this process); with `fetch=False` they stay addresses, as
    a plan sees them. `allow_private` admits addresses that are not on the public internet.
    Raises `Rejected` when a table cannot be read.
    """
    download = (
        _downloader(allow_private, downloads) if fetch and workflow.preparation.fetch else None
    )
    if workflow.dataset is not None:
        return row_cases(workflow.dataset, workflow.preparation, download)
    if len(workflow.images) == 1:
        return _single(workflow, workflow.images[0], download)
    return _together(workflow, download)


def _single(
    workflow: Workflow, images: ImageSet, download: Download | None
) -> Iterator[CaseImages]:
    """One case for each image. The first pass over the names costs no look at any file."""
    every = listed(images, workflow.preparation)
    clashes = clashing(candidate for _, candidate, _ in every)
    names = Names()
    for source, candidate, _ in listed(images, workflow.preparation, download):
        name = names.take(candidate.longer if candidate.name in clashes else candidate.name)
        yield CaseImages(name, (source.read(candidate, name),))


def _together(workflow: Workflow, download: Download | None) -> Iterator[CaseImages]:
    """One case for each file name that the named images share."""
    found = {
        images.role: [
            (source, candidate)
            for source, candidate, _ in listed(images, workflow.preparation, download)
        ]
        for images in workflow.images
    }
    names = Names()
    candidates = {role: [candidate for _, candidate in of] for role, of in found.items()}
    for pair in pairs_of(workflow.images, candidates):
        images = tuple(_image(pair, role, of_role, workflow) for role, of_role in found.items())
        yield CaseImages(names.take(pair.name), images)


def _image(
    pair: Pair, role: str, of_role: list[tuple[Listed, Candidate]], workflow: Workflow
) -> Found:
    position = pair.positions.get(role)
    if position is not None:
        source, candidate = of_role[position]
        return source.read(candidate, candidate.name)
    written = next(images for images in workflow.images if images.role == role)
    where = ", ".join(entry.text for entry in written.entries[:3])
    why = f"`{role}` ({where}) has no image of this name, so nothing belongs together with it"
    return UnreadableImage(pair.name, role, Issue("image_without_partner", why))


def _downloader(allow_private: bool, folder: Path | None) -> Download:
    from runner.sources.fetch import Downloads, Rules

    rules = Rules(allowed=lambda _: True) if allow_private else Rules()
    return Downloads(folder or _for_this_process(), rules).get


@cache
def _for_this_process() -> Path:
    """A folder that is removed when the process ends."""
    import atexit
    from tempfile import TemporaryDirectory

    kept = TemporaryDirectory(prefix="askpix-")
    atexit.register(kept.cleanup)
    return Path(kept.name)
