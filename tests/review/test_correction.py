"""A correction changes the answer and its detections alike, and refuses what it cannot do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.review.correction import Uncorrectable, answered, corrected, read_correction
from runner.review.pattern import Learning, Pattern, leaves, names_in
from runner.review.route import route_of, value_at
from runner.values.geometry import Box, PixelBox, Point, Polygon, Size
from runner.values.result import Detection, Result, ResultImage

PHOTO = ResultImage("a.jpg", "image", "a.jpg", Size(100, 80), 1, "ab" * 32)
CUP, SPOON = Box(10.0, 10.0, 40.0, 40.0), Box(50.0, 20.0, 60.0, 70.0)
FOUND = Result(
    ordinal=0, case="a.jpg", step="find", combination={}, repeat=1, images=(PHOTO,), status="ok",
    answer={"boxes": [
        {"label": "cup", "box": CUP.as_list(), "price": 2.5},
        {"label": "spoon", "box": SPOON.as_list(), "price": None},
    ]},
    detections=(
        Detection("boxes[0]", "cup", CUP, CUP.on_pixels(Size(100, 80)), fields={"price": 2.5}),
        Detection("boxes[1]", "spoon", SPOON, fields={"price": None}),
    ),
)  # fmt: skip
SORTED = replace(
    FOUND,
    step="sort",
    answer={"subject": "animal", "outdoors": True, "age": 3, "tags": ["x"], "other": None},
    detections=(),
)


def learnt(*results: Result, **choices: tuple[str, ...]) -> Pattern:
    learning = Learning(choices)
    for result in results:
        learning.add(result)
    return learning.pattern()


def right(result: Result, data: object, pattern: Pattern | None = None) -> Result:
    return corrected(result, read_correction(data), pattern or learnt(result))


def test_a_box_moves_in_the_answer_and_in_its_detection() -> None:
    """Its label, too; what stays is sent without a place."""
    now = right(
        FOUND,
        {
            "things": [
                {"was": 0, "label": "mug", "box": [12, 10, 44, 40]},
                {"was": 1, "label": "spoon"},
            ]
        },
    )
    assert now.answer == {
        "boxes": [
            {"label": "mug", "box": [12.0, 10.0, 44.0, 40.0], "price": 2.5},
            {"label": "spoon", "box": SPOON.as_list(), "price": None},
        ]
    }
    box = Box(12.0, 10.0, 44.0, 40.0)
    assert now.detections == (
        Detection("boxes[0]", "mug", box, PixelBox(12, 10, 44, 40), fields={"price": 2.5}),
        FOUND.detections[1],
    )
    assert FOUND.answer != now.answer


def test_what_is_left_out_is_deleted_and_what_is_new_is_added() -> None:
    """The others keep their order and learn their new places; a new record has all the names."""
    now = right(
        FOUND,
        {
            "things": [
                {"was": 1, "label": "spoon"},
                {"label": "plate", "box": [0, 0, 90, 70], "fields": {"price": 7}},
                {"label": "pot", "box": [0, 0, 9, 9]},
            ],
            "values": {"boxes[1].price": 4},
        },
    )
    assert now.answer == {
        "boxes": [
            {"label": "spoon", "box": SPOON.as_list(), "price": 4},
            {"label": "plate", "box": [0.0, 0.0, 90.0, 70.0], "price": 7},
            {"label": "pot", "box": [0.0, 0.0, 9.0, 9.0], "price": None},
        ]
    }
    assert [(one.at, one.label, one.fields) for one in now.detections] == [
        ("boxes[0]", "spoon", {"price": 4}),
        ("boxes[1]", "plate", {"price": 7}),
        ("boxes[2]", "pot", {"price": None}),
    ]


def test_an_answer_without_things_is_empty() -> None:
    """Nothing is there: that is a truth, too."""
    now = right(FOUND, {"things": []})
    assert (now.status, now.answer, now.detections) == ("empty", {"boxes": []}, ())


boxes = st.tuples(*[st.floats(-20, 120, allow_nan=False)] * 4)
things = st.lists(
    st.fixed_dictionaries(
        {"was": st.none() | st.integers(0, 1), "label": st.none() | st.text(max_size=5)},
        optional={"box": boxes.map(list)},
    ),
    max_size=5,
    unique_by=lambda thing: thing["was"] if thing["was"] is not None else id(thing),
)


@given(things)
def test_every_detection_stands_where_it_says(drawn: list[dict[str, object]]) -> None:
    """After any correction that is taken, inside the image, and as often as in the answer."""
    try:
        now = right(FOUND, {"things": drawn})
    except Uncorrectable:
        return
    assert isinstance(now.answer, dict)
    assert len(now.answer["boxes"]) == len(now.detections) == len(drawn)
    for one in now.detections:
        assert names_in(now.answer, one) == ("box", "label")
        item = value_at(now.answer, route_of(one.at))
        assert isinstance(item, dict)
        assert (item["label"], item["box"]) == (one.label, one.box and one.box.as_list())
        assert one.box == one.box.clipped(Size(100, 80))  # type: ignore[union-attr]


def test_values_keep_their_kind() -> None:
    """A text, a number, yes or no, a list of texts; null is always possible."""
    values = {"subject": "car", "outdoors": False, "age": 4.5, "tags": ["y", "z"]}
    now = right(SORTED, {"things": [], "values": values})
    assert now.answer == {**values, "other": None}
    assert right(SORTED, {"things": [], "values": {"age": None}}).answer == {
        **SORTED.answer,  # type: ignore[dict-item]
        "age": None,
    }


def test_a_text_is_corrected_as_a_whole() -> None:
    """Its path is empty."""
    text = replace(SORTED, answer="A cat.")
    assert right(text, {"things": [], "values": {"": "A dog."}}).answer == "A dog."


def test_a_null_has_the_kind_of_the_others() -> None:
    """Learnt from the other answers of the run."""
    other = replace(SORTED, answer={**SORTED.answer, "other": 7})  # type: ignore[dict-item]
    pattern = learnt(SORTED, other)
    assert right(SORTED, {"things": [], "values": {"other": 8}}, pattern).answer == {
        **SORTED.answer,  # type: ignore[dict-item]
        "other": 8,
    }
    with pytest.raises(Uncorrectable, match="`other` must be a number"):
        right(SORTED, {"things": [], "values": {"other": "8"}}, pattern)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"things": [{"was": 5}]}, "not so many things"),
        ({"things": [{"was": 0, "label": "cup", "box": [5, 5, 5, 9]}]}, "a width and a height"),
        ({"things": [{"was": 0, "label": "cup", "box": [200, 5, 300, 9]}]}, "inside the image"),
        ({"things": [{"was": 0, "label": "cup", "point": [5, 5]}]}, "stays as it is"),
        ({"things": [{"label": "new", "point": [5, 5]}]}, "nothing can be added"),
        ({"things": [{"label": "new"}]}, "nothing can be added"),
        ({"things": [{"label": "new", "box": [1, 1, 9, 9], "image": 3}]}, "not so many images"),
        ({"things": [], "values": {"boxes[0].label": "x"}}, "has no value `boxes"),
        ({"things": [], "values": {"boxes[0].box": "x"}}, "has no value `boxes"),
        ({"things": [], "values": {"boxes[0].price": "x"}}, "must be a number"),
        ({"things": [], "values": {"boxes[0].price": True}}, "must be a number"),
        ({"things": [], "values": {"boxes[0].price": 10**400}}, "must be a number"),
        ({"things": [{"box": [1, 2, 3, 10**400]}]}, "no correction"),
        ({"things": [{"was": 0}, {"was": 0}]}, "one thing cannot be two"),
        ({"things": [{"box": [1, 1, 9, 9], "fields": {"price": "x"}}]}, "must be a number"),
        ({"things": [{"box": [1, 1, 9, 9], "fields": {"label": "x"}}]}, "has no `label`"),
        ({"things": [{"box": [1, 1, 9, 9], "fields": 7}]}, "no correction"),
        ({"things": [{"was": 0, "fields": {"price": 1}}]}, "no correction"),
        ({"things": [{"was": -1}]}, "no correction"),
        ({"things": [{"was": True}]}, "no correction"),
        ({"things": [{"box": [1, 2, 3]}]}, "no correction"),
        ({"things": [{"box": [1, 2, 3, float("nan")]}]}, "no correction"),
        ({"things": [{"box": [1, 2, 3, "4"]}]}, "no correction"),
        ({"things": [{"label": 4}]}, "no correction"),
        ({"things": [7]}, "no correction"),
        ({"things": {}}, "no correction"),
        ({}, "no correction"),
        (None, "no correction"),
    ],
)
def test_what_cannot_be_is_refused(data: object, why: str) -> None:
    """With a sentence for whoever did it."""
    with pytest.raises(Uncorrectable, match=why):
        right(FOUND, data)


def test_a_choice_is_one_of_its_words() -> None:
    """Those that the workflow allows, also where no answer has used them."""
    pattern = learnt(SORTED, subject=("animal", "car"))
    assert pattern.words["subject"] == ("animal", "car")
    right(SORTED, {"things": [], "values": {"subject": "car"}}, pattern)
    with pytest.raises(Uncorrectable, match="must be one of animal, car"):
        right(SORTED, {"things": [], "values": {"subject": "cat"}}, pattern)


OUTLINE = Polygon((Point(1.0, 1.0), Point(9.0, 1.0), Point(5.0, 9.0)))
OUTLINED = replace(
    FOUND,
    answer={"polygons": [{"name": "cup", "polygon": OUTLINE.as_list()}]},
    detections=(Detection("polygons[0]", "cup", polygon=(OUTLINE,)),),
)


def test_an_outline_is_relabelled_or_deleted() -> None:
    """It is not moved, and none is added: it was not drawn by hand."""
    now = right(OUTLINED, {"things": [{"was": 0, "label": "mug"}]})
    assert now.answer == {"polygons": [{"name": "mug", "polygon": OUTLINE.as_list()}]}
    assert now.detections[0].polygon == (OUTLINE,)
    assert right(OUTLINED, {"things": []}).answer == {"polygons": []}
    for data in ({"was": 0, "label": "cup", "box": [1, 1, 9, 9]}, {"box": [1, 1, 9, 9]}):
        with pytest.raises(Uncorrectable):
            right(OUTLINED, {"things": [data]})


def test_points_move_and_are_added() -> None:
    """As boxes are."""
    one = Detection("points[0]", "eye", point=Point(3.0, 4.0))
    answer = {"points": [{"point": [3.0, 4.0], "label": "eye"}]}
    pointed = replace(FOUND, answer=answer, detections=(one,))
    data = [{"was": 0, "label": "eye", "point": [5, 400]}, {"label": "nose", "point": [7, 8]}]
    now = right(pointed, {"things": data})
    assert now.answer == {
        "points": [{"point": [5.0, 80.0], "label": "eye"}, {"label": "nose", "point": [7.0, 8.0]}]
    }
    assert [found.point for found in now.detections] == [Point(5.0, 80.0), Point(7.0, 8.0)]


def test_several_places_of_a_record_are_told_apart() -> None:
    """A plate that is deleted leaves its driver; its label is that of its field, and stays."""
    plate, driver = CUP, SPOON
    answer = {"cars": [{"plate": plate.as_list(), "driver": driver.as_list()}]}
    places = (
        Detection("cars[0].plate", "plate", plate),
        Detection("cars[0].driver", "driver", driver),
    )
    cars = replace(FOUND, answer=answer, detections=places)
    now = right(cars, {"things": [{"was": 1, "label": "driver", "box": [50, 20, 61, 70]}]})
    assert now.answer == {"cars": [{"plate": None, "driver": [50.0, 20.0, 61.0, 70.0]}]}
    assert [one.at for one in now.detections] == ["cars[0].driver"]
    with pytest.raises(Uncorrectable, match="has no label"):
        right(cars, {"things": [{"was": 1, "label": "pilot"}]})


def test_boxes_without_records_are_corrected() -> None:
    """A list of bare boxes has no labels."""
    bare = replace(
        FOUND, answer=[CUP.as_list(), SPOON.as_list()],
        detections=(Detection("[0]", None, CUP), Detection("[1]", None, SPOON)),
    )  # fmt: skip
    now = right(bare, {"things": [{"was": 1, "box": [50, 20, 60, 71]}, {"box": [1, 1, 9, 9]}]})
    assert now.answer == [[50.0, 20.0, 60.0, 71.0], [1.0, 1.0, 9.0, 9.0]]
    assert [one.at for one in now.detections] == ["[0]", "[1]"]


def test_an_answer_that_is_one_box_is_corrected() -> None:
    """Its path is empty; deleted, the answer is null."""
    one = replace(FOUND, answer=CUP.as_list(), detections=(Detection("", None, CUP),))
    now = right(one, {"things": [{"was": 0, "box": [10, 10, 40, 41]}]})
    assert (now.answer, now.detections[0].at) == ([10.0, 10.0, 40.0, 41.0], "")
    gone = right(one, {"things": []})
    assert (gone.answer, gone.status, gone.detections) == (None, "empty", ())


def test_a_new_thing_says_which_image_it_is_on() -> None:
    """Where its record has a field for that; else it can only be on the last one."""
    other = replace(PHOTO, name="b.jpg")
    new = {"label": "cup", "box": [1, 1, 9, 9]}
    answer = {"boxes": [{"image": 2, "label": "cup", "box": CUP.as_list()}]}
    one = Detection("boxes[0]", "cup", CUP, image=1, fields={"image": 2})
    told = replace(FOUND, images=(PHOTO, other), answer=answer, detections=(one,))
    assert [*leaves(told)] == []
    now = right(told, {"things": [{"was": 0, "label": "cup"}, {**new, "image": 0}]})
    assert now.answer == {
        "boxes": [*answer["boxes"], {"label": "cup", "box": [1.0, 1.0, 9.0, 9.0], "image": 1}]
    }
    assert (now.detections[1].image, now.detections[1].fields) == (0, {"image": 1})
    untold = replace(FOUND, images=(PHOTO, other))
    assert right(untold, {"things": [{**new, "image": 1}]}).detections[0].image == 1
    with pytest.raises(Uncorrectable, match="on another image than the last"):
        right(untold, {"things": [{**new, "image": 0}]})


def test_a_failed_answer_is_written_by_hand() -> None:
    """In the form of those that did not fail."""
    failed = replace(FOUND, status="failed", answer=None, detections=(), error="no network")
    pattern = learnt(FOUND, failed)
    assert answered(failed, pattern).answer == {"boxes": []}
    now = right(failed, {"things": [{"label": "cup", "box": [1, 1, 9, 9]}]}, pattern)
    assert now.answer == {"boxes": [{"label": "cup", "box": [1.0, 1.0, 9.0, 9.0], "price": None}]}
    assert (now.status, now.error) == ("ok", None)


def test_a_step_that_found_nothing_at_all_can_be_given_boxes() -> None:
    """As `schema: boxes` writes them."""
    empty = replace(FOUND, status="empty", answer={"boxes": []}, detections=())
    now = right(empty, {"things": [{"label": "cup", "box": [1, 1, 9, 9]}]})
    assert now.answer == {"boxes": [{"label": "cup", "box": [1.0, 1.0, 9.0, 9.0]}]}
