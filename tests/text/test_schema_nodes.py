"""The schema of a place in an answer, through references and alternatives."""

from __future__ import annotations

from runner.text.schema_nodes import (
    NOTHING,
    annotation,
    item_node,
    path_text,
    properties,
    property_node,
    required,
    types,
)

SCHEMA = {
    "type": "object",
    "$defs": {"place": {"type": "array", "x-space": "box"}},
    "properties": {
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"box_2d": {"$ref": "#/$defs/place", "x-name": "line"}},
                "required": ["box_2d"],
            },
        },
        "pair": {"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        "old_pair": {"items": [{"type": "string"}], "additionalItems": {"type": "number"}},
        "maybe": {"anyOf": [{"type": "null"}, {"type": "array", "x-space": "point"}]},
    },
    "additionalProperties": {"type": "boolean"},
}


def test_properties_and_items_are_found() -> None:
    """By name, by position, and where the schema only speaks of the others."""
    rows = property_node(SCHEMA, "rows", SCHEMA)
    item = item_node(rows, 7, SCHEMA)
    assert required(item, SCHEMA) == {"box_2d"}
    assert list(properties(SCHEMA, SCHEMA)) == ["rows", "pair", "old_pair", "maybe"]
    assert property_node(SCHEMA, "unknown", SCHEMA) == {"type": "boolean"}
    assert property_node(item, "unknown", SCHEMA) is NOTHING
    pair, old_pair = (property_node(SCHEMA, name, SCHEMA) for name in ("pair", "old_pair"))
    assert [item_node(pair, index, SCHEMA).get("type") for index in range(3)] == [
        "string",
        "integer",
        None,
    ]
    assert [item_node(old_pair, index, SCHEMA).get("type") for index in range(2)] == [
        "string",
        "number",
    ]


def test_annotations_are_seen_through_references_and_alternatives() -> None:
    """A box that may be null is still a box."""
    item = item_node(property_node(SCHEMA, "rows", SCHEMA), 0, SCHEMA)
    box = property_node(item, "box_2d", SCHEMA)
    maybe = property_node(SCHEMA, "maybe", SCHEMA)
    assert (annotation(box, "x-space", SCHEMA), annotation(box, "x-name", SCHEMA)) == (
        "box",
        "line",
    )
    assert annotation(maybe, "x-space", SCHEMA) == "point"
    assert types(maybe, SCHEMA) == {"null", "array"}


def test_paths_are_written_under_the_names_of_the_author() -> None:
    """`box_2d` travels; `line` is what the author wrote."""
    assert path_text(("rows", 3, "box_2d", 1), SCHEMA) == "rows[3].line[1]"
    assert path_text((2, "x"), {}) == "[2].x"
    assert path_text((), SCHEMA) == ""


def test_a_schema_that_holds_itself_ends() -> None:
    """Cycles, references to nowhere and doubled alternatives are walked once."""
    schema = {
        "anyOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#/$defs/a"}],
        "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/nowhere"}]}},
    }
    assert properties(schema, schema) == {}
    assert types({"$ref": "https://elsewhere.invalid/x"}, schema) == frozenset()
