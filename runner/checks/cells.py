"""A table's cell read as the kind that it is compared with: a CSV file knows only texts, and a cell
without one says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runner.checks.words import shown
from runner.text.lookup import Found, Missing
from runner.values.reference import Reference

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_WHOLE = re.compile(r"\s*[+-]?\d{1,300}\s*", re.ASCII)
"""Of a whole number every digit counts; one that no float can hold is none."""

_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*", re.ASCII)
_YES_NO: Mapping[str, bool] = {"true": True, "yes": True, "false": False, "no": False}

TABLES = frozenset({"row", "truth"})
"""What may have been written as text, whatever it is."""


class DecimalComma(str):
    """A cell like `6,0` of a table whose cells are separated by semicolons, as spreadsheets write it
    where the comma is for decimals. It is a text until a number is asked for."""

    __slots__ = ()


def with_decimal_commas(row: Mapping[str, object]) -> Mapping[str, object]:
    """The row of such a table, for those who compare its cells."""
    return {
        name: DecimalComma(cell) if isinstance(cell, str) and _COMMA.fullmatch(cell) else cell
        for name, cell in row.items()
    }


def right_one(reference: Reference, found: Found | Missing) -> Found | Missing:
    """What a reference says is right. An empty cell of the dataset, or one left out, says nothing:
    it is no truth, and no empty answer either."""
    if reference.root != "row":
        return found
    if isinstance(found, Missing):
        return Missing(found.why, "no_truth")
    if is_blank(found.value):
        return Missing(f"{reference} is empty: nobody has said what is right", "no_truth")
    return found


def is_blank(cell: object) -> bool:
    """Whether nothing stands in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def read_cell(cell: object, like: object) -> object:
    """The number, or yes or no, that a cell spells when it is compared with one."""
    if not isinstance(cell, str):
        return cell
    if isinstance(like, bool):
        return _YES_NO.get(cell.strip().lower(), cell)
    if isinstance(like, int | float):
        text = cell.replace(",", ".") if isinstance(cell, DecimalComma) else cell
        if _NUMBER.fullmatch(text):
            return int(text) if _WHOLE.fullmatch(text) else float(text)
    return cell


def no_number(reference: Reference, cell: object, like: object) -> Missing | None:
    """That a cell with which a number is compared spells none: nobody can say what is right then."""
    single = next(iter(like), None) if isinstance(like, list | tuple) else like
    is_number = isinstance(single, int | float) and not isinstance(single, bool)
    if reference.root in TABLES and is_number and isinstance(read_cell(cell, single), str):
        return Missing(f"{reference} is {shown(cell)}, which is no number", "no_number")
    return None
