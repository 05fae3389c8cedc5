"""Passing: which way each image of a plan travels, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Literal

from runner.catalogue import catalogue
from runner.sources.counted import Counted
from runner.stages.gather import gather
from runner.stages.listing import is_fetched_here, unopened
from runner.values.image import Image, WebOrigin
from runner.values.passing import FEWEST_USES, Why, length_of_rest, likely_bytes, uploads
from runner.values.request import Request
from runner.workflow.spec import AskStep, Workflow

Way = Literal["inline", "files", "uri", "fetched"]
"""Within the request, as an uploaded file, as its web address, or downloaded here before one of the
first two: how large it is, is known then."""


@dataclass(frozen=True, slots=True)
class Travel:
    """So many different images that travel the same way for the same reason, and about how many
    bytes they have."""

    way: Way
    why: Why | None
    images: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Travels:
    """Counts the images of requests, each of them once. An image that travels with one request and
    is uploaded for another counts as it was met first."""

    workflow: Workflow
    _uses: Callable[[Image], int]
    _counts: dict[tuple[Way, Why | None], Travel] = field(default_factory=dict)
    _met: Counted = field(default_factory=Counted)

    @classmethod
    def of(cls, workflow: Workflow) -> Travels:
        """Of a workflow, nothing counted yet."""
        return cls(workflow, uses_of(workflow))

    def add(self, request: Request) -> None:
        """Counts the images of a request that is to be sent."""
        if self.workflow.preparation.upload == "inline":
            return  # nobody wants to know: it is as always
        for image, way, why in self._ways(request):
            if self._met.add(image.digest) > 1:
                continue
            old = self._counts.get((way, why), Travel(way, why))
            size = old.bytes + likely_bytes(image)
            self._counts[way, why] = Travel(way, why, old.images + 1, size)

    def uploaded(self, request: Request) -> frozenset[str]:
        """The digests of the images of a request that travel as files."""
        return frozenset(image.digest for image, way, _ in self._ways(request) if way == "files")

    def counted(self) -> tuple[Travel, ...]:
        """What was counted; empty when all images travel as they always do."""
        return tuple(self._counts.values())

    def _ways(self, request: Request) -> Iterator[tuple[Image, Way, Why | None]]:
        preparation = self.workflow.preparation
        here = [image for image in request.sent_images if not isinstance(image.origin, WebOrigin)]
        sizes = [(likely_bytes(image), self._uses(image)) for image in here]
        most, rest = catalogue().safe_bytes_per_request, length_of_rest(request)
        in_batch = self.workflow.run.mode == "batch"  # then all lies in its file
        how = "inline" if in_batch else preparation.upload
        for image, why in zip(here, uploads(how, sizes, rest, most), strict=True):
            yield image, "files" if why else "inline", why
        for image in request.sent_images:
            if isinstance(image.origin, WebOrigin):
                fetched = image.sha256 or is_fetched_here(image.origin.uri, preparation)
                yield image, "fetched" if fetched else "uri", None


def uses_of(workflow: Workflow) -> Callable[[Image], int]:
    """How many requests of a run send an image: each step that takes it, in every combination, as
    often as the run repeats it. An image that goes with every case, or is in an example, is sent as
    often as there are cases; the entries of a list that a step is run for, which nobody has counted
    yet, are taken for three.
    """
    times = len(workflow.combinations) * workflow.run.repeat
    shown: Counter[str | None] = Counter()  # of each image of an example, in every case
    for step in workflow.asks:
        for image in (image for example in step.examples for image in example.images):
            shown[image.sha256] += _entries(step)
    with_all = {images.role for images in workflow.images if images.is_with_every_case}
    if len(with_all) == len(workflow.images):  # there is one case
        with_all = set()

    @cache
    def all_cases() -> int:
        return _count_cases(workflow)

    def uses(image: Image) -> int:
        if image.sha256 in shown:
            return times * shown[image.sha256] * all_cases()
        cases = all_cases() if image.role in with_all else 1
        return times * cases * sum(_takes(step, image.role) for step in workflow.asks)

    return uses


MOST_COUNTED = 1000
"""With so many cases any image that is in all of them is better uploaded."""


def _count_cases(workflow: Workflow) -> int:
    """How many cases a workflow has, at most `MOST_COUNTED`; no image is opened."""
    cases = gather(workflow, read=unopened)
    return sum(1 for _ in islice(cases, min(workflow.run.limit or MOST_COUNTED, MOST_COUNTED)))


def _takes(step: AskStep, role: str) -> int:
    named = sum(wanted.role == role for wanted in step.images) if step.images else 1
    return _entries(step) * named


def _entries(step: AskStep) -> int:
    return 1 if step.for_each is None else FEWEST_USES
