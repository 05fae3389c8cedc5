"""Answers as the page shows them: what came of one step of one case, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.exporters.palette import Palette
from runner.report.html.things import brief, cut, entries, spelled, things
from runner.text.words import money
from runner.values.geometry import Size
from runner.values.result import USABLE, Detection, Result, ResultImage
from runner.values.truth import Cell, NoTruth, Things, Truth

if TYPE_CHECKING:
    from runner.values.answer import Json

ERROR = 600
"""Letters of what went wrong that are shown."""

Key = tuple[str, int]


@dataclass(slots=True)
class Images:
    """The images of a page, each once, by the number that answers call them by."""

    found: list[ResultImage] = field(default_factory=list)
    _numbers: dict[Key, int] = field(default_factory=dict)

    def number(self, image: ResultImage) -> int:
        """The number of an image; the same content in the same frame is the same image."""
        key = image.sha256 or image.path or image.name, image.frame
        if key not in self._numbers:
            self._numbers[key] = len(self.found)
            self.found.append(image)
        return self._numbers[key]


Effort = tuple[int, float]
"""Attempts, 0 when the answer was stored; and seconds."""


def answer_data(
    result: Result,
    images: Images,
    palette: Palette,
    truths: Mapping[str, Truth],
    effort: Effort | None = None,
    images_of_case: Sequence[ResultImage] = (),
) -> dict[str, Json]:
    """One answer. Images are told by their numbers on the page, and things by the number of their
    image among those of the answer; what is right is told of `images_of_case`."""
    sizes = [image.size for image in result.images]
    where = {number: number for number in range(len(result.images))}
    told: dict[str, Json] = {
        "step": result.step,
        "repeat": result.repeat,
        "status": result.status,
        "images": [_image(result, n, images) for n in range(len(result.images))],
        "things": things(result.detections, sizes, palette, where),
        "count": len(result.detections),
    }
    if result.error:
        told["error"] = cut(result.error, ERROR)
    if result.status in USABLE or result.answer is not None:
        told["answer"] = spelled(result.answer)
    if result.entries:
        told["entries"] = entries(result, where)
    if result.issues:
        told["issues"] = [issue.why or issue.code for issue in result.issues[:20]]
    places = _places(images_of_case, result)
    all_sizes = [image.size for image in images_of_case]
    right = [_right(name, truth, all_sizes, palette, places) for name, truth in truths.items()]
    if right:
        told["truth"] = [*right]
    return told | _effort(result, effort)


def _places(theirs: Sequence[ResultImage], result: Result) -> dict[int, int]:
    """Where the images of the case stand among those of an answer."""
    mine = {(image.role, image.name): n for n, image in enumerate(result.images)}
    found = {n: mine.get((image.role, image.name)) for n, image in enumerate(theirs)}
    return {n: place for n, place in found.items() if place is not None}


def shown_right(truth: Truth) -> Sequence[Detection]:
    """The places that a truth tells."""
    match truth:
        case Things(found):
            return found
        case Result() as right:
            return right.detections
    return ()


def row_data(row: Mapping[str, object]) -> dict[str, Json]:
    """The row of a table that a case was made of."""
    return {str(name): brief(value) for name, value in row.items()}


def _image(result: Result, number: int, images: Images) -> Json:
    image = result.images[number]
    told: dict[str, Json] = {"image": images.number(image)}
    if len(result.images) > 1:
        told["title"] = result.image_title(number)
    if image.window is not None:
        told["window"] = [*image.window.as_list()]
    return told


def _right(
    name: str,
    truth: Truth,
    sizes: Sequence[Size | None],
    palette: Palette,
    where: Mapping[int, int],
) -> Json:
    told: dict[str, Json] = {"name": name}
    match truth:
        case Cell(value):
            told["text"] = brief(value)
        case NoTruth(why):
            told["why"] = why
        case _:
            right = shown_right(truth)
            told["things"] = things(right, sizes, palette, where)
            told["count"] = len(right)
    return told


def _effort(result: Result, effort: Effort | None) -> dict[str, Json]:
    told: dict[str, Json] = {}
    if result.model:
        told["model"] = result.model
    if result.cost_usd is not None:
        told["cost"], told["usd"] = money(result.cost_usd), result.cost_usd
    if result.usage:
        told["tokens"] = {kind: count for kind, count in result.usage.items() if count}
    if effort is not None:
        told["attempts"], told["seconds"] = effort[0], round(effort[1], 2)
    return told
