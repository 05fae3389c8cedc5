"""A value is judged by a JSON Schema offline and in bounded time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.text.json_schema import check_schema, validate

BOXES: dict[str, object] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["label", "box_2d"],
        "additionalProperties": False,
        "properties": {
            "label": {"type": "string", "maxLength": 5},
            "box_2d": {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4},
        },
    },
}
TREE: dict[str, object] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["children"],
    "properties": {"children": {"type": "array", "items": {"$ref": "#"}}},
}

JUDGED: list[tuple[object, dict[str, object], list[tuple[tuple[str | int, ...], str, str]]]] = [
    ([{"label": "cat", "box_2d": [1, 2, 3, 4]}], BOXES, []),
    ([{"label": 3, "box_2d": [1, 2, 3], "z": 1}], BOXES, [
        ((0,), "additionalProperties", "`z` is not expected here"),
        ((0, "label"), "type", "must be a text, found 3"),
        ((0, "box_2d"), "minItems", "must have at least 4 entries, has 3"),
    ]),
    ([{"box_2d": [0, 0, 0, "a"]}], BOXES, [
        ((0,), "required", "`label` is missing"),
        ((0, "box_2d", 3), "type", 'must be a whole number, found the text "a"'),
    ]),
    ({"a": 1}, BOXES, [((), "type", "must be a list, found an object")]),
    ({"children": [{"children": []}, {}]}, TREE, [(("children", 1), "required", "`children` is missing")]),
    ("cow", {"enum": ["cat", "dog"]}, [((), "enum", 'must be one of "cat", "dog"; found the text "cow"')]),
    (None, {"type": ["string", "integer"]}, [((), "type", "must be a text or a whole number, found null")]),
    (True, {"type": "number"}, [((), "type", "must be a number, found true")]),
    (1.0, {"type": "integer"}, []),
    (5, {"minimum": 6}, [((), "minimum", "must be at least 6, found 5")]),
    ([], {"minItems": 1}, [((), "minItems", "must have at least 1 entry, has 0")]),
    ("ab", {"maxLength": 1}, [((), "maxLength", "must have at most 1 character, has 2")]),
    ([1, 1.0], {"uniqueItems": True}, [((), "uniqueItems", "holds the same entry twice: 1.0")]),
    ([1, True, "1", [1], {"a": 1}], {"uniqueItems": True}, []),
    ("2026-13-01", {"format": "date"}, [((), "format", 'must be a date, found the text "2026-13-01"')]),
    ("2026-11-20", {"format": "date"}, []),
    ("2026-11-20T10:00:00Z", {"format": "date-time"}, []),
    ("20 Nov", {"format": "date-time"}, [((), "format", 'must be a date-time, found the text "20 Nov"')]),
    ("anything", {"format": "made-up"}, []),
    ("é", {"pattern": "^\\u00e9$"}, []),
    ("x", {"pattern": "^[ab]$"}, [((), "pattern", 'must match `^[ab]$`, found the text "x"')]),
    ("a\ud800", {"pattern": "^a.$"}, []),
    ({"ab": 1, "c": 2}, {"patternProperties": {"^a": {"type": "string"}}, "additionalProperties": False}, [
        (("ab",), "type", "must be a text, found 1"),
        ((), "additionalProperties", "`c` is not expected here"),
    ]),
    ({"c": 2}, {"additionalProperties": {"type": "string"}}, [(("c",), "type", "must be a text, found 2")]),
    ({"a": 1}, {"properties": {"a": False}}, [(("a",), "false", "is not allowed here: 1")]),
    (1, {"anyOf": [{"type": "string"}, {"minimum": 2}]}, [((), "anyOf", "has none of the forms that are allowed, found 1")]),
    (float("nan"), {}, [((), "type", "must be a number, found nan")]),
    ({"a": [0.5, float("-inf")]}, {}, [(("a", 1), "type", "must be a number, found -inf")]),
    (10**400, {"multipleOf": 0.1}, [((), "number", "holds a number that is too large")]),
    (1, {"$schema": "http://127.0.0.9/x", "type": "string"}, [((), "type", "must be a text, found 1")]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "schema", "violations"), JUDGED)
def test_a_value_is_judged_in_sentences(
    value: object,
    schema: dict[str, object],
    violations: list[tuple[tuple[str | int, ...], str, str]],
) -> None:
    """Every violation with its path, in words that need no knowledge of JSON Schema."""
    found = validate(value, schema)
    assert [(each.path, each.keyword, each.message) for each in found] == violations


def nested(depth: int) -> dict[str, object]:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(depth):
        schema = {"not": schema}
    return schema


BOMB: dict[str, object] = {
    "$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)} | {"a40": {}},
    "$ref": "#/$defs/a0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$ref": "#"}, "the schema or the value is nested too deeply"),
        ({"allOf": [{"$ref": "#/allOf/1"}, {"$ref": "#/allOf/0"}]}, "the schema or the value is nested too deeply"),
        (nested(3000), "the schema or the value is nested too deeply"),
        (BOMB, "the schema refers to itself too often"),
    ],
    ids=["itself", "a circle", "3,000 levels", "2^40 references"],
)  # fmt: skip
def test_a_schema_without_end_is_a_violation(schema: dict[str, object], message: str) -> None:
    """No crash, no waiting."""
    assert [each.message for each in validate(1, schema)] == [message]


def test_a_value_nested_too_deeply_is_a_violation() -> None:
    """The value decides how deep a schema that contains itself is followed."""
    value: dict[str, object] = {"children": []}
    for _ in range(5000):
        value = {"children": [value]}
    assert [each.message for each in validate(value, TREE)] == ["is nested too deeply"]


def test_a_pattern_takes_linear_time() -> None:
    """Python's own engine doubles its time with every further character here."""
    assert validate("a" * 50_000 + "!", {"pattern": "^(a+)+$"})[0].keyword == "pattern"
    assert validate({"a" * 5_000 + "!": 1}, {"patternProperties": {"^(a+)+$": False}}) == ()
    looped: Mapping[str, object] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "pattern": "^(a+)+$",
        "additionalProperties": {"$ref": "#"},
    }
    assert validate({"x": "a" * 50_000 + "!"}, looped)[0].path == ("x",)


def test_no_reference_leaves_the_schema(tmp_path: Path) -> None:
    """Neither a web address nor a file is ever read, by whichever keyword it is named."""
    hits: list[str] = []

    class Count(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

    server = HTTPServer(("127.0.0.1", 0), Count)
    Thread(target=server.serve_forever, daemon=True).start()
    web = f"http://127.0.0.1:{server.server_address[1]}/x.json"
    (tmp_path / "x.json").write_text("{}")
    file = (tmp_path / "x.json").as_uri()
    try:
        for address in (web, file, "x.json", "//127.0.0.1/x"):
            for schema in (
                {"$ref": address},
                {"properties": {"a": {"$ref": address}}},
                {"$id": address, "$ref": "y.json"},
                {"$dynamicRef": address},
                {"$schema": address, "$ref": address},
            ):
                assert validate({"a": 1}, schema) != ()
                assert check_schema(schema) != ()
    finally:
        server.shutdown()
        server.server_close()
    assert hits == []


BROKEN: list[tuple[object, list[tuple[tuple[str | int, ...], str, str | None]]]] = [
    ({"type": "object", "requred": ["a"]}, [(("requred",), "there is no keyword `requred` in JSON Schema", "did you mean `required`?")]),
    ({"properties": {"requred": {"typ": "string"}}}, [(("properties", "requred", "typ"), "there is no keyword `typ` in JSON Schema", "did you mean `type`?")]),
    ({"type": "strng"}, [(("type",), "there is no type `strng` in JSON Schema", "did you mean `string`?")]),
    ({"items": {"type": ["text", "null"]}}, [(("items", "type"), "there is no type `text` in JSON Schema", "did you mean `string`?")]),
    ({"type": "bool"}, [(("type",), "there is no type `bool` in JSON Schema", "did you mean `boolean`?")]),
    ({"required": 5, "minimum": "a"}, [(("minimum",), '`minimum` must be a number, found the text "a"', None), (("required",), "`required` must be a list, found 5", None)]),
    ({"$ref": "other.json"}, [(("$ref",), "`other.json` leads out of this schema, and nothing is ever fetched", "copy that schema under `$defs` and write `#/$defs/name`")]),
    ({"$defs": {"line": {}}, "$ref": "#/$defs/lin"}, [(("$ref",), "`#/$defs/lin` leads to nothing in this schema", "did you mean `#/$defs/line`?")]),
    ({"$ref": "#anchor"}, [(("$ref",), "`#anchor` leads to nothing in this schema", None)]),
    ({"$ref": "#"}, [(("$ref",), "the schema refers to itself without getting any further in the value", None)]),
    ({"allOf": [{"$ref": "#/allOf/1"}, {"$ref": "#/allOf/0"}]}, [(("allOf", 1, "$ref"), "the schema refers to itself without getting any further in the value", None)]),
    ({"pattern": "(?=a)"}, [(("pattern",), "the pattern `(?=a)` cannot be used: it looks ahead or behind, which cannot be done in linear time", None)]),
    ({"pattern": r"(a)\1"}, [(("pattern",), r"the pattern `(a)\1` cannot be used: it refers back to a group, which cannot be done in linear time", None)]),
    ({"$dynamicRef": "#x"}, [(("$dynamicRef",), "`$dynamicRef` is not supported", "write `$ref`")]),
    ({"unevaluatedProperties": False}, [(("unevaluatedProperties",), "`unevaluatedProperties` is not supported", "write `additionalProperties`")]),
    ({"properties": {"a": {"$id": "http://127.0.0.9/"}}}, [(("properties", "a", "$id"), "only the whole schema may have an `$id`", "remove it; a part is referred to by its path, `#/$defs/name`")]),
    ({"minimum": float("nan")}, [(("minimum",), "nan is no JSON number", None)]),
    (nested(3000), [(("not", "not", "not"), "the schema is nested more than 100 levels deep", None)]),
    ([1], [((), "the schema must be an object, found [1]", None)]),
    ({"properties": {"name": {}}, "required": ["nmae"]}, [(("required", 0), "`required` names `nmae`, which is not among the `properties`", "did you mean `name`?")]),
    ({"items": {"properties": {"a": {}}, "required": ["a", "zebra"]}}, [(("items", "required", 1), "`required` names `zebra`, which is not among the `properties`", "describe it there, or delete it here")]),
    ({"properties": {"a": {}}, "allOf": [{"properties": {"b": {}}, "required": ["a", "c"]}], "required": ["b"]}, [(("allOf", 0, "required", 1), "`required` names `c`, which is not among the `properties`", "describe it there, or delete it here")]),
    ({1: 2}, [((), "the key 1 must be a text", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "violations"), BROKEN)
def test_a_broken_schema_is_told_before_anything_runs(
    schema: object, violations: list[tuple[tuple[str | int, ...], str, str | None]]
) -> None:
    """With the path in the schema, and what was probably meant."""
    found = check_schema(schema)
    assert [(each.path, each.message, each.fix) for each in found] == violations


SOUND: list[dict[str, object]] = [
    {},
    BOXES,
    TREE,
    {"x-space": "box", "propertyOrdering": ["a"]},
    {"properties": {"a": {}}, "anyOf": [{"required": ["a"]}, {"properties": {"b": {}}}]},
    {"properties": {"a": {}}, "allOf": [{"properties": {"b": {}}}], "required": ["a", "b"]},
    {"properties": {"a": {}}, "additionalProperties": {"type": "string"}, "required": ["b"]},
]


@pytest.mark.parametrize("schema", SOUND)
def test_a_sound_schema_has_no_violations(schema: dict[str, object]) -> None:
    """A schema may contain itself as long as the value gets smaller, and may hold words of others."""
    assert check_schema(schema) == ()


def test_a_broken_schema_is_no_crash() -> None:
    """Judged all the same, it returns its own violations."""
    assert [each.keyword for each in validate(1, {"minimum": "a"})] == ["minimum"]


KEYWORDS = [
    "type",
    "$ref",
    "items",
    "properties",
    "allOf",
    "not",
    "pattern",
    "enum",
    "required",
    "$id",
]
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["#", "string", "a", "(", "#/not"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(ANY_JSON, st.dictionaries(st.sampled_from(KEYWORDS), ANY_JSON, max_size=4))
def test_any_schema_can_be_checked_and_used(value: object, schema: dict[str, object]) -> None:
    """Never an exception; a schema that passes its check judges any value."""
    check_schema(schema)
    validate(json.loads(json.dumps(value)), schema)
