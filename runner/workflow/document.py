"""The merged data of a workflow file and the files that it extends, with the place of everything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.sources.normal import stored
from runner.text.source import Source
from runner.values.problem import Place, Route


@dataclass(frozen=True, slots=True)
class File:
    """A YAML file that was read: where it is, and the folder that its paths start from."""

    path: Path
    source: Source
    content: bytes = field(repr=False)

    @property
    def folder(self) -> Path:
        """The folder of the file; relative when the file was named by a relative path."""
        return self.path.parent


@dataclass(frozen=True, slots=True)
class Document:
    """Data that several files may have written.

    `origins` names the file of every subtree that is not the first file's own. `written` holds
    the keys as they stand in the text where they were misspelt and are read as what was meant.
    `replaced` names the file of which the first file's own part took the whole place. `within` is
    the folder, free of links, that no path may leave; None when they may.
    """

    data: Mapping[str, object]
    file: File
    origins: Mapping[Route, File] = field(default_factory=dict)
    written: Mapping[Route, str] = field(default_factory=dict)
    replaced: Mapping[Route, str] = field(default_factory=dict)
    within: Path | None = None

    def origin(self, route: Route) -> File:
        """The file in which the value of a route was written."""
        for length in range(len(route), 0, -1):
            if route[:length] in self.origins:
                return self.origins[route[:length]]
        return self.file

    def place(self, route: Route, *, key: bool = False) -> Place:
        """Where the value of a route stands, or its key; the nearest parent when there is none."""
        place = self.origin(route).source.place(self._as_written(route), key=key)
        return replace(place, route=route)

    def place_in(self, route: Route, line: int, column: int, length: int = 1) -> Place:
        """Where a part of a text value stands; line and column count from 1 in the value."""
        source = self.origin(route).source
        return replace(source.place_in(self._as_written(route), line, column, length), route=route)

    def path(self, route: Route, name: str) -> Path:
        """The path that a text under this route names: it starts from the file it is written in."""
        return join(self.origin(route).folder, name)

    def base(self, route: Route) -> Path:
        """The absolute folder that paths under this route start from."""
        return absolute(self.origin(route).folder)

    def text(self, route: Route) -> str:
        """What stands in the text for a value: `1.10`, where the data holds 1.1."""
        place = self.place(route)
        line = self.origin(route).source.line(place.line)
        return line[place.column - 1 : (place.end_column or place.column) - 1]

    def value(self, route: Route) -> object:
        """The value of a route; None when there is none."""
        return value_at(self.data, route)

    def _as_written(self, route: Route) -> Route:
        if not self.written:
            return route
        return tuple(self.written.get(route[: index + 1], part) for index, part in enumerate(route))


def value_at(data: object, route: Sequence[str | int]) -> object:
    """The value of a route in plain data; None when there is none."""
    for part in route:
        match data, part:
            case dict(), str():
                data = data.get(part)
            case list(), int() if part < len(data):
                data = data[part]
            case _:
                return None
    return data


def is_sound(value: object) -> bool:
    """Whether nothing was taken out of a value because it could not be understood."""
    match value:
        case None:
            return False
        case dict():
            return all(map(is_sound, value.values()))
        case list():
            return all(map(is_sound, value))
        case _:
            return True


def join(folder: Path, name: str) -> Path:
    """A path that starts from a folder; `~` is the home folder."""
    return Path(stored(os.path.normpath(folder / os.path.expanduser(name))))


def absolute(path: Path) -> Path:
    """The absolute form of a path, without following links."""
    return Path(os.path.abspath(path))
