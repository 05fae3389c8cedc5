"""Shapes of answers: exactly what is sent, and how it comes back under the author's names."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from runner import library
from runner.catalogue import Model
from runner.text.json_schema import check_schema
from runner.values.shape import Coordinates, Shape
from runner.workflow.conventions import convention
from runner.workflow.painted import painted
from runner.workflow.parts import NoSuchPart, part_at
from runner.workflow.shapes import (
    shape_from_fields,
    shape_from_file,
    shape_from_list_of,
    shape_from_schema,
)

BOX = {
    "type": "array",
    "items": {"type": "integer"},
    "description": "[ymin, xmin, ymax, xmax] normalized to 0-1000",
}
POINT = {**BOX, "description": "[y, x] normalized to 0-1000"}
RING = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "integer"}},
    "description": "polygon of [x, y] corners normalized to 0-1000",
}


def properties(shape: Shape) -> Any:
    """The properties of the record as sent."""
    schema: Any = shape.wire_schema
    if shape.list_key:
        schema = schema["properties"][shape.list_key]["items"]
    return schema["properties"]


@pytest.mark.parametrize(
    ("spec", "sent"),
    [
        ("text", {"type": "string"}),
        ("number", {"type": "number"}),
        ("integer", {"type": "integer"}),
        ("yes_no", {"type": "boolean"}),
        ("date", {"type": "string", "format": "date"}),
        ("list_of_text", {"type": "array", "items": {"type": "string"}}),
        (["small", "large"], {"type": "string", "enum": ["small", "large"]}),
        (
            {"choices": ["a", "b"], "description": "which one"},
            {"type": "string", "enum": ["a", "b"], "description": "which one"},
        ),
        (
            {"type": "integer", "min": 0, "max": 5},
            {"type": "integer", "minimum": 0, "maximum": 5},
        ),
        ({"description": "as printed"}, {"type": "string", "description": "as printed"}),
    ],
)
def test_a_field_travels_as_this_json_schema(spec: object, sent: object) -> None:
    """Plain kinds keep their names."""
    shape = shape_from_fields({"thing": spec})
    assert shape.wire_schema == {
        "type": "object",
        "properties": {"thing": sent},
        "required": ["thing"],
    }
    assert shape.prompt_suffix == ""
    assert check_schema(shape.wire_schema) == ()


@pytest.mark.parametrize(
    ("kind", "wire_name", "sent"),
    [
        ("box", "box_2d", BOX),
        ("point", "point", POINT),
        ("polygon", "mask", RING),
        ("mask", "mask", RING),
    ],
)
def test_geometry_travels_under_the_models_word(kind: str, wire_name: str, sent: object) -> None:
    """Models were trained on these names; the author's come back."""
    shape = shape_from_fields({"place": kind})
    assert properties(shape) == {wire_name: sent}
    assert shape.schema is not None
    node = shape.schema["properties"][wire_name]  # type: ignore[index]
    assert (node["x-space"], node["x-name"]) == (kind, "place")
    assert part_at(shape, ["place"]).kind == "coordinates"  # type: ignore[union-attr]


def test_a_field_that_has_the_models_word_already_needs_no_other_name() -> None:
    """`point: point` is `point` on both sides."""
    shape = shape_from_fields({"point": "point"})
    assert shape.schema == {
        "type": "object",
        "properties": {"point": {**POINT, "x-space": "point"}},
        "required": ["point"],
    }


def test_only_the_first_of_several_boxes_takes_the_models_word() -> None:
    """The others keep the author's names, so that they can be told apart."""
    shape = shape_from_fields({"head": "box", "tail": "box", "eye": "point", "nose": "point"})
    assert list(properties(shape)) == ["box_2d", "tail", "point", "nose"]
    assert shape.parts[:4] == ("head", "tail", "eye", "nose")


def test_a_word_of_the_model_that_is_another_field_stays_with_it() -> None:
    """`box_2d: text` is the author's own; the box then keeps its own name."""
    shape = shape_from_fields({"place": "box", "box_2d": "text"})
    assert list(properties(shape)) == ["place", "box_2d"]


def test_a_description_stands_before_the_convention() -> None:
    """The author says what, the runner says how."""
    shape = shape_from_fields({"line": {"type": "box", "description": "where it stands"}})
    assert properties(shape)["box_2d"]["description"] == (
        "where it stands: [ymin, xmin, ymax, xmax] normalized to 0-1000"
    )


def test_an_optional_field_is_not_required() -> None:
    """The model may leave it out."""
    shape = shape_from_fields({"shop": "text", "phone": {"type": "text", "optional": True}})
    assert shape.wire_schema["required"] == ["shop"]  # type: ignore[index]
    none = shape_from_fields({"phone": {"type": "text", "optional": True}})
    assert "required" not in none.wire_schema  # type: ignore[operator]


@pytest.mark.parametrize(
    ("fields", "key"),
    [({"label": "text", "box": "box"}, "boxes"), ({"label": "text", "at": "point"}, "rows")],
)
def test_a_list_of_records_is_an_object_with_one_list(fields: dict[str, str], key: str) -> None:
    """JSON mode wants an object; the list is called `boxes` when its records hold a box."""
    shape = shape_from_list_of(fields)
    assert shape.list_key == key
    assert list(shape.wire_schema["properties"]) == [key]  # type: ignore[index]
    assert shape.wire_schema["required"] == [key]  # type: ignore[index]
    assert key in shape.parts
    assert "rows" in shape.parts


def test_a_number_beside_a_place_says_which_image_it_is_on() -> None:
    """Counted from 1, as answers are read; the author's own words about it count more."""
    fields = {"label": "text", "box": "box", "image": "integer"}
    said = {"minimum": 1, "description": "number of the image, counted from 1"}
    assert _items(fields)["image"] == {"type": "integer", **said}
    own = {**fields, "image": {"type": "integer", "description": "the page", "min": 3}}
    assert _items(own)["image"] == {"type": "integer", "minimum": 3, "description": "the page"}
    assert _items({**fields, "image": "text"})["image"] == {"type": "string"}
    assert _items({"label": "text", "image": "integer"})["image"] == {"type": "integer"}


def _items(fields: dict[str, object]) -> dict[str, object]:
    schema: Any = shape_from_list_of(fields).schema
    ((_, rows),) = schema["properties"].items()
    properties: dict[str, object] = rows["items"]["properties"]
    return properties


def test_lists_of_numbers_have_no_number_of_items() -> None:
    """Nested `minItems` and `maxItems` make schemas too complex to be accepted."""
    shape = shape_from_list_of({"a": "box", "b": "point", "c": "polygon", "d": "mask"})
    assert "Items" not in json.dumps(shape.wire_schema)


def test_the_convention_is_said_after_the_prompt() -> None:
    """Under the names that travel, once for each."""
    shape = shape_from_list_of({"line": "box", "at": "point", "rim": "polygon"})
    assert shape.prompt_suffix == (
        "\nbox_2d is [ymin, xmin, ymax, xmax], normalized to 0-1000."
        " point is [y, x], normalized to 0-1000."
        " mask is the outline as a polygon of [x, y] corners normalized to 0-1000."
    )


@pytest.mark.parametrize(
    ("coordinates", "description", "item"),
    [
        (Coordinates("1", True), "[ymin, xmin, ymax, xmax] normalized to 0-1", "number"),
        (Coordinates("pixel", False), "[xmin, ymin, xmax, ymax] in pixels of the image", "integer"),
    ],
)
def test_another_convention_is_said_everywhere(
    coordinates: Coordinates, description: str, item: str
) -> None:
    """In descriptions and after the prompt; Gemini's own words are then not used."""
    shape = shape_from_fields({"place": "box"}, coordinates)
    assert properties(shape) == {
        "place": {"type": "array", "items": {"type": item}, "description": description}
    }
    assert description.replace("] ", "], ") in shape.prompt_suffix
    shipped = shape_from_file(library.response_schemas()["boxes"], coordinates)
    spoken = description.replace("] ", "], ")
    assert properties(shipped)["box_2d"]["description"] == f"Place of the item: {spoken}."
    assert "0-1000" not in json.dumps(shipped.wire_schema) + shipped.prompt_suffix


@pytest.mark.parametrize("y_first", [True, False])
@pytest.mark.parametrize("scale", ["1000", "1", "pixel"])
@pytest.mark.parametrize("name", sorted(library.response_schemas()))
def test_a_shipped_shape_speaks_the_convention_and_no_other(
    name: str, scale: Any, y_first: bool
) -> None:
    """After the prompt and in every description; what else it says stays as it was tested."""
    path = library.response_schemas()[name]
    coordinates = Coordinates(scale, y_first)
    shape = shape_from_file(path, coordinates)
    told = json.dumps(shape.wire_schema) + shape.prompt_suffix
    spaces = set(re.findall(r'"x-space": "(box|point|polygon)"', json.dumps(shape.schema)))
    gemini = json.dumps(shape_from_file(path).wire_schema) + shape_from_file(path).prompt_suffix
    right = {space: convention(space, coordinates).split("] ")[0] + "]" for space in spaces}
    assert [space for space, order in right.items() if order not in told] == []
    wrong = [convention(s, Coordinates(scale, not y_first)) for s in spaces & {"box", "point"}]
    assert [words for words in wrong if words.split("] ")[0] in told] == []
    ranges = {"1000": "normalized to 0-1000", "1": "normalized to 0-1", "pixel": "in pixels of"}
    for each, words in ranges.items():
        said = len(re.findall(rf"{words}\b(?!0)", told))
        wanted = len(re.findall(r"normalized to 0-1000\b", gemini)) if each == scale else 0
        assert said == wanted, words
    if coordinates == Coordinates():
        assert told == gemini


@pytest.mark.parametrize("name", sorted(library.response_schemas()))
def test_a_shipped_shape_says_its_own_words_after_the_prompt(name: str) -> None:
    """They were tested with its schema; nothing of the runner's own is sent."""
    path = library.response_schemas()[name]
    written = json.loads(path.read_text("utf-8"))
    shape = shape_from_file(path)
    if "x-prompt-suffix" in written:
        assert shape.prompt_suffix == f"\n{written['x-prompt-suffix']}"
    assert '"x-' not in json.dumps(shape.wire_schema)
    assert check_schema(shape.wire_schema) == ()


def test_coordinates_of_an_authors_schema_are_known_by_their_names() -> None:
    """At any depth; a text that happens to be called `point` is none."""
    numbers = {"type": "array", "items": {"type": "integer"}}
    shape = shape_from_schema(
        {
            "type": "object",
            "properties": {
                "box_2d": numbers,
                "point": {"type": "string"},
                "cats": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"polygon": numbers, "mask": {"type": "string"}},
                    },
                },
                "own": {**numbers, "x-space": "point"},
                "crate": {"$ref": "#/$defs/crate"},
            },
            "$defs": {"crate": {"type": "object", "properties": {"box_3d": numbers}}},
        }
    )
    assert shape.schema is not None
    found: Any = shape.schema["properties"]
    cat = found["cats"]["items"]["properties"]
    assert found["box_2d"]["x-space"] == "box"
    assert "x-space" not in found["point"]
    assert (cat["polygon"]["x-space"], cat["mask"]["x-space"]) == ("polygon", "mask")
    assert found["own"]["x-space"] == "point"
    crate: Any = shape.schema["$defs"]
    assert crate["crate"]["properties"]["box_3d"]["x-space"] == "box_3d"
    assert set(shape.parts) >= {"boxes", "points", "polygons", "masks", "cats"}


def test_a_list_at_the_top_is_one_with_its_fields() -> None:
    """`find.label` is the label of every entry."""
    shape = shape_from_schema(
        {"type": "array", "items": {"type": "object", "properties": {"label": {"type": "string"}}}}
    )
    assert shape.list_key is None
    assert shape.parts == ("rows", "count", "labels", "label", "answer", "status")


def test_masks_have_a_second_shape_for_models_that_paint() -> None:
    """Gemini 2.5 writes no masks in JSON mode: it is asked in words and read by the schema."""
    shape = shape_from_list_of({"what": "text", "kind": ["a", "b"], "area": "mask"})
    png = painted(shape)
    assert png is not None
    assert png.wire_schema is None
    assert not png.forced
    assert png.prompt_suffix == (
        '\nAnswer with a JSON list and nothing else. Each entry has the box in "box_2d" as '
        '[ymin, xmin, ymax, xmax], normalized to 0-1000, "what", "kind" (one of: a, b), and the '
        'segmentation mask in "mask".'
    )
    assert png.schema is not None
    rows: Any = png.schema["properties"]
    record = rows["rows"]["items"]["properties"]
    assert record["mask"]["type"] == "string"
    assert record["box_2d"]["x-space"] == "box"
    assert png.list_key == "rows"


def test_an_answer_without_masks_has_one_shape() -> None:
    """Polygons are written by every model."""
    assert painted(shape_from_list_of({"rim": "polygon", "box": "box"})) is None
    assert painted(Shape()) is None


def test_a_deeper_answer_with_masks_is_asked_for_by_its_schema() -> None:
    """In words it would be too long."""
    numbers = {"type": "array", "items": {"type": "integer"}}
    inner = {"type": "object", "properties": {"box_2d": numbers, "mask": {"type": "string"}}}
    shape = shape_from_schema(
        {
            "type": "object",
            "properties": {"cats": {"type": "array", "items": inner}, "note": {"type": "string"}},
        }
    )
    png = painted(shape)
    assert png is not None
    assert png.prompt_suffix.startswith("\nAnswer with JSON and nothing else.")
    assert '"mask"' in png.prompt_suffix
    assert "x-space" not in png.prompt_suffix


def test_the_model_decides_which_shape_is_asked_for(loaded: Any) -> None:
    """`masks` are polygons for Gemini 3 and PNG for Gemini 2.5."""
    step = loaded(
        "version: 1\nimages: a.png\nsteps: [{id: cut, prompt: Cut out the cat., schema: masks}]\n"
    ).steps[0]
    assert step.shape_for(Model("x", masks="polygon")).forced
    assert not step.shape_for(Model("x", masks="png")).forced


PARTS: tuple[tuple[str, str], ...] = (
    ("boxes", "list"),
    ("boxes.count", "number"),
    ("boxes.labels", "list"),
    ("boxes.label", "list"),
    ("boxes.box", "list"),
    ("rows", "list"),
    ("rows.label", "list"),
    ("count", "number"),
    ("labels", "list"),
    ("answer", "record"),
    ("answer.boxes.count", "number"),
    ("status", "text"),
)


@pytest.mark.parametrize(("path", "kind"), PARTS)
def test_a_reference_leads_to_this_kind_of_value(path: str, kind: str) -> None:
    """Known before anything is asked."""
    shape = shape_from_file(library.response_schemas()["boxes"])
    found = part_at(shape, path.split("."))
    assert not isinstance(found, NoSuchPart)
    assert found.kind == kind


@pytest.mark.parametrize("path", ["masks", "text", "boxes.colour", "boxes.count.x", "boxes.box_2d"])
def test_a_reference_may_lead_nowhere(path: str) -> None:
    """Also under the name that only travels."""
    shape = shape_from_file(library.response_schemas()["boxes"])
    assert isinstance(part_at(shape, path.split(".")), NoSuchPart)


def test_a_schema_that_contains_itself_can_be_referred_into() -> None:
    """Trees have no depth that is known beforehand."""
    shape = shape_from_schema(
        {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "parts": {"type": "array", "items": {"$ref": "#"}},
            },
        }
    )
    assert not isinstance(part_at(shape, ["parts", "name"]), NoSuchPart)
    assert isinstance(part_at(shape, ["parts", "nmae"]), NoSuchPart)
