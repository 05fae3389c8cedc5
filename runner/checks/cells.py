"""A table's cell read as the kind that it is compared with: a CSV file knows only texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_YES_NO: Mapping[str, bool] = {"true": True, "yes": True, "false": False, "no": False}

TABLES = frozenset({"row", "truth"})
"""What may have been written as text, whatever it is."""


def read_cell(cell: object, like: object) -> object:
    """The number, or yes or no, that a cell spells when it is compared with one."""
    if not isinstance(cell, str):
        return cell
    if isinstance(like, bool):
        return _YES_NO.get(cell.strip().lower(), cell)
    if isinstance(like, int | float) and _NUMBER.fullmatch(cell):
        return float(cell)
    return cell
