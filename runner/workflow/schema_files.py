"""Reads a file that holds a JSON Schema: its data and the places in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from runner.text.source import read
from runner.values.problem import Place, Problem, Rejected, Route


class Placed(Protocol):
    """Something that knows where its data stands."""

    @property
    def data(self) -> Any:
        """Plain data."""
        ...

    def place(self, route: Route, *, key: bool = False) -> Place:
        """Where the value of a route stands, or its key."""
        ...


@dataclass(frozen=True, slots=True)
class _WithoutPlaces:
    """Data of a file whose places nobody knows."""

    file: str
    data: object

    def place(self, route: Route, *, key: bool = False) -> Place:
        return Place(self.file, 1, 1, None, route)


def read_schema(content: bytes, file: str) -> Placed:
    """A JSON or YAML file with its places. JSON is told in JSON's words. Raises `Rejected`."""
    if file.endswith((".yaml", ".yml")):
        return read(content, file)
    try:
        data = json.loads(content)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        message = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise Rejected(Problem("W446", message, place, fix=_JSON_FIXES.get(error.msg))) from None
    except RecursionError:
        message = "this is nested too deeply for a schema"
        raise Rejected(Problem("W446", message, Place(file, 1, 1))) from None
    except (UnicodeDecodeError, ValueError):
        message = "this is not JSON: it cannot be read as text"
        raise Rejected(Problem("W446", message, Place(file, 1, 1))) from None
    try:
        source = read(content, file)  # JSON is YAML, nearly: this is for the places
    except Rejected:
        return _WithoutPlaces(file, data)
    return source if source.data == data else _WithoutPlaces(file, data)


_JSON_FIXES = {
    "Expecting ',' delimiter": "a comma or a closing bracket is missing before this",
    "Expecting property name enclosed in double quotes": (
        'names stand in double quotes ("name"), and no comma stands before a closing bracket'
    ),
    "Expecting value": "a value is missing here, or a comma is too many",
    "Illegal trailing comma before end of object": "delete the comma",
    "Illegal trailing comma before end of array": "delete the comma",
    "Extra data": "the JSON is over before this: delete the rest",
}
