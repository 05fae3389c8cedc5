"""A result as one JSON record of an output: what was saved, and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Sequence

from runner.exporters.atomic import encoded
from runner.text.lookup import Found, part_of
from runner.values.result import USABLE, Result


def record_of_result(result: Result, path: Sequence[str]) -> dict[str, object]:
    """`value` is the part that `save:` names; None, with an `error`, when there is none.

    A cut-off answer keeps its complete items and says so by its status and its error.
    """
    found = part_of(result, path)
    usable = result.status in USABLE or result.status == "truncated"
    record: dict[str, object] = {
        "case": result.case,
        "combination": dict(result.combination),
        "repeat": result.repeat,
        "status": result.status,
        "images": [
            {
                "name": image.name,
                "role": image.role,
                "width": image.size and image.size.width,
                "height": image.size and image.size.height,
            }
            for image in result.images
        ],
        "value": found.value if usable and isinstance(found, Found) else None,
        "model": result.model,
        "simulated": result.simulated,
    }
    if error := error_of(result):
        record["error"] = error
    return record


def error_of(result: Result) -> str | None:
    """Why a result is not a whole answer, or what is missing from it; None when all is well."""
    if result.status in USABLE:
        dropped = [issue for issue in result.issues if issue.code == "item_dropped"]
        return "; ".join(issue.why for issue in dropped) or None
    return result.error or result.status


def as_line(record: object) -> bytes:
    """One line of JSON with its line end. NaN and infinity, which JSON does not know, are texts."""
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(record), ensure_ascii=False, allow_nan=False)
    return encoded(text + "\n")


def _finite(value: object) -> object:
    match value:
        case float() if value != value or value in (float("inf"), float("-inf")):
            return str(value)
        case dict():
            return {key: _finite(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_finite(entry) for entry in value]
        case _:
            return value
