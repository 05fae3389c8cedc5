"""Schemas as `strict: true` wants them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from runner import library
from runner.providers.openai.closed import closed

NUMBER = {"type": "integer"}
CLOSED = {"additionalProperties": False}


def record(**more: Any) -> dict[str, Any]:
    """An object with one key that must be there."""
    return {"type": "object", "properties": {"n": NUMBER}, "required": ["n"], **more}


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        (record(), record(**CLOSED)),
        (record(**CLOSED), record(**CLOSED)),
        (
            {"type": "array", "items": record()},
            {"type": "array", "items": record(**CLOSED)},
        ),
        (
            {"anyOf": [record(), {"$ref": "#/$defs/a"}], "$defs": {"a": record()}},
            {"anyOf": [record(**CLOSED), {"$ref": "#/$defs/a"}], "$defs": {"a": record(**CLOSED)}},
        ),
        (
            {"type": "object", "properties": {"properties": NUMBER}, "required": ["properties"]},
            {
                "type": "object",
                "properties": {"properties": NUMBER},
                "required": ["properties"],
                **CLOSED,
            },
        ),
    ],
)
def test_an_object_whose_keys_are_all_required_is_closed(
    schema: Mapping[str, Any], sent: Mapping[str, Any]
) -> None:
    """However deep it stands."""
    assert closed(schema) == (sent, True)


@pytest.mark.parametrize(
    "schema",
    [
        record(required=[]),
        {"type": "object", "properties": {"n": NUMBER}},
        record(additionalProperties=True),
        record(additionalProperties=NUMBER),
        {"type": "object"},
        {"type": "array", "items": record(required=[])},
        {"type": "object", "properties": {"a": record(required=[])}, "required": ["a"]},
    ],
)
def test_a_schema_that_leaves_something_open_is_sent_as_it_is(schema: Mapping[str, Any]) -> None:
    """An author's optional field stays optional."""
    assert closed(schema) == (schema, False)


def test_what_is_shipped_is_never_half_closed() -> None:
    """Each shipped shape is either closed everywhere or untouched."""
    for path in library.response_schemas().values():
        schema = json.loads(path.read_text(encoding="utf-8"))
        sent, strict = closed(schema)
        assert strict or sent == schema
