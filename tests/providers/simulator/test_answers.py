"""Answers fit their schema, say where things are, and say that nobody looked."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from runner import library
from runner.catalogue import catalogue
from runner.postprocess.boxes_3d import Camera, extent
from runner.providers.simulator.answers import answer
from runner.providers.simulator.prompts import wish
from runner.providers.simulator.question import Question
from runner.providers.simulator.seen import Eyes, Seen
from runner.values.geometry import Box

RED = [100, 100, 500, 500]
"""box_2d of the red rectangle of `three`: 40–200 of 400 pixels across, 30–150 of 300 down."""


def looked_at(content: bytes) -> Seen:
    return asyncio.run(Eyes().look(content))


def said(
    prompt: str,
    *images: Seen,
    schema: dict[str, Any] | None = None,
    model: str = "gemini-3.5-flash",
    **more: Any,
) -> Any:
    """The text of the answer, or its JSON value when there is a schema."""
    about = catalogue().model(model)
    text = answer(Question("interactions", about, prompt, schema=schema, **more), images).text
    return text if schema is None else json.loads(text)


@pytest.fixture(scope="module")
def seen() -> Seen:
    image = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 30, 199, 149), fill="red")
    pen.ellipse((240, 60, 359, 139), fill="blue")
    pen.rectangle((100, 200, 179, 269), fill="green")
    content = BytesIO()
    image.save(content, "PNG")
    return looked_at(content.getvalue())


def one(name: str, seen: Seen, prompt: str = "Look.", **schema: Any) -> Any:
    """The value of the only property of an object."""
    wanted = {"type": "object", "properties": {name: schema}, "required": [name]}
    value = said(prompt, seen, schema=wanted)
    jsonschema.validate(value, wanted)
    return value[name]


NUMBERS = {"type": "array", "items": {"type": "integer"}}
POLYGON = {"type": "array", "items": NUMBERS}


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("box_2d", NUMBERS, RED),
        ("box", NUMBERS, RED),
        ("bounding_box", NUMBERS, RED),
        ("head_box", NUMBERS, RED),
        ("place", {**NUMBERS, "description": "as [ymin, xmin, ymax, xmax]"}, RED),
        ("box", {**NUMBERS, "description": "[xmin, ymin, xmax, ymax], 0-1000"}, RED),
        (
            "box",
            {**NUMBERS, "description": "[x_min, y_min, x_max, y_max] in pixels"},
            [40, 30, 200, 150],
        ),
        (
            "box",
            {"type": "array", "items": {"type": "number"}, "description": "normalized from 0 to 1"},
            [0.1, 0.1, 0.5, 0.5],
        ),
        ("point", NUMBERS, [300, 300]),
        ("point", {**NUMBERS, "description": "[x, y]"}, [300, 300]),
        ("mask", POLYGON, [[100, 100], [500, 100], [500, 500], [100, 500]]),
        ("outline", POLYGON, [[100, 100], [500, 100], [500, 500], [100, 500]]),
        ("polygon", NUMBERS, [100, 100, 500, 100, 500, 500, 100, 500]),
        (
            "masks",
            {"type": "array", "items": POLYGON},
            [[[100, 100], [500, 100], [500, 500], [100, 500]]],
        ),
        (
            "segmentation",
            {**POLYGON, "description": "[y, x] corners"},
            [[100, 100], [100, 500], [500, 500], [500, 100]],
        ),
    ],
)
def test_coordinates_are_those_of_the_largest_region(
    seen: Seen, name: str, schema: dict[str, Any], expected: object
) -> None:
    """Found by the property's name or description, written in the order and scale that it asks."""
    assert one(name, seen, **schema) == expected


def test_single_numbers_that_make_a_box_are_its_edges(seen: Seen) -> None:
    """`x_min`, `top`, `width`: whatever the edges are called, when they stand together."""
    for names, expected in [
        (("x_min", "y_min", "x_max", "y_max"), [100, 100, 500, 500]),
        (("left", "top", "right", "bottom"), [100, 100, 500, 500]),
        (("x", "y", "width", "height"), [100, 100, 400, 400]),
        (("x", "y"), [300, 300]),
    ]:
        numbers = {edge: {"type": "integer"} for edge in names}
        assert (
            list(said("", seen, schema={"type": "object", "properties": numbers}).values())
            == expected
        )


def test_a_mask_as_a_text_is_a_png(seen: Seen) -> None:
    """As Gemini 2.5 writes them."""
    head, _, data = one("mask", seen, type="string").partition(",")
    grey = np.asarray(Image.open(BytesIO(base64.b64decode(data))))
    assert (head, grey.shape, grey.min()) == ("data:image/png;base64", (256, 256), 255)


def test_a_box_3d_covers_its_region_for_a_camera_of_60_degrees(seen: Seen) -> None:
    """Centre, size, roll, pitch, yaw; made up from the box, so that a wireframe can be looked at."""
    numbers = one("box_3d", seen, type="array", items={"type": "number"})
    around = extent(Camera(seen.size.box, 60).wireframe(numbers))
    assert len(numbers) == 9
    assert around is not None
    assert around.iou(Box(40, 30, 200, 150)) > 0.97


def test_points_of_a_trajectory_are_numbered(seen: Seen) -> None:
    """From 0, when the prompt says that their labels are the order."""
    prompt = """Place a point on it, then points for its way. The points should be labeled by order of
        the trajectory, from '0' (start point) to <n>. The answer should follow the json format:
        [{"point": <point>, "label": <label1>}, ...]. The points are in [y, x] format."""
    labels = [point["label"] for point in json.loads(said(prompt, seen).strip("`json\n"))]
    assert labels == ["0", "1", "2"]


@pytest.mark.parametrize("name", sorted(library.response_schemas()))
def test_every_shipped_shape_is_answered_by_its_own_schema(seen: Seen, name: str) -> None:
    """With one entry for each region where it is a list."""
    schema = json.loads(Path(library.response_schemas()[name]).read_text())
    value = said("Look at this.", seen, schema=schema)
    jsonschema.validate(value, schema)
    records = [
        item
        for item in value.values()
        if isinstance(item, list) and item and isinstance(item[0], dict)
    ]
    assert all(len(listed) == 3 for listed in records)


@pytest.mark.parametrize(
    ("name", "schema", "prompt"),
    [
        ("count", {"type": "integer"}, "Look."),
        ("total", {"type": "integer", "description": "How many there are"}, "Look."),
        ("number", {"type": "integer"}, "How many shapes are there?"),
        ("numberOfShapes", {"type": "number"}, "Look."),
    ],
)
def test_what_counts_is_the_number_of_regions(
    seen: Seen, name: str, schema: dict[str, Any], prompt: str
) -> None:
    """Told by the name, the description or the prompt."""
    assert one(name, seen, prompt, **schema) == 3


def test_a_list_has_as_many_entries_as_its_schema_allows(seen: Seen) -> None:
    """minItems and maxItems hold, which the service enforces."""
    record = {"type": "object", "properties": {"box_2d": NUMBERS}}
    assert len(one("boxes", seen, type="array", items=record, maxItems=2)) == 2
    assert len(one("boxes", seen, type="array", items=record, minItems=5)) == 5


def test_labels_are_the_words_that_the_prompt_quotes(seen: Seen) -> None:
    """But not the names of keys; without quoted words they are colours."""
    items = {"type": "object", "properties": {"box_2d": NUMBERS, "label": {"type": "string"}}}
    quoted = 'Put "helmet" or "no helmet" in the key "label" beside "box_2d".'
    boxes = one("boxes", seen, quoted, type="array", items=items)
    assert {box["label"] for box in boxes} <= {"helmet", "no helmet"}
    boxes = one("boxes", seen, "Find them.", type="array", items=items)
    assert [box["label"] for box in boxes] == ["red region", "blue region", "dark green region"]


def test_a_list_of_enumerated_labels_keeps_to_them(seen: Seen) -> None:
    """The schema wins over quoted words."""
    label = {"enum": ["cat", "dog"]}
    items = {"type": "object", "properties": {"box_2d": NUMBERS, "label": label}}
    boxes = one("boxes", seen, 'Is it a "horse"?', type="array", items=items)
    assert {box["label"] for box in boxes} <= {"cat", "dog"}


def test_several_images_are_told_apart_when_the_schema_numbers_them(seen: Seen) -> None:
    """Otherwise the answer is about the last one."""
    plain = looked_at(_blank())
    record = {
        "type": "object",
        "properties": {"image_index": {"type": "integer"}, "box_2d": NUMBERS},
    }
    schema = {"type": "array", "items": record}
    assert [item["image_index"] for item in said("", seen, plain, seen, schema=schema)] == [
        0
    ] * 3 + [2] * 3
    from_one = {"type": "integer", "minimum": 1}
    record["properties"]["image_index"] = from_one  # type: ignore[index]
    assert [item["image_index"] for item in said("", plain, seen, schema=schema)] == [2] * 3
    without = {"type": "array", "items": {"type": "object", "properties": {"box_2d": NUMBERS}}}
    assert said("", seen, plain, schema=without) == []


def test_an_image_without_regions_has_an_empty_list_and_a_box_around_all(seen: Seen) -> None:
    """Nothing found is an empty list; a single required box is the whole image."""
    blank = looked_at(_blank())
    record = {"type": "object", "properties": {"box_2d": NUMBERS}}
    assert one("boxes", blank, type="array", items=record) == []
    assert one("box_2d", blank, **NUMBERS) == [0, 0, 1000, 1000]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "Describe it.",
            "Simulated: an image of 400 × 300 pixels, mostly white, 3 distinct regions (red, blue, dark green).",
        ),
        ("How many are there?", "Simulated: 3 distinct regions."),
        ("How many? Answer with just a number.", "3"),
    ],
)
def test_a_text_says_that_it_is_simulated(seen: Seen, prompt: str, expected: str) -> None:
    """Unless the prompt asks for a single word or number."""
    assert said(prompt, seen) == expected


def test_a_choice_is_made_by_the_pixels(seen: Seen) -> None:
    """The same for the same pixels; over many images each word is chosen."""
    ask = 'Is it "ripe" or "green"?'
    assert said(ask, seen) == said(ask, seen)
    words = {said(ask, looked_at(_blank(shade))) for shade in range(0, 200, 16)}
    assert words == {"ripe", "green"}
    assert {said("Yes or no?", looked_at(_blank(shade))) for shade in range(0, 200, 16)} == {
        "Yes",
        "No",
    }


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        (
            "Detect the all of the prominent items in the image. The box_2d should be [ymin, xmin, ymax, xmax] normalized to 0-1000.",
            {"box_2d", "label"},
        ),
        (
            'Give the segmentation masks for the wooden and glass items. Output a JSON list where each entry contains the 2D bounding box in the key "box_2d", the segmentation mask in key "mask", and the text label in the key "label".',
            {"box_2d", "mask", "label"},
        ),
        ('Point to the cups. Answer as [{"point": [y, x], "label": ...}].', {"point", "label"}),
    ],
)
def test_places_without_a_schema_come_in_a_fence(seen: Seen, prompt: str, keys: set[str]) -> None:
    """A bare list, as the models write it; bare JSON when the mode or the instruction says so."""
    text = said(prompt, seen)
    assert text.startswith("```json\n[")
    assert text.endswith("]\n```")
    assert [set(item) for item in json.loads(text[8:-4])] == [keys] * 3
    assert json.loads(said(prompt, seen, json_mode=True)) == json.loads(text[8:-4])
    assert said(prompt, seen, system="Return bare JSON. Never use code fencing.").startswith("[")


def test_masks_without_a_schema_are_in_the_form_of_the_model(seen: Seen) -> None:
    """PNG from Gemini 2.5, polygons from Gemini 3."""
    for model, kind in (("gemini-2.5-flash", str), ("gemini-3.5-flash", list)):
        masks = json.loads(said("Give the masks", seen, json_mode=True, model=model))
        assert all(isinstance(item["mask"], kind) for item in masks)


def test_text_in_an_image_is_not_read(seen: Seen) -> None:
    """And the answer says so."""
    assert one("text", seen, type="string") == "(simulated: the simulator cannot read text)"


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("date", r"20\d\d-\d\d-\d\d"),
        ("date-time", r"20\d\d-\d\d-\d\dT12:00:00Z"),
        ("time", r"12:00:00Z"),
        ("duration", r"PT1M"),
        ("email", r"simulated@example\.com"),
        ("uri", r"https://example\.com/simulated"),
        ("uuid", r"00000000-0000-4000-8000-\d{12}"),
        ("ipv4", r"192\.0\.2\.1"),
    ],
)
def test_texts_keep_to_their_format(seen: Seen, form: str, pattern: str) -> None:
    """Those that JSON Schema names; addresses are those reserved for documentation."""
    assert re.fullmatch(pattern, one("when", seen, type="string", format=form))


def test_an_answer_without_an_image_says_that_there_was_none() -> None:
    """A prompt alone is answered, too."""
    assert said("Hello") == "Simulated: no image arrived, and nobody read the prompt."
    assert (
        said("Hello", schema={"type": "object", "properties": {"n": {"type": "integer"}}})["n"] >= 0
    )


LEAVES = st.one_of(
    st.builds(
        lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span},
        st.integers(-50, 50),
        st.integers(0, 50),
    ),
    st.builds(
        lambda low: {"type": "number", "exclusiveMinimum": low, "maximum": low + 1},
        st.integers(-9, 9),
    ),
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "boolean"},
            {"type": "null"},
            {"type": ["string", "null"]},
            {"enum": ["a", "b", None]},
            {"const": 7},
            {"type": "integer", "multipleOf": 5},
            {"anyOf": [{"type": "null"}, {"type": "integer"}]},
            {"$ref": "#/$defs/thing"},
            {},
        ]
    ),
)
NAMES = st.sampled_from(
    ["box_2d", "label", "count", "point", "mask", "colour", "x", "y", "text", "image"]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            lambda items, low, span: {
                "type": "array",
                "items": items,
                "minItems": low,
                "maxItems": low + span,
            },
            inner,
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        st.builds(
            lambda items: {"type": "array", "prefixItems": items},
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(
            lambda fields: {"type": "object", "properties": fields, "required": list(fields)},
            st.dictionaries(NAMES, inner, max_size=4),
        ),
        st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner),
        st.builds(lambda one: {"oneOf": [one, {"type": "string", "enum": ["never"]}]}, inner),
    ),
    max_leaves=8,
)
THING = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/thing"}},
    },
    "required": ["name"],
}


@settings(max_examples=150, deadline=None)
@given(SCHEMAS)
def test_an_answer_fits_any_schema(schema: dict[str, Any]) -> None:
    """Nested, optional, bounded, by reference, even one that contains itself."""
    whole = {**schema, "$defs": {"thing": THING}}
    value = said("Look at it.", _SEEN, schema=whole)
    if "oneOf" not in json.dumps(whole):  # treated as anyOf, as the service does
        jsonschema.validate(value, whole)


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_prompt_is_understood_somehow(prompt: str, system: str) -> None:
    """Whatever it holds, the wish is the same each time."""
    assert wish(prompt, system) == wish(prompt, system)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ('Label it "helmet" or "no helmet".', ("helmet", "no helmet")),
        ("Say ‘yes’ in the dog's bowl, it's 'red' or `blue`", ("red", "blue")),
        ("“Apfel” oder «poire»", ("Apfel", "poire")),
        ('the mask in key "shape", the text in the field "words"', ()),
        ('use "label" and "box_2d"', ()),
    ],
)
def test_quoted_words_are_found_and_keys_are_not(prompt: str, words: tuple[str, ...]) -> None:
    """Apostrophes are no quotes."""
    assert wish(prompt).words == words


def _blank(shade: int = 255) -> bytes:
    content = BytesIO()
    Image.new("L", (40, 30), shade).save(content, "PNG")
    return content.getvalue()


def _small() -> bytes:
    image = Image.new("RGB", (120, 90), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 10, 50, 50), fill="red")
    pen.rectangle((70, 30, 100, 70), fill="blue")
    content = BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


_SEEN = looked_at(_small())
