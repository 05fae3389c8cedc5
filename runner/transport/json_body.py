"""The JSON in the body of an answer: strict UTF-8, of sane depth, and told from a body cut short."""

from __future__ import annotations

import json
import re

from runner.text.json_reader import MAX_DEPTH, without_halves
from runner.values.answer import Json


class NotJson(ValueError):
    """A body that is no JSON. `is_cut_off` is True when it is the beginning of some."""

    def __init__(self, *, is_cut_off: bool = False) -> None:
        super().__init__("cut off" if is_cut_off else "not JSON")
        self.is_cut_off = is_cut_off


def json_value(body: bytes) -> Json:
    """The value that a body holds. Raises NotJson; nothing else, whatever the bytes.

    Halves of surrogate pairs, which no file could hold, become U+FFFD.
    """
    try:
        value: Json = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:  # a body may end within a letter
        begun = error.reason == "unexpected end of data" and _is_begun(body[: error.start])
        raise NotJson(is_cut_off=begun) from None
    except json.JSONDecodeError:
        raise NotJson(is_cut_off=_is_begun(body)) from None
    except (ValueError, RecursionError):  # a number of 5,000 digits, 100,000 brackets
        raise NotJson from None
    if _is_deeper(value, MAX_DEPTH):
        raise NotJson
    return without_halves(value) if _HALF.search(body) else value


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")

_BEGUN = re.compile(r"[-+.0-9eE]*|-?[a-zA-Z]{1,7}|\\?(u[0-9a-fA-F]{0,4})?")
"""What may be left where the reader gave up on an object that ends too early: nothing, or the
beginning of a number, of a word or of an escape."""


def _is_begun(body: bytes) -> bool:
    """True for an object or a list of which only the beginning is there."""
    text = body.decode("utf-8-sig", "replace").strip()
    if not text.startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.msg.startswith("Unterminated") or bool(_BEGUN.fullmatch(text[error.pos :]))
    except (ValueError, RecursionError):
        return False
    return False


def _is_deeper(value: Json, levels: int) -> bool:
    """True when lists and objects are nested more than so many levels deep."""
    level: list[Json] = [value]
    for _ in range(levels + 1):
        level = [
            part
            for node in level
            if isinstance(node, dict | list)
            for part in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True
