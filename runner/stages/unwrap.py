"""Unwrap: the list or record that was asked for, out of what the model put around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.text.schema_nodes import properties, types
from runner.values.answer import Json
from runner.values.result import Issue
from runner.values.shape import Shape

WRAPPERS = (
    "boxes",
    "detections",
    "masks",
    "segmentation_masks",
    "objects",
    "items",
    "results",
    "rows",
    "points",
)
"""What models call a list that was to be called otherwise, or to stand bare."""


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The value in the form that was asked for; as it was when there is nothing to unwrap."""

    value: Json
    issues: tuple[Issue, ...] = ()


def unwrap(value: Json, shape: Shape, item_keys: frozenset[str]) -> Unwrapped:
    """One layer taken off, or a list put around a single record. Never a guess between two.

    `item_keys` are the keys that mark an object as one record of the list.
    """
    schema = shape.schema or {}
    known = frozenset(properties(schema, schema))
    kinds = types(schema, schema)
    if shape.list_key is not None:
        return _under_key(value, shape.list_key, known, item_keys)
    if kinds == {"array"}:
        return _bare_list(value, item_keys)
    if "object" in kinds and "array" not in kinds:
        return _record(value, known)
    return Unwrapped(value)


def _under_key(
    value: Json, key: str, known: frozenset[str], item_keys: frozenset[str]
) -> Unwrapped:
    if isinstance(value, dict) and isinstance(value.get(key), list):
        return Unwrapped(value)
    if isinstance(value, dict) and isinstance(value.get(key), dict):
        return Unwrapped({**value, key: [value[key]]}, (_ONE_RECORD,))
    top = _alone(value)
    found = _wrapper(top, (key, *WRAPPERS), item_keys)
    if top is not None and found is not None:
        others = {name: part for name, part in top.items() if name in known}
        return Unwrapped({**others, key: _as_list(top[found])}, (_stood_under(found),))
    bare = _bare_list(value, item_keys)
    return Unwrapped({key: bare.value}, bare.issues) if isinstance(bare.value, list) else bare


def _bare_list(value: Json, item_keys: frozenset[str]) -> Unwrapped:
    if isinstance(value, list) and len(value) == 1 and _is_list_of_records(value[0]):
        return Unwrapped(value[0], (Issue("unwrapped", "the list stood in another list"),))
    top = _alone(value)
    found = _wrapper(top, WRAPPERS, item_keys)
    if top is not None and found is not None:
        return Unwrapped(_as_list(top[found]), (_stood_under(found),))
    if isinstance(value, dict) and item_keys.intersection(value):
        return Unwrapped([value], (_ONE_RECORD,))
    return Unwrapped(value)


def _record(value: Json, known: frozenset[str]) -> Unwrapped:
    if isinstance(value, list):
        only = _alone(value)
        why = "the record stood in a list"
        return Unwrapped(value) if only is None else Unwrapped(only, (Issue("unwrapped", why),))
    top = _alone(value)
    found = _wrapper(top, WRAPPERS, known)
    inner = _alone(top[found]) if top is not None and found is not None else None
    if inner is None or found is None:
        return Unwrapped(value)
    return Unwrapped(inner, (_stood_under(found),))


_ONE_RECORD = Issue("unwrapped", "one record stood where a list was asked for")


def _alone(value: Json) -> dict[str, Json] | None:
    """The object, or the only one of a list."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else None


def _wrapper(
    top: Mapping[str, Json] | None, names: tuple[str, ...], own_keys: frozenset[str]
) -> str | None:
    """The one key that can only be a wrapper; None when the object is itself a record."""
    if top is None or own_keys.intersection(top):
        return None
    found = [name for name in dict.fromkeys(names) if isinstance(top.get(name), list | dict)]
    return found[0] if len(found) == 1 else None


def _as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _stood_under(name: str) -> Issue:
    return Issue("unwrapped", f"the answer stood under `{name}`")


def _is_list_of_records(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)
