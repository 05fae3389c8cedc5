"""Routes: the path of a value in an answer (`boxes[3].price`), as steps that can be walked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy

Route = tuple[str | int, ...]
"""Names of records and positions in lists, from the outside in."""

_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")


def route_of(at: str) -> Route:
    """The route that a path says. Raises ValueError for a text that is none."""
    found = [*_STEP.finditer(at)]
    if "".join(each[0] for each in found) != at:
        raise ValueError(f"`{at}` is no path of an answer")
    return tuple(int(each[1]) if each[1] else each[2] for each in found)


def path_of(route: Iterable[str | int]) -> str:
    """The path of a route: `boxes[3].price`."""
    told = ""
    for step in route:
        told += f"[{step}]" if isinstance(step, int) else f".{step}" if told else step
    return told


def kind_of(route: Iterable[str | int]) -> str:
    """The same for every entry of a list: `boxes[].price`."""
    return re.sub(r"\[\d+\]", "[]", path_of(route))


def value_at(value: object, route: Route) -> object:
    """The value at the end of a route. Raises ValueError when it leads nowhere."""
    for step in route:
        match value, step:
            case Mapping(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case _:
                raise ValueError(f"the answer has no `{path_of(route)}`")
    return value


def copy_of(value: object) -> object:
    """An answer that may be changed."""
    return deepcopy(value)


def put(value: object, route: Route, new: object) -> object:
    """The answer with another value at the end of a route, changed in place where it can be. Raises
    ValueError when the route leads nowhere."""
    if not route:
        return new
    owner = value_at(value, route[:-1])
    value_at(owner, route[-1:])
    owner[route[-1]] = new  # type: ignore[index]  # value_at has found it there
    return value


def left_out(value: object, routes: Iterable[Route]) -> object:
    """The answer without these items of lists, changed in place; a value that is no item becomes
    null."""
    for route in sorted(set(routes), key=_last_first, reverse=True):
        if not route:
            return None
        owner = value_at(value, route[:-1])
        if isinstance(owner, list) and isinstance(route[-1], int):
            del owner[route[-1]]
        else:
            value = put(value, route, None)
    return value


def moved_up(route: Route, gone: Iterable[Route]) -> Route | None:
    """Where a value stands when these items are left out; None when it goes with one of them."""
    steps = list(route)
    for item in gone:
        if route == item:
            return None
        if not item or not isinstance(item[-1], int):
            continue
        *owner, position = item
        depth = len(owner)
        if len(route) > depth and [*route[:depth]] == owner:
            here = route[depth]
            if here == position:
                return None
            if isinstance(here, int) and isinstance(position, int) and position < here:
                now = steps[depth]
                assert isinstance(now, int)
                steps[depth] = now - 1
    return tuple(steps)


def _last_first(route: Route) -> tuple[tuple[int, int | str], ...]:
    """Items of one list are removed from its end, so that the others keep their numbers."""
    return tuple((0, step) if isinstance(step, int) else (1, step) for step in route)
