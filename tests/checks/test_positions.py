"""Things are where a check says: inside, beside, above, over; and each of them is one that is there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from runner.checks.that import That
from runner.postprocess.masks import mask_of
from runner.postprocess.rle import from_bits
from runner.roles import CaseResults
from runner.values.geometry import Box, Point, Polygon, Size
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage
from runner.values.truth import NoTruth, Things

SIZE = Size(100, 50)
IMAGE = ResultImage("a.png", "image", "a.png", SIZE, 1, None)


def box(label: str, *edges: float) -> Detection:
    return Detection(at="boxes[0]", label=label, box=Box(*edges))


def point(x: float, y: float) -> Detection:
    return Detection(at="points[0]", label="dot", point=Point(x, y))


def masked(x: int, y: int, wide: int, high: int) -> Detection:
    bits = np.ones((high, wide), dtype=bool)
    return Detection(at="masks[0]", label="blob", mask=mask_of(from_bits(bits, x, y, SIZE), "png"))


def result(step: str, *found: Detection, images: tuple[ResultImage, ...] = (IMAGE,)) -> Result:
    return Result(0, "a", step, {}, 1, images, "ok", None, found)


def judged(
    that: str,
    found: Sequence[Detection],
    others: Sequence[Detection],
    images: tuple[ResultImage, ...] = (IMAGE,),
    **how: object,
) -> str:
    steps = {
        "find": result("find", *found, images=images),
        "table": result("table", *others, images=images),
    }
    case = CaseResults(
        "a", 1, {}, steps, {}, {}, {"things": Things(tuple(others)), "none": NoTruth("no line")}
    )
    verdict = That(Reference.parse(that), **how).judge_case(case)  # type: ignore[arg-type]
    return (
        "holds"
        if verdict.passed
        else f"{'not judged' if verdict.passed is None else 'fails'}: {verdict.why}"
    )


TABLE = Reference.parse("table.boxes")
CUP, PLATE = box("cup", 10, 10, 20, 20), box("plate", 0, 5, 50, 45)

PLACES: list[tuple[str, Sequence[Detection], Sequence[Detection], dict[str, object], str]] = [
    ("boxes", [CUP], [PLATE], {"inside": TABLE}, "holds"),
    ("boxes", [PLATE], [CUP], {"inside": TABLE}, "fails: find.boxes: plate at [0, 5, 50, 45] is not inside table.boxes"),
    ("boxes", [CUP], [box("x", 60, 0, 90, 9), PLATE], {"inside": TABLE}, "holds"),
    ("boxes", [CUP], [box("x", 10, 11, 50, 50)], {"inside": TABLE}, "holds"),
    ("boxes", [CUP], [box("x", 10, 12, 50, 50)], {"inside": TABLE}, "fails: find.boxes: cup at [10, 10, 20, 20] is not inside table.boxes"),
    ("boxes", [], [PLATE], {"inside": TABLE}, "not judged: find.boxes is empty: there is nothing to judge"),
    ("boxes", [], [PLATE], {"inside": TABLE, "is_empty": True}, "holds"),
    ("boxes", [CUP], [], {"inside": TABLE}, "fails: there is nothing in table.boxes, so nothing of find.boxes is inside it"),
    ("boxes", [CUP], [], {"inside": ("0%", "0%", "20%", "40%")}, "holds"),
    ("boxes", [CUP, PLATE], [], {"inside": (0, 0, 20, "40%")}, "fails: find.boxes: plate at [0, 5, 50, 45] is not inside [0, 0, 20, 40%]"),
    ("points", [point(10, 10)], [PLATE], {"inside": TABLE}, "holds"),
    ("points", [point(60, 10)], [PLATE], {"inside": TABLE}, "fails: find.points: dot at [60, 10] is not inside table.boxes"),
    ("points", [point(12, 12)], [masked(10, 10, 5, 5)], {"inside": Reference.parse("table.masks")}, "holds"),
    ("points", [point(16, 12)], [masked(10, 10, 5, 5)], {"inside": Reference.parse("table.masks")}, "fails: find.points: dot at [16, 12] is not inside table.masks"),
    ("masks", [masked(10, 10, 5, 5)], [masked(10, 10, 5, 5)], {"inside": Reference.parse("table.masks")}, "holds"),
    ("masks", [masked(10, 10, 5, 5)], [masked(0, 0, 5, 5)], {"overlaps": Reference.parse("table.masks")}, "fails: find.masks: blob at [10, 10, 15, 15] is not over table.masks"),
    ("boxes", [CUP], [PLATE], {"overlaps": TABLE}, "holds"),
    ("boxes", [CUP], [box("x", 20, 10, 30, 20)], {"overlaps": TABLE}, "fails: find.boxes: cup at [10, 10, 20, 20] is not over table.boxes"),
    ("boxes", [CUP], [PLATE], {"left_of": TABLE}, "holds"),
    ("boxes", [CUP], [PLATE], {"right_of": TABLE}, "fails: find.boxes: cup at [10, 10, 20, 20] is not to the right of table.boxes"),
    ("boxes", [CUP], [PLATE], {"above": TABLE}, "holds"),
    ("boxes", [CUP], [PLATE], {"below": TABLE}, "fails: find.boxes: cup at [10, 10, 20, 20] is not below table.boxes"),
    ("boxes", [CUP], [PLATE, box("x", 0, 0, 8, 8)], {"left_of": TABLE}, "fails: find.boxes: cup at [10, 10, 20, 20] is not to the left of table.boxes"),
    ("boxes", [CUP], [PLATE], {"right_of": ("0%", "0%", "20%", "100%")}, "holds"),
    ("boxes", [CUP], [PLATE], {"inside": Reference.parse("truth.none")}, "not judged: truth.none is not known: no line"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "found", "others", "how", "said"), PLACES)
def test_things_are_where_a_check_says(
    what: str,
    found: Sequence[Detection],
    others: Sequence[Detection],
    how: dict[str, object],
    said: str,
) -> None:
    """Of a box or mask 90 % lie inside; to the left, right, above and below go from middle to middle."""
    if what == "points":
        assert judged("find.points", found, others, **how) == said
    else:
        assert judged(f"find.{what}", found, others, **how) == said


SAME = {"same_as": Reference.parse("truth.things"), "iou": 0.5}
FITS: list[tuple[Sequence[Detection], Sequence[Detection], str]] = [
    ([], [], "holds"),
    ([CUP, PLATE], [PLATE, CUP], "holds"),
    ([box("Cup", 10, 10, 20, 19)], [CUP], "holds"),
    ([box("mug", 10, 10, 20, 20)], [CUP], "fails: find.boxes: 1 of 1 in truth.things not found: cup at [10, 10, 20, 20] (the best overlap is 1.00); 1 found that is not there: mug at [10, 10, 20, 20] (the best overlap is 1.00)"),
    ([CUP, CUP], [CUP], "fails: find.boxes: 1 found that is not there: cup at [10, 10, 20, 20] (the best overlap is 1.00)"),
    ([CUP], [CUP, PLATE], "fails: find.boxes: 1 of 2 in truth.things not found: plate at [0, 5, 50, 45] (the best overlap is 0.05)"),
    ([box("cup", 10, 10, 20, 14)], [CUP], "fails: find.boxes: 1 of 1 in truth.things not found: cup at [10, 10, 20, 20] (the best overlap is 0.40); 1 found that is not there: cup at [10, 10, 20, 14] (the best overlap is 0.40)"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "there", "said"), FITS)
def test_everything_that_is_there_is_found_once_and_nothing_else(
    found: Sequence[Detection], there: Sequence[Detection], said: str
) -> None:
    """`same_as: truth.boxes` with `iou`: one for one, of the same label."""
    assert judged("find.boxes", found, there, **SAME) == said


def test_what_lies_in_a_crowd_is_neither_missed_nor_too_much() -> None:
    """A region of a COCO file in which nobody has told things apart."""
    crowd = Detection(at="", label="cup", box=Box(50, 0, 100, 50), fields={"iscrowd": True})
    many = [CUP, box("cup", 60, 10, 70, 20), box("cup", 80, 10, 90, 20)]
    how = {"same_as": Reference.parse("truth.things"), "iou": 0.5}
    assert judged("find.boxes", many, [CUP, crowd], **how) == "holds"  # type: ignore[arg-type]
    assert judged("find.boxes", many, [CUP], **how).startswith("fails")  # type: ignore[arg-type]
    assert judged("find.boxes", [], [crowd], **how) == "holds"  # type: ignore[arg-type]


def on(image: int, *edges: float) -> Detection:
    return Detection(at="boxes[0]", label="cup", box=Box(*edges), image=image)


LEFT = [on(0, 0, 0, 10, 10), on(1, 0, 0, 10, 10)]
RIGHT = [on(0, 60, 0, 70, 10), on(1, 80, 0, 90, 10)]
TWO_IMAGES: list[tuple[list[Detection], list[Detection], str]] = [
    (LEFT, RIGHT, "holds"),
    (RIGHT, LEFT, "fails: find.boxes: cup at [60, 0, 70, 10] is not to the left of table.boxes (and 1 more)"),
    (LEFT, [RIGHT[0], on(1, 0, 0, 4, 10)], "fails: find.boxes: cup at [0, 0, 10, 10] is not to the left of table.boxes"),
    (LEFT, RIGHT[:1], "fails: find.boxes: cup at [0, 0, 10, 10] is not to the left of table.boxes"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "others", "outcome"), TWO_IMAGES)
def test_things_are_beside_those_on_the_same_image(
    found: list[Detection], others: list[Detection], outcome: str
) -> None:
    """What lies on another image is neither left nor right of it; with none on its own it fails."""
    second = ResultImage("b.png", "after", "b.png", SIZE, 1, None)
    assert judged("find.boxes", found, others, images=(IMAGE, second), left_of=TABLE) == outcome
    if outcome == "holds":
        region = {"left_of": ("50%", "0%", "100%", "100%")}
        assert judged("find.boxes", found, [], images=(IMAGE, second), **region) == "holds"


def test_the_area_of_a_thing_is_its_share_of_the_image() -> None:
    """That of its mask, or its outline, or its box; also of the truth."""
    ring = Polygon((Point(0, 0), Point(50, 0), Point(50, 50)))
    outline = Detection(at="boxes[0]", label="a", polygon=(ring,), box=Box(0, 0, 50, 50))
    for things, area in (([PLATE], 0.4), ([masked(0, 0, 10, 5)], 0.01), ([outline], 0.25)):
        name = "masks" if things[0].mask else "boxes"
        for that in (f"find.{name}.area", "truth.things.area"):
            exact = {"at_least": area, "at_most": area}
            assert judged(that, things, things, **exact) == "holds"
    assert judged("find.boxes.area", [CUP, PLATE], [], at_most=0.3) == (
        "fails: entry 2 of find.boxes.area is 0.4, expected at most 0.3"
    )
