"""Checks a JSON value against the fields that the service's types have, as strictly as it does.

A kind is a word (`text`, `whole`, `number`, `yes_no`, `any`, `texts`, `labels`), a frozen set of
allowed words, a mapping of fields, or a one-element list of a kind for lists of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from runner.providers.simulator.errors import ApiError, unknown_name

Kind: TypeAlias = "str | frozenset[str] | Mapping[str, Kind] | list[Kind]"


def check(value: object, kind: Kind, at: str = "", *, unknown_ok: bool = False) -> None:
    """Raises `ApiError` at the first thing that does not fit; `at` is the path that it names.

    `unknown_ok` lets unknown names pass, as a server does that ignores them.
    """
    match kind:
        case str():
            _check_word(value, kind, at)
        case frozenset():
            if value not in kind:
                raise _invalid(value, f"one of {', '.join(sorted(kind))}", at)
        case list():
            if not isinstance(value, list):
                raise _invalid(value, "a list", at)
            for i, item in enumerate(value):
                check(item, kind[0], f"{at}[{i}]", unknown_ok=unknown_ok)
        case _:
            _check_fields(value, kind, at, unknown_ok)


def _check_fields(value: object, kind: Mapping[str, Kind], at: str, unknown_ok: bool) -> None:
    if not isinstance(value, dict):
        raise _invalid(value, "an object", at)
    for name, item in value.items():
        if name not in kind:
            if unknown_ok:
                continue
            raise unknown_name(name, at)
        if item is not None:
            check(item, kind[name], f"{at}.{name}" if at else name, unknown_ok=unknown_ok)


def camel_case(value: object, kind: Kind) -> object:
    """The same value with the names of typed fields in camelCase: both casings are accepted.

    Names under `any` and `labels` are the author's own and stay.
    """
    match kind:
        case list() if isinstance(value, list):
            return [camel_case(item, kind[0]) for item in value]
        case Mapping() if isinstance(value, dict):
            return {
                (camel := _camel(name)): camel_case(item, kind.get(camel, "any"))
                for name, item in value.items()
            }
        case _:
            return value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def _check_word(value: object, kind: str, at: str) -> None:
    expected, fits = _WORDS[kind]
    if not fits(value):
        raise _invalid(value, expected, at)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


def _is_labels(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str) and len(name) <= 63 and len(text) <= 63 and text == text.lower()
        for name, text in value.items()
    )


_WORDS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "any": ("anything", lambda value: True),
    "text": ("a text", lambda value: isinstance(value, str)),
    "texts": (
        "a list of texts",
        lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    ),
    "whole": ("a whole number", _is_whole),
    "number": (
        "a number",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    ),
    "yes_no": ("true or false", lambda value: isinstance(value, bool)),
    "labels": ("a map of texts in small letters, at most 63 long", _is_labels),
}


def _invalid(value: object, expected: str, at: str) -> ApiError:
    found = repr(value)
    found = found if len(found) < 60 else found[:57] + "…"
    where = f" at '{at}'" if at else ""
    return ApiError(400, f"Invalid value{where}: expected {expected}, found {found}.")
