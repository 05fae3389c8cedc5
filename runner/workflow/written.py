"""Written: where in the file of a workflow a setting stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner.text.source import read
from runner.values.problem import Place, Rejected


def place_of(path: Path, setting: str) -> Place:
    """Where `steps.find.prompt` is written in a file: the setting itself, or what would hold it; the
    first line when the file has nothing of it, or cannot be read any more."""
    try:
        source = read(path.read_bytes(), str(path))
    except (OSError, Rejected):
        return Place(str(path), 1, 1)
    route = tuple(_route(source.data, setting))
    return source.place(route, key=True) if route else Place(str(path), 1, 1)


def _route(data: object, setting: str) -> Iterator[str | int]:
    """The keys and list positions to it, as far as there are any. A key may hold dots (`vars.how`);
    a step goes by its id."""
    match data:
        case dict():
            entries = list(data.items())
        case list():
            entries = [(_id(each, place), each) for place, each in enumerate(data)]
        case _:
            return
    for place, (name, value) in enumerate(entries):
        if f"{setting}.".startswith(f"{name}."):
            yield name if isinstance(data, dict) else place
            yield from _route(value, setting.removeprefix(str(name)).removeprefix("."))
            return


def _id(entry: object, place: int) -> object:
    named = entry.get("id") if isinstance(entry, dict) else None
    return named or place + 1
