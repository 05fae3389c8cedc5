"""What the simulated model says, before it is put into the words of an endpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Literal

from runner.values.answer import Json
from runner.values.geometry import Size

CHARACTERS_PER_TOKEN = 4
"""Source: ai.google.dev, tokens."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text, and the JSON value that it spells, if any. `size` is that of the image it is about.

    `limit` is how many tokens there may be.
    """

    text: str
    value: Json = None
    is_json: bool = False
    fenced: bool = False
    finish: Literal["stop", "length"] = "stop"
    size: Size | None = None
    limit: int = 65_536

    def spelling(self, value: Json) -> Said:
        """The same with another value, spelled in the same way."""
        return replace(self, value=value, text=spell(value, self.fenced))

    def limited(self, stops: tuple[str, ...] = ()) -> Said:
        """Ended at the first stop sequence, and cut off at the limit of tokens."""
        ends = [at for stop in stops if stop and (at := self.text.find(stop)) >= 0]
        text = self.text[: min(ends)] if ends else self.text
        most = self.limit * CHARACTERS_PER_TOKEN
        if len(text) > most:
            return replace(self, text=text[:most], finish="length")
        return replace(self, text=text)


def spell(value: Json, fenced: bool) -> str:
    """JSON as the models write it: a list with one item a line, in a fence when it is fenced."""
    if isinstance(value, list) and value:
        lines = ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in value)
        text = f"[\n{lines}\n]"
    else:
        text = json.dumps(value, ensure_ascii=False)
    return f"```json\n{text}\n```" if fenced else text
