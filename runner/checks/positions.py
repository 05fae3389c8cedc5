"""Where things are: inside something, to the left of it, above it, over it; and whether each of them
is one of those that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.checks.things import (
    Placed,
    comparable,
    crowded,
    least,
    overlaps,
    place_of,
    shared_area,
    shared_pixels,
    shown_thing,
)
from runner.measures.matching import matches
from runner.values.geometry import Box, Point
from runner.values.reference import Reference
from runner.values.result import Detection

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Matrix = NDArray[float64]

INSIDE = 0.9
"""Something is inside when so much of it is: a model is off by a few thousandths of the image."""

Region = Sequence[float | str]
"""`[x_min, y_min, x_max, y_max]` in pixels, or in percents of the image's sides as texts."""

Holds = Callable[[Placed, Placed], bool]


@dataclass(frozen=True, slots=True)
class Relation:
    """`words` stand before what it is compared with. `all`: it must hold for each of those things
    on the same image; otherwise one of them is enough."""

    holds: Holds
    words: str
    all: bool = False


def misplaced(
    name: str, that: Reference, found: Sequence[Placed], others: Sequence[Placed], to: str
) -> str | None:
    """What is wrong with the position of the first thing that is elsewhere; None when all are where
    they should be. `to` is what they are compared with, in words."""
    relation = RELATIONS[name]
    if found and not others:
        return f"there is nothing in {to}, so nothing of {that} is {relation.words} it"
    wrong = [each for each in found if not _holds(relation, each, others)]
    if not wrong:
        return None
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return f"{that}: {shown_thing(wrong[0])} is not {relation.words} {to}{more}"


def region(written: Region, like: Placed) -> Placed | None:
    """A region as a thing on the image of another; None when the size of that is not known."""
    if like.size is None:
        return None
    sides = (like.size.width, like.size.height) * 2
    edges = [_edge(each, side) for each, side in zip(written, sides, strict=True)]
    return Placed(Detection(at="", box=Box(*edges)), like.image, like.size, like.window)


def misfit(
    that: Reference, found: Sequence[Placed], there: Sequence[Placed], other: Reference, iou: float
) -> str | None:
    """What is wrong when everything that is there should be found, one for one, and nothing else."""
    import numpy as np

    if not there and not found:
        return None
    place = place_of(that, found, there) or place_of(that, found) or "box"
    by_label = comparable(there, found)
    in_crowds = crowded([each for each in there if each.is_crowd], found, place, by_label)
    there = [each for each in there if not each.is_crowd]
    ious = overlaps(there, found, place)
    if isinstance(ious, str):
        return f"{that} cannot be compared with {other}: {ious}"
    if by_label:
        differs = np.array([[a.label != b.label for b in found] for a in there], dtype=bool)
        fitting = np.where(differs.reshape(ious.shape), 0.0, ious)
    else:
        fitting = ious
    pairs = matches(fitting, [least(each, place, iou) for each in there])
    met, used = {pair.there for pair in pairs}, {pair.found for pair in pairs}
    missed = [n for n in range(len(there)) if n not in met]
    over = [n for n in range(len(found)) if n not in used and in_crowds[n] < iou]
    said = [f"{len(missed)} of {len(there)} in {other} not found: {_nearest(there, missed, ious, 1)}"
            ] if missed else []  # fmt: skip
    if over:
        said.append(
            f"{len(over)} found that {_are(len(over))} not there: {_nearest(found, over, ious, 0)}"
        )
    return f"{that}: {'; '.join(said)}" if said else None


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _nearest(side: Sequence[Placed], places: Sequence[int], ious: Matrix, axis: int) -> str:
    """The first of those without a partner, and how near the nearest comes."""
    first = places[0]
    row = ious[first] if axis == 1 else ious[:, first]
    best = float(row.max()) if row.size else 0.0
    near = f" (the best overlap is {best:.2f})" if best else ""
    return f"{shown_thing(side[first])}{near}"


def _holds(relation: Relation, each: Placed, others: Sequence[Placed]) -> bool:
    """Of those on the same image; with none there it does not hold."""
    several = all if relation.all else any
    near = [other for other in others if other.image == each.image]
    return bool(near) and several(relation.holds(each, other) for other in near)


def _edge(written: float | str, side: int) -> float:
    if isinstance(written, str):
        return float(written.strip().removesuffix("%")) / 100 * side
    return float(written)


def _middle(each: Placed) -> Point:
    if each.thing.point is not None:
        return each.thing.point
    box = each.box or Box(0, 0, 0, 0)
    return Point((box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2)


def _inside(each: Placed, other: Placed) -> bool:
    """A point lies in it; of a box or mask at least 90 % lie in it."""
    if each.thing.point is not None or not each.box or not each.box.area:
        point = Placed(Detection(at="", point=_middle(each)), each.image, each.size)
        ious = overlaps([other], [point], "point")
        return not isinstance(ious, str) and bool(ious[0, 0])
    if _have_pixels(each, other):
        return shared_pixels(each, other) >= INSIDE * _area(each)
    if other.box is None:
        return False
    return shared_area(each.box, other.box) >= INSIDE * each.box.area


def _overlaps(each: Placed, other: Placed) -> bool:
    if each.thing.point is not None:
        return _inside(each, other)
    if _have_pixels(each, other):
        return shared_pixels(each, other) > 0
    return bool(each.box and other.box and shared_area(each.box, other.box))


def _have_pixels(each: Placed, other: Placed) -> bool:
    """Whether both are masks or outlines; a region and a box are boxes."""
    return all(one.thing.mask or one.thing.polygon for one in (each, other))


def _area(each: Placed) -> int:
    runs = each.runs
    return runs.area if runs else 0


RELATIONS: Mapping[str, Relation] = {
    "inside": Relation(_inside, "inside"),
    "overlaps": Relation(_overlaps, "over"),
    "left_of": Relation(lambda a, b: _middle(a).x < _middle(b).x, "to the left of", all=True),
    "right_of": Relation(lambda a, b: _middle(a).x > _middle(b).x, "to the right of", all=True),
    "above": Relation(lambda a, b: _middle(a).y < _middle(b).y, "above", all=True),
    "below": Relation(lambda a, b: _middle(a).y > _middle(b).y, "below", all=True),
}
"""Every relation by its word; to the left, right, above and below from middle to middle."""
