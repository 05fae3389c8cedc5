"""Given away: images of examples that are asked about, too. Told before anything runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runner.sources.inspect import digest
from runner.sources.opening import Unreadable, open_file
from runner.stages.gather import gather
from runner.stages.listing import unopened
from runner.stages.survey import MOST_SECONDS
from runner.values.image import FileOrigin, Image
from runner.values.problem import Place, Problem
from runner.workflow.spec import Workflow


@dataclass(frozen=True, slots=True)
class _Shown:
    """An image of an example."""

    image: Image
    place: Place | None


def given_away(
    workflow: Workflow, clock: Callable[[], float] = time.monotonic
) -> tuple[Problem, ...]:
    """A warning for each image of an example of which the content is also asked about, wherever it
    lies. Only files of the same length are read, as long as `clock` allows."""
    shown = {
        image.sha256: _Shown(image, example.place)
        for step in workflow.asks
        for example in step.examples
        for image in example.images
    }
    lengths = {each.image.byte_count for each in shown.values()}
    found: dict[str, str] = {}
    end = clock() + MOST_SECONDS
    for image in _files(workflow) if shown else ():
        if clock() > end:
            break
        content = _digest(image, lengths, workflow.preparation.within)
        if content is not None and content in shown:
            found.setdefault(content, image.name)
    return tuple(_problem(shown[content], name) for content, name in found.items())


def _files(workflow: Workflow) -> Iterator[Image]:
    """The files that are asked about, none of them opened."""
    for case in gather(workflow, read=unopened):
        for image in case.images:
            if isinstance(image, Image) and isinstance(image.origin, FileOrigin):
                yield image


def _digest(image: Image, lengths: set[int | None], within: Path | None) -> str | None:
    """The SHA-256 of a file that has one of these lengths; None of any other."""
    assert isinstance(image.origin, FileOrigin)
    with suppress(OSError, ValueError, Unreadable):
        if os.stat(image.origin.path).st_size in lengths:
            with open_file(image.origin.path, within) as stream:
                return digest(stream)[0]
    return None


def _problem(shown: _Shown, name: str) -> Problem:
    where = "" if name == shown.image.name else f", as `{name}`"
    message = (
        f"`{shown.image.name}` is an example, and is asked about{where}: its answer is given away"
    )
    fix = "take it out of the images that are asked about, or show another example"
    return Problem("W460", message, shown.place, severity="warning", fix=fix)
