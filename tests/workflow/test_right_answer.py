"""A right answer as its author writes it → as the model would write it: the way back of a result."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runner.stages.project import project
from runner.values.geometry import Size, View
from runner.values.shape import Coordinates, Shape
from runner.workflow.painted import painted
from runner.workflow.right_answer import as_the_model
from runner.workflow.shapes import shape_from_fields, shape_from_list_of, shape_from_schema

VIEW = View.of(Size(400, 200))
GEMINI, BY_X, PIXELS, FRACTIONS = (
    Coordinates(),
    Coordinates("1000", False),
    Coordinates("pixel", False),
    Coordinates("1", False),
)
FIELDS = {"label": "text", "box": "box", "middle": "point", "edge": "polygon"}
THING = {
    "label": "cup",
    "box": [40, 20, 200, 100],
    "middle": [120, 60],
    "edge": [[40, 20], [200, 20], [120, 100]],
}


def written(answer: Any, shape: Shape, *views: View) -> Any:
    """What the model would write, read as JSON; there is no mistake."""
    text, mistakes = as_the_model(answer, shape, views or (VIEW,))
    assert mistakes == ()
    return json.loads(text)


def mistakes(answer: Any, shape: Shape, *views: View) -> list[tuple[object, ...]]:
    """What is wrong, without the fixes."""
    return [(m.path, m.message) for m in as_the_model(answer, shape, views or (VIEW,))[1]]


@pytest.mark.parametrize(
    ("coordinates", "expected"),
    [
        (
            GEMINI,
            {
                "label": "cup",
                "box_2d": [100, 100, 500, 500],
                "point": [300, 300],
                "mask": [[100, 100], [500, 100], [300, 500]],
            },
        ),
        (
            BY_X,
            {
                "label": "cup",
                "box": [100, 100, 500, 500],
                "middle": [300, 300],
                "edge": [[100, 100], [500, 100], [300, 500]],
            },
        ),
        (PIXELS, THING),
        (
            FRACTIONS,
            {
                "label": "cup",
                "box": [0.1, 0.1, 0.5, 0.5],
                "middle": [0.3, 0.3],
                "edge": [[0.1, 0.1], [0.5, 0.1], [0.3, 0.5]],
            },
        ),
    ],
)
def test_places_in_pixels_are_written_in_the_convention_of_the_model(
    coordinates: Coordinates, expected: object
) -> None:
    """Under the names that travel, x or y first; a list stands for the object that holds it."""
    shape = shape_from_list_of(FIELDS, coordinates)
    assert written([THING], shape) == {"boxes": [expected]}
    assert written({"boxes": [THING]}, shape) == {"boxes": [expected]}


def test_the_y_of_a_box_comes_first_where_the_model_writes_it_so() -> None:
    """Numbers that differ on both axes: nothing is turned by chance."""
    shape = shape_from_fields({"box": "box", "at": "point"})
    assert written({"box": [4, 20, 40, 60], "at": [8, 50]}, shape) == {
        "box_2d": [100, 10, 300, 100],
        "point": [250, 20],
    }


@pytest.mark.parametrize("coordinates", [GEMINI, BY_X, PIXELS, FRACTIONS])
def test_a_box_in_thousandths_is_told_by_its_name(coordinates: Coordinates) -> None:
    """`box_2d` is [ymin, xmin, ymax, xmax], 0-1000, whatever the model writes; other names are pixels."""
    for shape in (
        shape_from_fields({"place": "box"}, coordinates),
        shape_from_schema(
            {"type": "object", "properties": {"box_2d": {"type": "array"}}}, coordinates
        ),
    ):
        of_pixels = next(iter(written({"box": [40, 20, 200, 100]}, shape).values()))
        of_thousandths = next(iter(written({"box_2d": [100, 100, 500, 500]}, shape).values()))
        assert of_pixels == of_thousandths


def test_pixels_are_those_of_the_image_as_sent() -> None:
    """A model that counts pixels sees the image after `resize`."""
    shape = shape_from_fields({"box": "box"}, PIXELS)
    half = View.of(Size(400, 200), sent=Size(200, 100))
    assert written({"box": [40, 20, 200, 100]}, shape, half) == {"box": [20, 10, 100, 50]}


def test_a_record_says_which_of_several_images_it_means() -> None:
    """Otherwise it is the last one, as in results."""
    shape = shape_from_list_of({"box": "box", "image": "integer"})
    views = (View.of(Size(100, 100)), View.of(Size(1000, 1000)))
    answer = [{"box": [10, 10, 50, 50], "image": n} for n in (1, 2)]
    boxes = written(answer, shape, *views)["boxes"]
    assert [each["box_2d"] for each in boxes] == [[100, 100, 500, 500], [10, 10, 50, 50]]
    assert mistakes([{"box": [1, 1, 2, 2], "image": 3}], shape, *views) == [
        ((0, "image"), "`image` is 3, and there are 2 images")
    ]


def test_a_mask_is_painted_for_models_that_paint() -> None:
    """A PNG over the box of the thing, in a bare list as it is asked for; with no box of its own, over
    the one around the outline."""
    outline = shape_from_list_of({"label": "text", "mask": "mask"})
    paint = painted(outline)
    assert paint is not None
    answer = [{"label": "cup", "mask": [[40, 20], [200, 20], [200, 100], [40, 100]]}]
    (record,) = written(answer, paint)
    assert (record["label"], record["box_2d"]) == ("cup", [100, 100, 500, 500])
    png = base64.b64decode(record["mask"].removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(png)).getextrema() == (255, 255)


@given(
    st.builds(Size, st.integers(1, 5000), st.integers(1, 5000)),
    st.sampled_from([GEMINI, BY_X, PIXELS, FRACTIONS]),
    st.data(),
)
def test_what_is_shown_comes_back_as_it_was_written(
    size: Size, coordinates: Coordinates, data: st.DataObject
) -> None:
    """Read like an answer, an example is again the box of its author, to the rounding of the scale."""
    xs = sorted(data.draw(st.sets(st.integers(0, size.width), min_size=2, max_size=2)))
    ys = sorted(data.draw(st.sets(st.integers(0, size.height), min_size=2, max_size=2)))
    shape = shape_from_fields({"box": "box", "at": "point"}, coordinates)
    answer = {"box": [xs[0], ys[0], xs[1], ys[1]], "at": [xs[0], ys[1]]}
    wire = written(answer, shape, View.of(size))
    back = project(wire, shape, [size]).answer
    assert isinstance(back, dict)
    finest = {"1000": 2000, "1": 20000}.get(coordinates.scale)
    near = [
        0.5 / 1000 if finest is None else side / finest + 1e-9 for side in (size.width, size.height)
    ]
    for found, meant in ((back["box"], answer["box"]), (back["at"], answer["at"])):
        assert all(
            abs(f - m) <= near[n % 2] for n, (f, m) in enumerate(zip(found, meant, strict=True))
        )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([{"label": "cup"}], [((0,), "`box` is missing")]),
        (
            [{"label": "cup", "bix": [1, 2, 3, 4]}],
            [((0, "bix"), "the answer of this step has no `bix` here")],
        ),
        (
            [{"label": 3, "box": [1, 2, 3, 4]}],
            [((0, "label"), "`label` must be a text, found 3")],
        ),
        (
            [{"label": "cup", "box": [1, 2, 401, 4]}],
            [((0, "box"), "this box reaches beyond the image of 400 × 200 pixels")],
        ),
        (
            [{"label": "cup", "box": [3, 2, 1, 4]}],
            [
                (
                    (0, "box"),
                    "this box has no extent; `box` is [x_min, y_min, x_max, y_max] in pixels of the image",
                )
            ],
        ),
        ("cup", [((), 'this must be an object, found the text "cup"')]),
        ({"boxes": None}, [(("boxes",), "`boxes` must be a list, found null")]),
    ],
)
def test_a_mistake_is_told_at_its_place_once(answer: Any, expected: object) -> None:
    """By the author's own path, with the author's names."""
    shape = shape_from_list_of({"label": "text", "box": "box"})
    assert mistakes(answer, shape) == expected


@pytest.mark.parametrize("answer", [{"text": "yes"}, ["yes"], "", None, 5])
def test_an_answer_in_words_is_a_text(answer: Any) -> None:
    """A step without a shape answers with one."""
    assert len(mistakes(answer, Shape())) == 1
    assert as_the_model("yes\n", Shape(), (VIEW,)) == ("yes", ())
