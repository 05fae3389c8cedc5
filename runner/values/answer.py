"""What a response turns out to be: four kinds that are never mistaken for one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from runner.values.result import Issue

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
"""A JSON value."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `value` has the shape that was asked for, in the model's own coordinates.

    `parsed_by` names the rung that could read it (`text`, `json`, `fence`, `scan`, `double`).
    `issues` holds every repair and every violation of the schema, each with its path.
    """

    value: Json
    parsed_by: str
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class CutOff:
    """The model was stopped before it was done. `value` holds the items that were complete, or None.

    `recovered` counts those items. `parsed_by` names the rung that read them (`items` when the
    text ends inside the list), None when there are none.
    """

    value: Json
    recovered: int
    reason: str
    issues: tuple[Issue, ...] = ()
    parsed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The service or the model declined. `channel` says where the refusal stood in the response."""

    reason: str
    channel: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """An answer that nobody can read as what was asked for. `why` is a sentence, `at` a path in it."""

    why: str
    at: str = ""
    issues: tuple[Issue, ...] = ()


Reading = Answer | CutOff | Refused | Malformed
