"""Tiles: the question about a large image → the same question about parts of it that overlap, and
their answers → one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runner.stages.join import joined_key
from runner.values.geometry import PixelBox
from runner.values.image import windowed
from runner.values.request import ImagePart, Part, Request
from runner.workflow.spec import AskStep, Tile

MOST_TILES = 1000
"""Of one image: more come of a mistake, and would be paid for."""


def layout(whole: PixelBox, tile: Tile) -> tuple[PixelBox, ...]:
    """The tiles of a part of an image, row by row: as few as there can be.

    All have the size that was asked for (less only where the image has less), lie inside, and share
    at least the overlap with their neighbours; what is over is spread evenly. So no tile is a narrow
    rest at the far edge.
    """
    return tuple(
        PixelBox(x, y, x_end, y_end)
        for y, y_end in _spans(whole.y_min, whole.height, tile)
        for x, x_end in _spans(whole.x_min, whole.width, tile)
    )


def _spans(start: int, length: int, tile: Tile) -> list[tuple[int, int]]:
    if length <= tile.size:
        return [(start, start + length)]
    step = max(1, tile.size - round(tile.size * tile.overlap))
    gaps = -(-(length - tile.size) // step)
    starts = (start + n * (length - tile.size) // gaps for n in range(gaps + 1))
    return [(each, each + tile.size) for each in starts]


def tiled(step: AskStep, request: Request) -> tuple[Request, ...]:
    """The requests that a step sends for one: one a tile of its image, or the one itself."""
    tile = step.preparation.tile
    view = request.images[0].view if len(request.images) == 1 else None
    if tile is None or view is None:
        return (request,)
    windows = layout(view.window, tile)
    if len(windows) == 1:
        return (request,)
    return tuple(_of_window(request, window) for window in windows)


def key_of(tiles: Sequence[Request]) -> str:
    """The key of the result that is made of these requests."""
    return tiles[0].key if len(tiles) == 1 else joined_key([tile.key for tile in tiles])


def _of_window(request: Request, window: PixelBox) -> Request:
    def cut(part: Part) -> Part:
        if isinstance(part, ImagePart):
            return replace(part, image=windowed(part.image, window))
        return part

    return replace(request, parts=tuple(cut(part) for part in request.parts))
