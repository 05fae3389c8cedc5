"""Gather: workflow → the images of every case, found and looked at, lazily and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from runner.catalogue import catalogue
from runner.roles import Found
from runner.sources.candidate import Candidate, Listed
from runner.stages.listing import Names, Read, clashing, listed, looked_at
from runner.stages.pairs import Pair, pairs_of
from runner.stages.rows import row_cases
from runner.values.case import CaseImages
from runner.values.image import UnreadableImage
from runner.values.result import Issue
from runner.workflow.spec import ImageSet, Workflow


def gather(workflow: Workflow, read: Read = looked_at) -> Iterator[CaseImages]:
    """The cases of a workflow, in its order; called again, it starts again.

    An image that cannot be used is an `UnreadableImage` in its place. A name is that of the file;
    files of one name are told apart by their folders, repetitions by a number. Web images are
    addresses: `fetched` downloads those that this machine fetches.
    With `read=unopened` no image is opened: a case has its name and no more.
    Raises `Rejected` when a table cannot be read.
    """
    if workflow.dataset is not None:
        return row_cases(workflow.dataset, workflow.preparation, read)
    if len(workflow.images) == 1 and not workflow.images[0].together:
        return _single(workflow, workflow.images[0], read)
    return _together(workflow, read)


def _single(workflow: Workflow, images: ImageSet, read: Read) -> Iterator[CaseImages]:
    """One case for each image. The first pass over the names costs no look at any file."""
    every = listed(images, workflow.preparation)
    clashes = clashing(candidate for _, candidate, _ in every)
    names = Names()
    for source, candidate, _ in listed(images, workflow.preparation):
        name = names.take(candidate.longer if candidate.name in clashes else candidate.name)
        yield CaseImages(name, (read(source, candidate, name, images.role),))


def _together(workflow: Workflow, read: Read) -> Iterator[CaseImages]:
    """One case for each file name that the named images share; those that go with every case are
    read once."""
    found = {images.role: _candidates(images, workflow) for images in workflow.images}
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


def _candidates(images: ImageSet, workflow: Workflow) -> list[tuple[Listed, Candidate]]:
    every = listed(images, workflow.preparation)
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
