"""Things with a place: what a reference leads to, and how well things lie on one another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runner.roles import CaseResults
from runner.text.detections import detections_of, has_place, images_of
from runner.text.lookup import PLACES, Missing, unusable
from runner.values.geometry import Box, PixelBox, Size
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage
from runner.values.truth import Cell, NoTruth, Things

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    from runner.postprocess.rle import Runs

    Matrix = NDArray[float64]

Place = Literal["box", "point", "polygon", "mask"]

SMALL = 20 / 1000
"""A side of less than this part of the image is small: the grid of the model's numbers shows."""

EASED = 0.9
"""Of a small thing so much is needed of the best overlap that the grid allows (measured with
simulated perfect answers: 0.84 at 5/1000 of a side, 0.95 at 20)."""

ROUNDING = "a small thing counts from a lower overlap: whole numbers from 0 to 1000 fit no better"


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing and the image that it is on: its role and name, and what is known of its size."""

    thing: Detection
    image: tuple[str, str]
    size: Size | None
    window: PixelBox | None = None

    @property
    def label(self) -> str | None:
        """The label as it is compared: capital letters and ways to write an accent do not matter."""
        label = self.thing.label
        return None if label is None else plain_label(label)

    @property
    def is_crowd(self) -> bool:
        """A region of many things that nobody has told apart, as COCO files have them: it is neither
        missed nor found, and what is found in it is neither right nor wrong."""
        return self.thing.fields.get("iscrowd") is True

    @property
    def box(self) -> Box | None:
        """Its box, or the one around its outline or mask."""
        thing = self.thing
        if thing.box is not None:
            return thing.box
        if thing.polygon:
            edges = [ring.bounds for ring in thing.polygon]
            return Box(
                min(e.x_min for e in edges), min(e.y_min for e in edges),
                max(e.x_max for e in edges), max(e.y_max for e in edges),
            )  # fmt: skip
        return thing.mask.tight_box if thing.mask else None

    @property
    def runs(self) -> Runs | None:
        """The pixels of its mask, or within its outline; None when it has neither."""
        from runner.postprocess.polygons import rasterised
        from runner.postprocess.rle import decode

        if self.thing.mask is not None:
            return decode(self.thing.mask.rle)
        if self.thing.polygon and self.size is not None:
            return rasterised(self.thing.polygon, self.size)
        return None


def plain_label(label: str) -> str:
    """A label as labels are compared."""
    return unicodedata.normalize("NFC", label).strip().casefold()


def things(reference: Reference, case: CaseResults) -> tuple[Placed, ...] | Missing:
    """The things that `find.boxes` or `truth.things.masks` leads to, in one case."""
    if reference.root == "truth":
        return _there(reference.path, case)
    result = case.steps.get(reference.root)
    if result is None:
        return Missing(f"{reference.root} has no result", "not_run")
    return unusable(result) or _of_result(result, reference.path)


def place_of(reference: Reference, *placed: Iterable[Placed]) -> Place | None:
    """By what things are compared: what the reference names, or else the first of box, mask,
    outline and point that all of them have; None when there is none."""
    if reference.path and reference.path[-1] in PLACES:
        return PLACES[reference.path[-1]]  # type: ignore[return-value]  # the literal words
    everything = [each.thing for those in placed for each in those]
    names = ("boxes", "masks", "polygons", "points")
    kinds = (name for name in names if all(has_place(each, name) for each in everything))
    kind = next(kinds, None)
    return None if kind is None else PLACES[kind]  # type: ignore[return-value]


def overlaps(there: Sequence[Placed], found: Sequence[Placed], place: Place) -> Matrix | str:
    """How well everything there (rows) and everything found (columns) fit, 0–1: of boxes and masks
    the intersection over union, of points 1 for those that lie in the thing. Things on different
    images never fit. A sentence says why they cannot be compared.
    """
    import numpy as np

    ious = np.zeros((len(there), len(found)))
    images = {each.image for each in there} & {each.image for each in found}
    for image in images:
        rows = [n for n, each in enumerate(there) if each.image == image]
        columns = [n for n, each in enumerate(found) if each.image == image]
        part = _overlaps([there[n] for n in rows], [found[n] for n in columns], place)
        if isinstance(part, str):
            return part
        ious[np.ix_(rows, columns)] = part
    return ious


def crowded(
    crowds: Sequence[Placed], found: Sequence[Placed], place: Place, by_label: bool
) -> tuple[float, ...]:
    """How much of each thing found lies in a crowd, 0–1, `by_label` in one of its label; of a point
    all or nothing. (So COCO compares them, instead of intersection over union.)"""
    return tuple(
        max(
            (
                _share_in(crowd, each, place)
                for crowd in crowds
                if crowd.image == each.image and (crowd.label == each.label or not by_label)
            ),
            default=0.0,
        )
        for each in found
    )


def comparable(one: Sequence[Placed], other: Sequence[Placed]) -> bool:
    """Whether labels are compared: not when no thing on one of the sides has one."""
    return all(not side or any(each.label for each in side) for side in (one, other))


def least(there: Placed, place: Place, iou: float) -> float:
    """The overlap that a thing needs: `iou`, or less where a small box cannot reach it because what
    is found has whole numbers from 0 to 1000."""
    box, size = there.box, there.size
    if place != "box" or box is None or size is None:
        return iou
    frame = there.window or size.box
    if box.width >= SMALL * frame.width and box.height >= SMALL * frame.height:
        return iou
    x, y = frame.width / 1000, frame.height / 1000
    rounded = Box(
        _on_grid(box.x_min, frame.x_min, x), _on_grid(box.y_min, frame.y_min, y),
        _on_grid(box.x_max, frame.x_min, x), _on_grid(box.y_max, frame.y_min, y),
    )  # fmt: skip
    if not rounded.area:
        rounded = Box(
            rounded.x_min, rounded.y_min,
            max(rounded.x_max, rounded.x_min + x), max(rounded.y_max, rounded.y_min + y),
        )  # fmt: skip
    return min(iou, EASED * box.iou(rounded))


def _on_grid(edge: float, corner: float, step: float) -> float:
    """The nearest line of a grid that begins at a corner of what the model saw."""
    return corner + round((edge - corner) / step) * step


def shown_thing(each: Placed) -> str:
    """`cup at [10, 20, 30, 40]`: a thing in a sentence."""
    name = each.thing.label or "one"
    point, box = each.thing.point, each.box
    edges = box.as_list() if box else point.as_list() if point else []
    return f"{name} at [{', '.join(f'{edge:.0f}' for edge in edges)}]"


def _overlaps(there: Sequence[Placed], found: Sequence[Placed], place: Place) -> Matrix | str:
    from runner.measures.matching import box_ious

    if place == "point":
        return _hits(there, found)
    if place == "box":
        sides = [[each.box for each in side] for side in (there, found)]
        if any(box is None for side in sides for box in side):
            return "a thing has no box to compare"
        return box_ious(*[[box.as_list() for box in side if box] for side in sides])
    from runner.postprocess.regions import ious

    masks = [[each.runs for each in side] for side in (there, found)]
    if any(runs is None for side in masks for runs in side):
        return f"a thing has no mask or outline to compare a {_WORDS[place]} with"
    rows, columns = [[runs for runs in side if runs is not None] for side in masks]
    if len({runs.size for runs in (*rows, *columns)}) > 1:
        return "masks of different sizes cannot be compared"
    return ious(rows, columns)


_WORDS: Mapping[Place, str] = {
    "box": "box", "point": "point", "polygon": "outline", "mask": "mask"
}  # fmt: skip


def _hits(there: Sequence[Placed], found: Sequence[Placed]) -> Matrix | str:
    import numpy as np

    hits = np.zeros((len(there), len(found)))
    for row, thing in enumerate(there):
        runs = thing.runs
        if runs is None and thing.box is None:
            return "a point lies in a box, an outline or a mask, and a thing that is there has none"
        for column, each in enumerate(found):
            if each.thing.point is None:
                return "a thing that was found has no point"
            hits[row, column] = _lies_in(each, thing, runs)
    return hits


def shared_area(one: Box, other: Box) -> float:
    """The area that two boxes have in common, in square pixels."""
    width = min(one.x_max, other.x_max) - max(one.x_min, other.x_min)
    height = min(one.y_max, other.y_max) - max(one.y_min, other.y_min)
    return max(0.0, width) * max(0.0, height)


def shared_pixels(one: Placed, other: Placed) -> int:
    """The pixels that two masks or outlines have in common."""
    from runner.postprocess.regions import intersection

    runs = one.runs, other.runs
    if runs[0] is None or runs[1] is None or runs[0].size != runs[1].size:
        return 0
    return intersection(runs[0], runs[1]).area


def _share_in(crowd: Placed, each: Placed, place: Place) -> float:
    if place == "point":
        return float(_lies_in(each, crowd, crowd.runs))
    if place == "box":
        boxes = crowd.box, each.box
        if boxes[0] is None or boxes[1] is None or not boxes[1].area:
            return 0.0
        return shared_area(boxes[0], boxes[1]) / boxes[1].area
    runs = each.runs
    return shared_pixels(crowd, each) / runs.area if runs and runs.area else 0.0


def _lies_in(each: Placed, thing: Placed, runs: Runs | None) -> bool:
    point, box = each.thing.point, thing.box
    if point is None:
        return False
    if runs is not None:
        x, y = point.on_pixel(runs.size)
        position = x * runs.size.height + y
        at = int(runs.starts.searchsorted(position, side="right")) - 1
        return at >= 0 and position < int(runs.stops[at])
    return (
        box is not None and box.x_min <= point.x <= box.x_max and box.y_min <= point.y <= box.y_max
    )


def _of_result(result: Result, path: Sequence[str]) -> tuple[Placed, ...]:
    found = detections_of(result, path)
    return tuple(_placed(each, result.images) for each in found)


def _there(path: Sequence[str], case: CaseResults) -> tuple[Placed, ...] | Missing:
    name, *rest = path
    match case.truth.get(name):
        case None:
            return Missing(f"there is no truth.{name}", "no_truth")
        case NoTruth(why):
            return Missing(f"truth.{name} is not known: {why}", "no_truth")
        case Cell():
            return Missing(f"truth.{name} is a cell of the table, without a place", "no_truth")
        case Result() as result:
            missing = unusable(result)
            if missing is not None:
                return Missing(f"truth.{name} is not known: {missing.why}", "no_truth")
            return _of_result(result, rest)
        case Things(found, keypoints):
            if rest and rest[0] in PLACES:
                found = tuple(each for each in (*found, *keypoints) if has_place(each, rest[0]))
            images = images_of(case.steps)
            return tuple(_placed(each, images) for each in found)


def _placed(thing: Detection, images: Sequence[ResultImage]) -> Placed:
    if not 0 <= thing.image < len(images):
        return Placed(thing, ("", ""), None)
    image = images[thing.image]
    return Placed(thing, (image.role, image.name), image.size, image.window)
