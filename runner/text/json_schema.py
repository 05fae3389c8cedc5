"""Judges a value by a JSON Schema, offline and in bounded time.

Nothing is ever fetched: the registry of schemas is empty, so a `$ref` to anywhere else than into
the schema itself is a violation. (Left to itself the library fetches `http:` references, and reads
`file:` ones.) Patterns run in linear time; a schema that refers to itself without end, or is nested
3,000 deep, is a violation, not a crash.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, datetime, time
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

from runner.text.linear_regex import linear
from runner.text.schema_check import SchemaViolation, check_schema
from runner.text.schema_sentences import sentence, shown

__all__ = ["SchemaViolation", "check_schema", "validate"]

REFERENCES, REFERENCES_PER_PART = 10_000, 50
"""`$ref`s followed for one value and for each of its parts: forty levels of two references each
would be 2^40."""

MAX_DEPTH = 400
MAX_VIOLATIONS = 1_000


def validate(value: object, schema: Mapping[str, object]) -> tuple[SchemaViolation, ...]:
    """What the value breaks of the schema, in the order of the schema; empty when it fits.

    The schema is taken to have passed `check_schema`; if it turns out to be broken, its own
    violations are returned. Never raises for a schema or a value.
    """
    parts = _count_parts(value)
    if isinstance(parts, SchemaViolation):
        return (parts,)
    budget = _references_left.set([REFERENCES + REFERENCES_PER_PART * parts])
    try:
        return tuple(_violations(value, schema))
    except _Endless:
        return (SchemaViolation((), "the schema refers to itself too often", "$ref"),)
    except RecursionError:
        return (SchemaViolation((), "the schema or the value is nested too deeply", "$ref"),)
    except ArithmeticError:
        return (SchemaViolation((), "holds a number that is too large", "number"),)
    except Exception:
        broken = check_schema(schema)
        if broken:
            return broken
        raise
    finally:
        _references_left.reset(budget)


def _violations(value: object, schema: Mapping[str, object]) -> Iterator[SchemaViolation]:
    from referencing import Registry

    judge = _judge(str(schema.get("$schema", "")))
    validator = judge(_bare(schema), registry=Registry(), format_checker=_formats())
    for count, error in enumerate(validator.iter_errors(value)):
        if count == MAX_VIOLATIONS:
            return
        keyword = str(error.validator or "false")
        yield SchemaViolation(tuple(error.absolute_path), _told(error), keyword)


def _told(error: Any) -> str:
    keyword = str(error.validator)
    if error.validator is None:  # the schema `false`
        return f"is not allowed here: {shown(error.instance)}"
    if keyword in _TOLD_HERE or keyword.startswith("depend"):
        return str(error.message)
    return sentence(keyword, error.validator_value, error.instance)


_TOLD_HERE = frozenset({"false", "required", "additionalProperties", "uniqueItems", "pattern"})
"""Keywords below, with messages of their own."""


def _count_parts(value: object) -> int | SchemaViolation:
    """How many lists and objects a value has. NaN and infinity are no JSON numbers, and what is
    nested too deep would end the recursion."""
    waiting: list[tuple[object, tuple[str | int, ...]]] = [(value, ())]
    parts = 0
    while waiting:
        item, path = waiting.pop()
        parts += 1
        if isinstance(item, float) and not math.isfinite(item):
            return SchemaViolation(path, f"must be a number, found {item}", "type")
        if len(path) > MAX_DEPTH:
            return SchemaViolation(path[:10], "is nested too deeply", "type")
        if isinstance(item, Mapping):
            inside = ((str(key), part) for key, part in item.items())
            waiting.extend(((part, (*path, key)) for key, part in inside if _may_hold(part)))
        elif isinstance(item, list | tuple):
            waiting.extend((part, (*path, at)) for at, part in enumerate(item) if _may_hold(part))
    return parts


def _may_hold(value: object) -> bool:
    return isinstance(value, float | list | tuple | Mapping)


class _Endless(Exception):
    """More references were followed than any sound schema needs."""


_references_left: ContextVar[list[int]] = ContextVar("references_left")


@cache
def _judge(dialect: str) -> Any:
    """The library's validator for a dialect, with the keywords that would run without bounds replaced."""
    from jsonschema import validators

    chosen = validators.validator_for({"$schema": dialect}, default=validators.Draft202012Validator)
    return validators.extend(  # type: ignore[no-untyped-call]  # the stubs leave it out
        chosen,
        {
            "$ref": _ref,
            "pattern": _pattern,
            "properties": _properties,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "uniqueItems": _unique_items,
            "required": _required,
        },
    )


def _bare(node: Any) -> Any:
    """The schema without `$schema`: where one stands, the library would take its own validator."""
    if isinstance(node, Mapping):
        return {
            key: _bare(value)
            for key, value in node.items()
            if not (key == "$schema" and isinstance(value, str))
        }
    return [_bare(item) for item in node] if isinstance(node, list | tuple) else node


def _ref(validator: Any, ref: Any, instance: Any, schema: Any) -> Iterator[Any]:
    left = _references_left.get()
    left[0] -= 1
    if left[0] < 0:
        raise _Endless
    yield from validator._validate_reference(ref=ref, instance=instance)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "string") and not linear(pattern).search(_whole(instance)):
        yield _error(sentence("pattern", pattern, instance))


def _properties(validator: Any, properties: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for name, part in properties.items():
            if name in instance:
                yield from _descended(validator, instance[name], part, name, name)


def _descended(validator: Any, value: Any, part: Any, name: str, rule: str) -> Iterator[Any]:
    """The errors of a property; the library forgets where it was for the schema `false`."""
    if part is False:
        yield _error(f"is not allowed here: {shown(value)}", validator="false", path=[name])
    else:
        yield from validator.descend(value, part, path=name, schema_path=rule)


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, part in patterns.items():
        matches = linear(pattern)
        for name, value in instance.items():
            if matches.search(_whole(name)):
                yield from _descended(validator, value, part, name, pattern)


def _additional_properties(
    validator: Any, wanted: Any, instance: Any, schema: Any
) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    known = schema.get("properties", {})
    patterns = [linear(pattern) for pattern in schema.get("patternProperties", {})]
    for name, value in instance.items():
        if name in known or any(pattern.search(_whole(name)) for pattern in patterns):
            continue
        if wanted is False:
            yield _error(f"`{name}` is not expected here")
        else:
            yield from validator.descend(value, wanted, path=name)


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """The library compares every pair where entries cannot be sorted."""
    if not wanted or not validator.is_type(instance, "array"):
        return
    seen: set[str] = set()
    for item in instance:
        spelling = json.dumps(_comparable(item), sort_keys=True)
        if spelling in seen:
            yield _error(f"holds the same entry twice: {shown(item)}")
            return
        seen.add(spelling)


def _required(validator: Any, required: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for name in required:
            if name not in instance:
                yield _error(f"`{name}` is missing")


def _error(message: str, **details: Any) -> Any:
    from jsonschema import ValidationError

    return ValidationError(message, **details)


def _comparable(value: Any) -> Any:
    """The value with 1.0 written as 1: JSON has one kind of number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _comparable(part) for key, part in value.items()}
    return [_comparable(part) for part in value] if isinstance(value, list) else value


def _whole(text: str) -> str:
    """The text with what has no place in UTF-8 replaced: RE2 reads UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _formats() -> Any:
    """The formats that are asserted; others say nothing, as the standard has it.

    Source: json-schema.org, draft 2020-12 validation, section 7.3.
    """
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    readers = {
        "date": lambda text: len(text) == 10 and date.fromisoformat(text),
        "time": lambda text: time.fromisoformat(text).tzinfo is not None or text[2] == ":",
        "date-time": lambda text: "T" in text.upper() and datetime.fromisoformat(text),
        "email": lambda text: text.count("@") == 1 and "" not in text.split("@"),
        "ipv4": lambda text: IPv4Address(text),
        "ipv6": lambda text: IPv6Address(text),
        "uuid": lambda text: UUID(text),
    }
    for name, reader in readers.items():
        checker.checks(name, raises=(ValueError, IndexError))(_for_texts(reader))
    return checker


def _for_texts(reader: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or bool(reader(value))
