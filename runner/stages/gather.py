"""Gather: workflow → the images of every case, found and looked at, lazily and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from runner.catalogue import catalogue
from runner.roles import Found
from runner.sources.candidate import Candidate, Listed
from runner.stages.listing import Download, Names, Read, clashing, listed, looked_at
from runner.stages.pairs import Pair, pairs_of
from runner.stages.rows import row_cases
from runner.values.case import CaseImages
from runner.values.image import UnreadableImage
from runner.values.result import Issue
from runner.workflow.spec import ImageSet, Workflow

if TYPE_CHECKING:
    from runner.sources.fetch import Again


def gather(
    workflow: Workflow,
    *,
    fetch: bool = True,
    allow_private: bool = False,
    downloads: Path | None = None,
    again: Again | None = None,
    read: Read = looked_at,
) -> Iterator[CaseImages]:
    """The cases of a workflow, in its order; called again, it starts again.

    An image that cannot be used is an `UnreadableImage` in its place. A name is that of the file;
    files of one name are told apart by their folders, repetitions by a number. What of web
    images this machine fetches is downloaded when it is their turn, into the folder `downloads`
    (by default one that lasts as long as this process); with `fetch=False` they stay addresses, as
    a plan sees them. `again` waits before a download that failed is tried once more.
    With `read=unopened` no image is opened: a case has its name and no more. `allow_private` admits
    addresses that are not on the public internet.
    Raises `Rejected` when a table cannot be read.
    """
    here = fetch and may_fetch(workflow)
    download = _downloader(allow_private, downloads, again) if here else None
    if workflow.dataset is not None:
        return row_cases(workflow.dataset, workflow.preparation, download, read)
    if len(workflow.images) == 1 and not workflow.images[0].together:
        return _single(workflow, workflow.images[0], download, read)
    return _together(workflow, download, read)


def may_fetch(workflow: Workflow) -> bool:
    """Whether this machine may have to download something."""
    preparation = workflow.preparation
    pinned = any(entry.sha256 for images in workflow.images for entry in images.entries)
    return preparation.fetch or preparation.upload in ("auto", "files") or pinned


def _single(
    workflow: Workflow, images: ImageSet, download: Download | None, read: Read
) -> Iterator[CaseImages]:
    """One case for each image. The first pass over the names costs no look at any file."""
    every = listed(images, workflow.preparation)
    clashes = clashing(candidate for _, candidate, _ in every)
    names = Names()
    for source, candidate, _ in listed(images, workflow.preparation, download):
        name = names.take(candidate.longer if candidate.name in clashes else candidate.name)
        yield CaseImages(name, (read(source, candidate, name, images.role),))


def _together(workflow: Workflow, download: Download | None, read: Read) -> Iterator[CaseImages]:
    """One case for each file name that the named images share; those that go with every case are
    read once."""
    found = {images.role: _candidates(images, workflow, download) for images in workflow.images}
    names, kept = Names(), dict[str, tuple[Found, ...]]()
    candidates = {role: [candidate for _, candidate in of] for role, of in found.items()}
    for pair in pairs_of(workflow.images, candidates):
        images: list[Found] = []
        for of in workflow.images:
            own = kept.get(of.role) or tuple(_read(pair, of, found[of.role], read))
            if of.together:
                kept[of.role] = own
            images += own or (_without_partner(pair, of),)
        yield CaseImages(names.take(pair.name), tuple(images))


def _candidates(
    images: ImageSet, workflow: Workflow, download: Download | None
) -> list[tuple[Listed, Candidate]]:
    every = listed(images, workflow.preparation, download)
    if images.together:  # of more than fit into a request nobody needs to know how many there are
        every = islice(every, catalogue().images_per_request + 1)
    return [(source, candidate) for source, candidate, _ in every]


def _read(
    pair: Pair, images: ImageSet, found: list[tuple[Listed, Candidate]], read: Read
) -> Iterator[Found]:
    """The images of one name that belong to a case, each with a name of its own."""
    names = Names()
    positions = pair.positions.get(images.role, range(0))
    clashes = clashing(found[at][1] for at in positions) if len(positions) > 1 else ()
    for at in positions:
        source, candidate = found[at]
        name = candidate.longer if candidate.name in clashes else candidate.name
        yield read(source, candidate, names.take(name), images.role)


def _without_partner(pair: Pair, images: ImageSet) -> UnreadableImage:
    where = ", ".join(entry.text for entry in images.entries[:3])
    why = (
        f"`{images.role}` ({where}) has no image of this name, so nothing belongs together with it"
    )
    return UnreadableImage(pair.name, images.role, Issue("image_without_partner", why))


def _downloader(allow_private: bool, folder: Path | None, again: Again | None) -> Download:
    from runner.sources.fetch import Downloads, Rules

    rules = Rules(allowed=lambda _: True) if allow_private else Rules()
    rules = replace(rules, again=again) if again else rules
    return Downloads(folder or _for_this_process(), rules).get


@cache
def _for_this_process() -> Path:
    """A folder that is removed when the process ends."""
    import atexit
    from tempfile import TemporaryDirectory

    kept = TemporaryDirectory(prefix="askpix-")
    atexit.register(kept.cleanup)
    return Path(kept.name)
