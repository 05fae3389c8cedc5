"""Where labels go: near what they name, inside the image, on as little of one another as possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runner.values.geometry import PixelBox, Size

Corner = tuple[int, int]


@dataclass(slots=True)
class Placing:
    """The room on one image: every label that is placed takes some of it.

    `taken` counts for each pixel the labels that lie on it. So a place costs as much as it has
    pixels, however many labels there are: 100,000 of them take seconds.
    """

    image: Size
    taken: NDArray[np.int32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.taken = np.zeros((self.image.height, self.image.width), np.int32)

    def place(self, thing: PixelBox, width: int, height: int) -> tuple[PixelBox, int]:
        """The place of a label of this size, and how many pixels of it others have taken.

        Above the thing if that is free, else the one of eight places that overlaps others least.
        Never outside an image that it fits into.
        """
        best: tuple[PixelBox, int] | None = None
        for at in _around(thing, width, height):
            x, y = self._inside(at, width, height)
            overlap = int(self._under(x, y, x + width, y + height).sum())
            if best is None or overlap < best[1]:  # the first of equals: they stand in order
                best = PixelBox(x, y, x + width, y + height), overlap
            if not overlap:
                break
        assert best is not None
        return best

    def take(self, place: PixelBox) -> PixelBox:
        """Keeps others away from a place."""
        self._under(place.x_min, place.y_min, place.x_max, place.y_max)[:] += 1
        return place

    def _under(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.int32]:
        """The part of the image under a place; what lies outside of the image is left out."""
        return self.taken[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]

    def _inside(self, at: Corner, width: int, height: int) -> Corner:
        x, y = at
        return (
            max(0, min(x, self.image.width - width)),
            max(0, min(y, self.image.height - height)),
        )


def _around(thing: PixelBox, width: int, height: int) -> Iterator[Corner]:
    """Above, below, then inside, each from the left and from the right; then beside."""
    right = thing.x_max - width
    yield thing.x_min, thing.y_min - height
    yield right, thing.y_min - height
    yield thing.x_min, thing.y_max
    yield right, thing.y_max
    yield thing.x_min, thing.y_min
    yield right, thing.y_max - height
    yield thing.x_max, thing.y_min
    yield thing.x_min - width, thing.y_min
