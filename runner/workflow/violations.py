"""What a file breaks of the JSON Schema, told to the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from runner.text.scalars import MOST_DIGITS
from runner.values.problem import Problem
from runner.workflow.document import Document
from runner.workflow.missing import empty, excluded, missing_choice, missing_keys, too_many, twice
from runner.workflow.schema import Violation
from runner.workflow.telling import example, key_of, name_of_value, problem, without_limit
from runner.workflow.wrong_types import wrong_type
from runner.workflow.wrong_words import unknown_word, wrong_name, wrong_writing


def told(violation: Violation, document: Document) -> Problem | None:
    """The problem of one violation; None when another violation tells it already."""
    tell = _too_long if _is_too_long(violation) else _TELLERS.get(violation.keyword, _anything)
    return tell(violation, document)


def _is_too_long(violation: Violation) -> bool:
    """Whether a number has so many digits that it was read as a text."""
    found, types = violation.value, violation.node.get("type", ())
    takes_numbers = {"number", "integer"} & {*([types] if isinstance(types, str) else types)}
    digits = re.fullmatch(r"[-+]?(\d+)", found) if isinstance(found, str) else None
    return bool(takes_numbers) and digits is not None and len(digits[1]) > MOST_DIGITS


def _too_long(violation: Violation, document: Document) -> Problem:
    key = violation.route[-1]
    least = str(violation.value).startswith("-")
    end = violation.node.get(
        "minimum" if least else "maximum", (10**MOST_DIGITS - 1) * (1 - 2 * least)
    )
    size, bound = ("small", "must be at least") if least else ("large", "can be at most")
    message = f"{name_of_value(violation, document)} is too {size}: it {bound} {end:,}"
    fix = f"write {key}: {end}" if isinstance(key, str) else f"write {end}"
    return problem(violation, document, "W206", message, fix)


def _least(violation: Violation, document: Document) -> Problem:
    word = "more than" if violation.keyword == "exclusiveMinimum" else "at least"
    message = f"{name_of_value(violation, document)} must be {word} {violation.limit}"
    fix = without_limit(violation) or example(violation, "write")
    return problem(violation, document, "W206", message, fix)


def _most(violation: Violation, document: Document) -> Problem:
    found, key = violation.value, key_of(violation.route)
    message = f"{name_of_value(violation, document)} can be at most {violation.limit}"
    fix = None
    if key == "iou" and isinstance(found, int | float):
        fix = f"write iou: {found / 100:g}" if 2 <= found <= 100 else "write iou: 0.5"
    elif "string" in violation.node.get("type", ()) and isinstance(found, int | float):
        fix = f"write {found:g}% or {found / 100:g}" if 2 <= found <= 100 else "write 95% or 0.95"
    elif key in ("parallel", "repeat", "retries", "temperature", "top_p"):
        fix = f"write {key}: {violation.limit}"
    return problem(violation, document, "W206", message, fix)


def _anything(violation: Violation, document: Document) -> Problem:
    message = f"{name_of_value(violation, document)} does not fit the format"
    return problem(violation, document, "W204", message, example(violation, "write"))


_TELLERS: Mapping[str, Callable[[Violation, Document], Problem | None]] = {
    "type": wrong_type,
    "required": missing_keys,
    "anyOf": missing_choice,
    "enum": unknown_word,
    "const": excluded,
    "minimum": _least,
    "exclusiveMinimum": _least,
    "maximum": _most,
    "pattern": wrong_writing,
    "propertyNames": wrong_name,
    "minLength": empty,
    "minItems": empty,
    "minProperties": empty,
    "maxItems": too_many,
    "uniqueItems": twice,
}
