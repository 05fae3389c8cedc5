"""What a template that computes has given: a number, a text, or yes or no."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_YES_NO: Mapping[str, bool] = {"yes": True, "true": True, "no": False, "false": False}

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read_value(kind: str, text: str) -> str | float | int | bool | None:
    """The value that a text spells; None when it spells none."""
    match kind:
        case "text":
            return text
        case "yes_no":
            return _YES_NO.get(text.lower())
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    if not math.isfinite(value):
        return None
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else value
