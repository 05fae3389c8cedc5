"""Passing: which way each image of a plan travels, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from runner.catalogue import catalogue
from runner.stages.listing import is_fetched_here
from runner.values.image import Image, WebOrigin
from runner.values.passing import Why, length_of_rest, likely_bytes, uploads
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
    _met: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, workflow: Workflow) -> Travels:
        """Of a workflow, nothing counted yet."""
        return cls(workflow, uses_of(workflow))

    def add(self, request: Request) -> None:
        """Counts the images of a request that is to be sent."""
        if self.workflow.preparation.upload == "inline":
            return  # nobody wants to know: it is as always
        for image, way, why in self._ways(request):
            if (met := hash(image.digest)) in self._met:
                continue
            self._met.add(met)
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
        here = [image for image in request.images if not isinstance(image.origin, WebOrigin)]
        sizes = [(likely_bytes(image), self._uses(image)) for image in here]
        most, rest = catalogue().bytes_per_request, length_of_rest(request)
        for image, why in zip(here, uploads(preparation.upload, sizes, rest, most), strict=True):
            yield image, "files" if why else "inline", why
        for image in request.images:
            if isinstance(image.origin, WebOrigin):
                fetched = image.sha256 or is_fetched_here(image.origin.uri, preparation)
                yield image, "fetched" if fetched else "uri", None


def uses_of(workflow: Workflow) -> Callable[[Image], int]:
    """How many requests of a run send an image: each step that takes it, in every combination, as
    often as the run repeats it. Cases that share an image are not counted together."""
    times = len(workflow.combinations) * workflow.run.repeat

    def uses(image: Image) -> int:
        return times * sum(_takes(step, image.role) for step in workflow.steps)

    return uses


def _takes(step: AskStep, role: str) -> int:
    return sum(wanted.role == role for wanted in step.images) if step.images else 1
