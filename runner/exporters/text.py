"""`as: text` — one text file for each case."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.exporters.atomic import encoded, write_file
from runner.exporters.names import Names
from runner.exporters.record import error_of
from runner.roles import OpenImage
from runner.text.lookup import Found, part_of
from runner.values.reference import Reference
from runner.values.result import USABLE, Result

SIMULATED = "[simulated: no model has looked at this image]"


@dataclass(frozen=True, slots=True)
class Text:
    """A folder of .txt files. A case without an answer gets a `.failed.txt` that says why."""

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files; a cut-off text ends with a line that says so."""
        names = Names()
        target.mkdir(parents=True, exist_ok=True)
        return tuple(self._write_one(result, target / names.path(result)) for result in results)

    def _write_one(self, result: Result, path: Path) -> Path:
        found = part_of(result, self.save.path)
        usable = result.status in USABLE or result.status == "truncated"
        if not usable or not isinstance(found, Found):
            why = error_of(result) or getattr(found, "why", result.status)
            return write_file(_named(path, ".failed.txt"), encoded(f"{result.status}: {why}\n"))
        lines = [_as_text(found.value)]
        if result.status == "truncated":
            lines.append(f"[cut off: {error_of(result)}]")
        if result.simulated:
            lines.append(SIMULATED)
        return write_file(_named(path, ".txt"), encoded("\n".join(lines) + "\n"))


def _named(path: Path, ending: str) -> Path:
    """`with_suffix` would take the `.5` of `bed-1.5` for an ending."""
    return path.with_name(path.name + ending)


def _as_text(value: object) -> str:
    """A text as it is; a list of texts line by line; a record as `name: value`; else JSON."""
    match value:
        case str():
            return value.rstrip("\n")
        case None:
            return ""
        case list() | tuple() if all(isinstance(entry, str) for entry in value):
            return "\n".join(value)
        case Mapping() if all(_is_single(entry) for entry in value.values()):
            return "\n".join(f"{name}: {_as_word(entry)}" for name, entry in value.items())
        case _:
            return json.dumps(value, ensure_ascii=False, indent=2)


def _is_single(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _as_word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
