"""A line of `log.jsonl`: one event as one JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

from runner.text.masking import masked
from runner.values.event import Event

Hide = Callable[[str], str]
"""A text without the keys in it."""

_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What JSON lets pass and a terminal or a reader of lines acts on: C1 controls, line separators,
marks of direction, halves of surrogate pairs."""


def log_line(event: Event, moment: datetime, seconds: float, hide: Hide) -> str:
    """The line without its end: when (UTC, and seconds since the session began), what, and the
    fields of the event in their order. Every text goes through `hide`."""
    when = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
    head = {"time": when, "seconds": round(seconds, 3), "event": event.name}
    line = _encoded({**head, **event.fields})
    if without_keys(line, hide) != line:  # text by text: a line with a hole might be no JSON
        line = _encoded({**head, **{k: _hidden(v, hide) for k, v in event.fields.items()}})
    return line


def without_keys(text: str, hide: Hide) -> str:
    """The text without these keys, and without anything that looks like one of Google's."""
    return masked(hide(text))


def _encoded(fields: dict[str, object]) -> str:
    line = json.dumps(fields, ensure_ascii=False, default=str)
    return _UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], line)


def _hidden(value: object, hide: Hide) -> object:
    match value:
        case str():
            return without_keys(value, hide)
        case dict():
            return {without_keys(str(k), hide): _hidden(item, hide) for k, item in value.items()}
        case list() | tuple():
            return [_hidden(item, hide) for item in value]
        case _:
            return value
