"""A reference finds the same value for checks, outputs and templates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.text.detections import detections_of, entry_at, record_of
from runner.text.lookup import Found, Missing, look_up, part_of, unusable
from runner.values.geometry import Box, Point, Polygon, Size
from runner.values.mask import Mask, Rle
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage

CAT = Detection(at="boxes[0]", label="cat", box=Box(1, 2, 3, 4), fields={"age": 3})
DOG = Detection(at="boxes[1]", label="dog", point=Point(5, 6))
FIND = Result(
    ordinal=0,
    case="a.jpg",
    step="find",
    combination={},
    repeat=1,
    images=(),
    status="ok",
    answer={
        "boxes": [
            {"label": "cat", "box": [1.0, 2.0, 3.0, 4.0], "age": 3},
            {"label": "dog", "point": [5.0, 6.0]},
        ]
    },
    detections=(CAT, DOG),
)
TEXT = replace(FIND, step="say", answer="A cat.", detections=())
RECORD = replace(
    FIND,
    step="read",
    answer={"count": 4, "text": "own", "shop": {"name": "Lidl"}, "tags": ["a"], "empty": None},
    detections=(),
)
LIST = replace(FIND, step="rows", answer=[{"what": "x"}, {"what": "y", "label": "l"}])
STEPS = {result.step: result for result in (FIND, TEXT, RECORD, LIST)}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("find.boxes", FIND.answer["boxes"]),  # type: ignore[index]
        ("find.boxes.count", 2),
        ("find.boxes.labels", ["cat", "dog"]),
        ("find.boxes.age", [3, None]),
        ("find.rows.count", 2),
        ("find.count", 2),
        ("find.points", [{"label": "dog", "point": [5, 6]}]),
        ("find.masks", []),
        ("find.status", "ok"),
        ("find.answer", FIND.answer),
        ("find", FIND.answer),
        ("say.text", "A cat."),
        ("say", "A cat."),
        ("read.count", 4),  # the author's own names come first
        ("read.text", "own"),
        ("read.shop.name", "Lidl"),
        ("read.tags.count", 1),
        ("read.empty", None),
        ("rows.rows.what", ["x", "y"]),
        ("rows.what", ["x", "y"]),
        ("rows.labels", [None, "l"]),
        ("row.label", "ripe"),
        ("row", {"label": "ripe", "deep": {"x": 1}}),
        ("row.deep.x", 1),
        ("vars.limit", 3),
    ],
)
def test_a_reference_finds_a_value(reference: str, value: object) -> None:
    """Parts of answers, lists and their fields, rows and variables."""
    row = {"label": "ripe", "deep": {"x": 1}}
    assert look_up(Reference.parse(reference), STEPS, row, {"limit": 3}) == Found(value)


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("say.boxes.x.y", None),
        ("read.gone", "the answer of read has no `gone`"),
        ("read.shop.gone", "read.shop has no `gone`"),
        ("read.count.gone", "read.count has no `gone`: it is a single value"),
        ("find.text", "the answer of find has no `text`"),
        ("row.gone", "there is no row.gone"),
        ("vars.gone", "there is no vars.gone"),
    ],
)
def test_a_value_that_an_answer_does_not_hold_is_absent(reference: str, why: str | None) -> None:
    """With a sentence that says where the way ended."""
    found = look_up(Reference.parse(reference), STEPS, {}, {})
    assert found == (Found([]) if why is None else Missing(why, "absent"))


def test_the_count_of_masks_is_that_of_the_masks_that_are_there() -> None:
    """A record that has its box and no mask stays in the list and is not counted; a list that an
    author calls `masks` and that holds something else is. Where an image is only seen by the
    service every place is null, and all are counted."""
    records = [
        {"label": "cat", "mask": {"size": [1, 1], "counts": "1"}},
        {"label": "a", "mask": None},
    ]
    found = replace(FIND, answer={"masks": records}, detections=())
    assert part_of(found, ("masks", "count")) == Found(1)
    assert part_of(found, ("masks", "labels")) == Found(["cat", "a"])
    of_faces = replace(found, answer={"masks": [{"colour": "blue"}, {"colour": None}]})
    assert part_of(of_faces, ("masks", "count")) == Found(2)
    unseen = ResultImage("web", "image", None, None, 1, None)
    assert part_of(replace(found, images=(unseen,)), ("masks", "count")) == Found(2)


def test_a_failure_is_never_an_empty_result() -> None:
    """A refused step has no boxes, which is not the same as none; only its status can be read."""
    refused = replace(FIND, status="refused", answer=None, detections=(), error="SAFETY")
    missing = Missing("find was refused: SAFETY", "unusable")
    for part in ("find.boxes", "find.boxes.count", "find", "find.text"):
        assert look_up(Reference.parse(part), {"find": refused}, {}, {}) == missing
    status = look_up(Reference.parse("find.status"), {"find": refused}, {}, {})
    assert status == Found("refused")
    assert unusable(replace(FIND, status="partial")) is None
    assert unusable(replace(FIND, status="not_run")) == Missing("find did not run", "not_run")


def test_the_complete_items_of_a_cut_off_answer_can_be_saved_but_not_judged() -> None:
    """Outputs take the part, whatever the status; checks go through `look_up`."""
    cut = replace(FIND, status="truncated")
    assert part_of(cut, ("boxes", "count")) == Found(2)
    found = look_up(Reference.parse("find.boxes.count"), {"find": cut}, {}, {})
    assert found == Missing("find was cut off", "unusable")


def test_an_answer_that_found_nothing_is_an_empty_text_and_an_empty_list() -> None:
    """Also when the answer itself was kept as nothing."""
    empty = replace(FIND, status="empty", answer=None, detections=())
    assert part_of(empty, ("text",)) == Found("")
    assert part_of(empty, ("boxes", "count")) == Found(0)
    assert part_of(empty, ("rows",)) == Found([])


def test_detections_are_narrowed_by_the_authors_list_or_by_their_kind() -> None:
    """`find.boxes` is the author's list here; `find.points` are those that have a point."""
    assert detections_of(FIND, ()) == (CAT, DOG)
    assert detections_of(FIND, ("rows",)) == (CAT, DOG)
    assert detections_of(FIND, ("boxes",)) == (CAT, DOG)
    assert detections_of(FIND, ("points",)) == (DOG,)
    assert detections_of(FIND, ("masks",)) == ()
    two = replace(
        FIND, answer={"shelf": [], "shelf_2": []}, detections=(replace(CAT, at="shelf[0]"),)
    )
    assert detections_of(two, ("shelf_2",)) == ()
    assert detections_of(two, ("shelf",)) == (replace(CAT, at="shelf[0]"),)


def test_a_detection_is_a_record_of_plain_values() -> None:
    """Label, geometry in pixels, then the record's other values."""
    everything = Detection(
        at="x[0]",
        label="leaf",
        box=Box(0, 0, 2, 2),
        point=Point(1, 1),
        polygon=(Polygon((Point(0, 0), Point(2, 0), Point(1, 2))),),
        mask=Mask("png", Rle(Size(2, 3), "06"), 6, Box(0, 0, 2, 3)),
        box_3d=(1.0, 2.0),
        score=0.5,
        fields={"colour": "green"},
    )
    assert record_of(everything) == {
        "label": "leaf",
        "box": [0, 0, 2, 2],
        "point": [1, 1],
        "polygon": [[[0, 0], [2, 0], [1, 2]]],
        "mask": {"size": [3, 2], "counts": "06"},
        "box_3d": [1.0, 2.0],
        "score": 0.5,
        "colour": "green",
    }


@pytest.mark.parametrize(
    ("at", "entry"),
    [
        ("", {"shelf": {"items": [{"where": [1]}, "x"]}}),
        ("shelf.items[0]", {"where": [1]}),
        ("shelf.items[0].where", [1]),
        ("shelf.items[1]", "x"),
        ("shelf.items[2]", None),
        ("shelf[0]", None),
        ("items", None),
    ],
)
def test_a_path_of_a_detection_leads_to_its_entry(at: str, entry: object) -> None:
    """By names and numbers; what is not there is None, never an error."""
    assert entry_at({"shelf": {"items": [{"where": [1]}, "x"]}}, at) == entry
