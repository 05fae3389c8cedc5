"""A column of a table has one type: whole numbers, numbers, yes or no, or else text."""

from __future__ import annotations

import json
from typing import Any, Literal

from runner.exporters.table import Cell

Type = Literal["bool", "int", "float", "text"]

_WHOLE = 1 << 63


def type_of(cell: Cell) -> Type:
    """The narrowest type that holds a cell."""
    match cell:
        case bool():
            return "bool"
        case int() if -_WHOLE <= cell < _WHOLE:
            return "int"
        case float():
            return "float"
        case _:
            return "text"


def common(before: Type | None, now: Type) -> Type:
    """The narrowest type that holds cells of both."""
    if before in (None, now):
        return now
    return "float" if {before, now} == {"int", "float"} else "text"


def typed(type_: Type, cell: Cell) -> Any:
    """The cell in the type of its column; half a surrogate pair, which UTF-8 lacks, in letters."""
    if cell is None:
        return None
    if type_ == "float":
        return float(cell)
    if type_ != "text":
        return cell
    text = cell if isinstance(cell, str) else json.dumps(cell)
    return text.encode("utf-8", "backslashreplace").decode()
