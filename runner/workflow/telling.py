"""The words in which a violation of the format is told: names, examples, places."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from runner.values.problem import Problem, Route
from runner.workflow.document import Document
from runner.workflow.schema import Violation, definition
from runner.workflow.words import as_yaml, name_of, where


def problem(
    violation: Violation,
    document: Document,
    code: str,
    message: str,
    fix: str | None,
    *,
    at: Route | None = None,
    key: bool = False,
    allowed: tuple[str, ...] = (),
) -> Problem:
    """The problem of a violation, at its value or at the route that is given."""
    route = violation.route if at is None else at
    place = document.place(route, key=key)
    return Problem(code, message, place, fix=fix, allowed=() if fix else allowed)


def name_of_value(violation: Violation, document: Document) -> str:
    """A value by its key and the part of the file that it stands in: "`model` in step `find`"."""
    owner = where(_owner(violation.route), document.data)
    return name_of(violation.route, document.data) + owner


def _owner(route: Route) -> Route:
    """The part of the file that a value belongs to, when its key alone does not say it."""
    match route:
        case ("steps", int() as number, _, *_):
            return ("steps", number)
        case ("checks" | "outputs" | "matrix_skip" as part, int() as number, _, *_):
            return (part, number)
        case _:
            return ()


def key_of(route: Route) -> str:
    """The last key of a route."""
    return next((part for part in reversed(route) if isinstance(part, str)), "")


def first_key(route: Route, document: Document) -> Route:
    """The first key of a mapping, where one that is missing is told; the route itself if none."""
    found = document.value(route)
    return (*route, next(iter(found))) if isinstance(found, dict) and found else route


def example(violation: Violation, verb: str) -> str | None:
    """A fix from the example of the schema: "write limit: 10"."""
    examples = _examples(violation.node)
    key = key_of(violation.route)
    return f"{verb} {key}: {as_yaml(examples[0])}" if examples and key else None


def without_limit(violation: Violation) -> str | None:
    """What to do for someone who wants no limit: `keep: all`, `keep: 0`."""
    words = ("all", "none", "unlimited", "0")
    if key_of(violation.route) == "keep" and str(violation.value).strip().lower() in words:
        return "write a number from 1, or delete the line: then all are kept"
    return None


def example_of(name: str, node: Mapping[str, Any]) -> str | None:
    """A fix for a key that is missing."""
    described = node.get("properties", {}).get(name)
    examples = _examples(described) if described else []
    return f"write for example {name}: {as_yaml(examples[0])}" if examples else f"add `{name}:`"


def fill_in(violation: Violation) -> str | None:
    """What to write where nothing stands; several lines are told by their first one."""
    match _examples(violation.node)[:1]:
        case [dict() as pairs] if pairs:
            name, value = next(iter(pairs.items()))
            return f"write below it for example `{name}: {as_yaml(value)}`, or delete the line"
        case [[dict() as pairs, *_]] if pairs:
            name, value = next(iter(pairs.items()))
            return f"write below it for example `- {name}: {as_yaml(value)}`"
    return example(violation, "write")


def _examples(node: Mapping[str, Any]) -> list[Any]:
    found = node.get("examples", [])
    if not found and "$ref" in node:
        found = definition(node["$ref"].rpartition("/")[2]).get("examples", [])
    return list(found)


def write(key: str, value: object) -> str:
    """A fix that can be pasted: "write limit: 10"."""
    return f"write {key}: {value if isinstance(value, str) else as_yaml(value)}"


def plain_number(route: Route, number: str, found: str) -> str:
    """A fix for a number that is a text: in quotes, or with signs between its digits."""
    quotes = ", without quotes" if number == found.strip() else ""
    if isinstance(route[-1], str):
        return write(route[-1], f"{number}{quotes}")
    return f"write {number}{quotes}"


def as_name(text: str, before: str = "n") -> str:
    """A name that the format accepts, as near to this text as possible.

    `before` comes first where a letter must: `1` is `n_1`.
    """
    plain = unicodedata.normalize("NFC", text).lower().translate(_GERMAN)
    plain = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", plain))
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return name if re.match(r"[a-z]", name) else f"{before}_{name}".rstrip("_")


_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe"})


def as_fix(words: str) -> str | None:
    """A sentence of the schema as the end of ours."""
    return words[:1].lower() + words[1:].rstrip(".") if words else None


def number_in(text: str) -> str | None:
    """The number that a text means, as the format writes it: `1000` for `1,000`, `0.5` for `0,5`.

    Groups of three digits are thousands, unless only a zero stands before them.
    """
    text = text.strip()
    if re.fullmatch(rf"[-+]?[1-9]\d{{0,2}}(?:{_THOUSANDS}\d{{3}})+", text):
        return re.sub(_THOUSANDS, "", text)
    if re.fullmatch(r"[-+]?\d+([.,]\d+)?", text):
        return text.replace(",", ".")
    return None


_THOUSANDS = r"[.,'’_ \u00a0\u202f]"


def range_in(text: str) -> tuple[str, str] | None:
    """The two ends of a range that is written as a text: `1-3`, `1 to 3`, `1, 3`."""
    ends = re.fullmatch(
        r"\s*(\d+(?:\.\d+)?)\s*(?:-|–|\.\.+|to|and|,|;|:)\s*(\d+(?:\.\d+)?)\s*", text
    )
    return (ends[1], ends[2]) if ends else None
