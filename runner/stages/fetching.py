"""Fetching: planned cases → the same cases, with the web images that this machine downloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from runner.roles import Found
from runner.stages.listing import Download, is_fetched_here, source_of
from runner.stages.rows import in_the_table
from runner.values.case import CaseImages
from runner.values.image import Image, UnreadableImage, WebOrigin
from runner.workflow.spec import Workflow

if TYPE_CHECKING:
    from runner.sources.fetch import Again


def fetched(
    workflow: Workflow,
    cases: Iterable[CaseImages],
    *,
    allow_private: bool = False,
    downloads: Path | None = None,
    again: Again | None = None,
) -> Iterator[CaseImages]:
    """The cases with their web images downloaded when it is their turn, into the folder `downloads`
    (by default one that lasts as long as this process); what is there already is not fetched again.

    One that cannot be downloaded is an `UnreadableImage` in its place. Those that the service
    fetches stay addresses. `again` waits before a download that failed is tried once more.
    `allow_private` admits addresses that are not on the public internet.
    """
    if not may_fetch(workflow):
        yield from cases
        return
    download = _downloader(allow_private, downloads, again)
    before: dict[Image, Found] = {}
    for case in cases:
        images: dict[Image, Found] = {}
        for image in case.images:
            if isinstance(image, Image) and (where := _address(workflow, image)):
                images[image] = before.get(image) or _found(workflow, case, image, where, download)
        before = images
        here = (images.get(each, each) if isinstance(each, Image) else each for each in case.images)
        yield replace(case, images=tuple(here)) if images else case


def may_fetch(workflow: Workflow) -> bool:
    """Whether this machine may have to download something."""
    preparation = workflow.preparation
    pinned = any(entry.sha256 for images in workflow.images for entry in images.entries)
    return preparation.fetch or preparation.upload in ("auto", "files") or pinned


def _address(workflow: Workflow, image: Image) -> str | None:
    """Where an image is downloaded from; None for one that is not."""
    if not isinstance(image.origin, WebOrigin):
        return None
    address = image.origin.uri
    here = image.sha256 is not None or is_fetched_here(address, workflow.preparation)
    return address if here else None


def _found(
    workflow: Workflow, case: CaseImages, image: Image, address: str, download: Download
) -> Found:
    source = source_of("web", address, image.role, workflow.preparation, download, image.sha256)
    (candidate,) = source.list(workflow.path.parent)
    found = source.read(candidate, image.name)
    if isinstance(found, UnreadableImage) and workflow.dataset and case.row_line is not None:
        return in_the_table(found, case.row_line, workflow.dataset)
    return found


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
