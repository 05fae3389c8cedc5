"""Corners: the many ways in which models write an outline → rings of (x, y), as written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

from runner.values.answer import Json
from runner.values.geometry import NormBox
from runner.values.result import Issue

Corner: TypeAlias = tuple[float, float]
"""The two numbers of a corner in the order in which the model wrote them."""
Ring: TypeAlias = tuple[Corner, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """Rings in the model's own coordinates, x first. `swapped` is True when they came y first."""

    rings: tuple[Ring, ...]
    swapped: bool = False
    issues: tuple[Issue, ...] = ()


def read_outline(value: Json, box: NormBox | None, spans: Corner) -> Outline | None:
    """The outline that a value spells, or None when it spells none.

    Read are: pairs, a flat list, chunks of a flat list, a list of outlines, points with `x` and
    `y`, and a text with nothing but numbers. Every ring has at least three corners. Gemini writes x
    first; when only the other order lies within the box (with a tolerance of 40/1000), it is taken
    and recorded. `spans` are width and height of the image in the model's coordinates.
    """
    named = _named_corners(value)
    rings = (named,) if named is not None else _rings(value)
    if not rings or any(len(ring) < 3 for ring in rings):
        return None
    if box is None or named is not None:
        return Outline(rings)
    if _lies_in(rings, box, spans):
        return Outline(rings)
    turned = tuple(tuple((x, y) for y, x in ring) for ring in rings)
    if _lies_in(turned, box, spans):
        issue = Issue("axis_swapped", "the outline was written y first: only so it lies in its box")
        return Outline(turned, True, (issue,))
    issue = Issue("polygon_outside_box", "the outline reaches beyond its box, whatever the order")
    return Outline(rings, False, (issue,))


def number(value: object) -> float | None:
    """A finite number as it was written, or None for anything else; True is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if isfinite(value) else None
    except OverflowError:  # a whole number beyond every float
        return None


_SLACK = 0.04
LARGEST = 1e6
"""A number beyond this is no place in any image, in any coordinates."""


def _rings(value: Json) -> tuple[Ring, ...]:
    if isinstance(value, str):
        return _ring(_numbers_in(value))
    if not isinstance(value, list):
        return ()
    parts = [part for part in value if isinstance(part, list)]
    if not parts:
        return _ring(value)
    if len(parts) < len(value) or not all(parts):
        return ()
    if all(isinstance(part[0], list) for part in parts):
        nested = [_rings(part) for part in parts]
        return tuple(ring for found in nested for ring in found) if all(nested) else ()
    if all(len(part) >= 6 for part in parts):
        nested = [_ring(part) for part in parts]
        return tuple(ring for found in nested for ring in found) if all(nested) else ()
    return _ring([entry for part in parts for entry in part])  # pairs, or chunks of a flat list


def _ring(flat: Sequence[Json]) -> tuple[Ring, ...]:
    """One ring of a flat list of numbers; none when it is not one."""
    numbers = [n for n in map(number, flat) if n is not None and abs(n) <= LARGEST]
    if len(numbers) < len(flat) or len(numbers) % 2 or not numbers:
        return ()
    return (tuple(zip(numbers[0::2], numbers[1::2], strict=True)),)


def _numbers_in(text: str) -> list[Json]:
    if not _ONLY_NUMBERS.fullmatch(text):
        return []
    return [float(word) if "." in word else int(word) for word in _NUMBER.findall(text)]


_ONLY_NUMBERS = re.compile(r"[-0-9.,;\s()\[\]]*")
_NUMBER = re.compile(r"-?[0-9]{1,7}(?:\.[0-9]{1,9})?")


def _named_corners(value: Json) -> Ring | None:
    if not isinstance(value, list) or not value:
        return None
    corners = [
        (number(corner.get("x")), number(corner.get("y")))
        for corner in value
        if isinstance(corner, dict)
    ]
    ring = tuple((x, y) for x, y in corners if x is not None and y is not None)
    fits = len(ring) == len(value) and all(max(abs(x), abs(y)) <= LARGEST for x, y in ring)
    return ring if fits else None


def _lies_in(rings: tuple[Ring, ...], box: NormBox, spans: Corner) -> bool:
    slack_x, slack_y = _SLACK * spans[0], _SLACK * spans[1]
    return all(
        box.x_min - slack_x <= x <= box.x_max + slack_x
        and box.y_min - slack_y <= y <= box.y_max + slack_y
        for ring in rings
        for x, y in ring
    )
