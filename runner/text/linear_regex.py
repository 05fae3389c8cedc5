"""Regular expressions that take time in proportion to the text, whatever the expression.

Python's own engine needs seconds for `^(a+)+$` on 26 characters and doubles with each further one.
RE2 cannot express look-around and back references; such patterns are refused, not run elsewhere.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, text: str) -> object | None:
        """A match anywhere in the text, or None."""
        ...


class Unfit(ValueError):
    """An expression that cannot be run in linear time; the message says why."""


@lru_cache(maxsize=512)
def linear(pattern: str) -> Pattern:
    """The compiled expression, which finds its match anywhere. Raises `Unfit`."""
    try:
        import re2
    except ImportError as error:  # a platform without a wheel
        raise Unfit("regular expressions need the package google-re2") from error
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: Pattern = re2.compile(_in_re2_words(pattern), options)
    except re2.error as error:
        raise Unfit(_reason(pattern, error)) from error
    return compiled


def _in_re2_words(pattern: str) -> str:
    """JSON Schema writes characters as JavaScript does: `\\u00e9`, which RE2 calls `\\x{00e9}`."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\\u([0-9A-Fa-f]{4})", r"\1\\x{\2}", pattern)


def _reason(pattern: str, error: Exception) -> str:
    if re.search(r"\(\?<?[=!]", pattern):
        return "it looks ahead or behind, which cannot be done in linear time"
    if re.search(r"\\[1-9]", pattern):
        return "it refers back to a group, which cannot be done in linear time"
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
