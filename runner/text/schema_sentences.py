"""What a JSON Schema demands, said about the value that was found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

TYPES: Mapping[str, str] = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def sentence(keyword: str, limit: Any, value: object) -> str:
    """Why a value does not hold what the keyword demands: "must be a number, found …"."""
    say = _SENTENCES.get(keyword)
    return say(limit, value) if say else f"does not fit `{keyword}`: {shown(value)}"


def shown(value: object) -> str:
    """A value in a few words."""
    match value:
        case str():
            return f"the text {_short(json.dumps(value, ensure_ascii=False))}"
        case bool() | None:
            return json.dumps(value)
        case int() | float():
            return _short(repr(value))
        case list() | tuple():
            return f"a list of {len(value)}"
        case Mapping():
            return "an object"
        case _:
            return f"a {type(value).__name__}"


def plain(value: object) -> str:
    """A value as one would write it, shortened."""
    try:
        return _short(json.dumps(value, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError):
        return shown(value)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _type(limit: Any, value: object) -> str:
    kinds = [limit] if isinstance(limit, str) else list(limit)
    wanted = " or ".join(TYPES.get(kind, str(kind)) for kind in kinds)
    return f"must be {wanted}, found {shown(value)}"


def _enum(limit: Any, value: object) -> str:
    words = list(limit)
    some = ", ".join(plain(word) for word in words[:12]) + (", …" if len(words) > 12 else "")
    return f"must be one of {some}; found {shown(value)}"


def _count(value: object) -> int:
    return len(value) if isinstance(value, str | list | tuple | Mapping) else 0


def _entries(limit: object, thing: str) -> str:
    return (
        f"{limit} {thing}"
        if limit != 1
        else f"1 {thing.removesuffix('s').replace('entrie', 'entry').replace('propertie', 'property')}"
    )


_SENTENCES: Mapping[str, Callable[[Any, object], str]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda limit, value: f"must be {plain(limit)}, found {shown(value)}",
    "minimum": lambda limit, value: f"must be at least {limit}, found {shown(value)}",
    "maximum": lambda limit, value: f"must be at most {limit}, found {shown(value)}",
    "exclusiveMinimum": lambda limit, value: f"must be more than {limit}, found {shown(value)}",
    "exclusiveMaximum": lambda limit, value: f"must be less than {limit}, found {shown(value)}",
    "multipleOf": lambda limit, value: f"must be a multiple of {limit}, found {shown(value)}",
    "minLength": lambda limit, value: (
        f"must have at least {_entries(limit, 'characters')}, has {_count(value)}"
    ),
    "maxLength": lambda limit, value: (
        f"must have at most {_entries(limit, 'characters')}, has {_count(value)}"
    ),
    "pattern": lambda limit, value: f"must match `{_short(str(limit))}`, found {shown(value)}",
    "format": lambda limit, value: f"must be a {limit}, found {shown(value)}",
    "minItems": lambda limit, value: (
        f"must have at least {_entries(limit, 'entries')}, has {_count(value)}"
    ),
    "maxItems": lambda limit, value: (
        f"must have at most {_entries(limit, 'entries')}, has {_count(value)}"
    ),
    "uniqueItems": lambda _, __: "holds the same entry twice",
    "contains": lambda _, __: "holds no entry of the kind that is wanted",
    "minProperties": lambda limit, value: (
        f"must have at least {_entries(limit, 'properties')}, has {_count(value)}"
    ),
    "maxProperties": lambda limit, value: (
        f"must have at most {_entries(limit, 'properties')}, has {_count(value)}"
    ),
    "anyOf": lambda _, value: f"has none of the forms that are allowed, found {shown(value)}",
    "oneOf": lambda _, value: (
        f"must have exactly one of the forms that are allowed, found {shown(value)}"
    ),
    "not": lambda _, value: f"has a form that is not allowed, found {shown(value)}",
    "propertyNames": lambda _, value: f"has a property name that is not allowed: {shown(value)}",
}
