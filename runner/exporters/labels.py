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
    """The room on one image: every label that is placed takes some of it."""

    image: Size
    taken: list[tuple[int, int, int, int]] = field(default_factory=list)

    def place(self, thing: PixelBox, width: int, height: int) -> tuple[PixelBox, int]:
        """The place of a label of this size, and how many pixels of it others have taken.

        Above the thing if that is free, else the one of eight places that overlaps others least.
        Never outside an image that it fits into.
        """
        corners = [self._inside(at, width, height) for at in _around(thing, width, height)]
        overlaps = self._overlaps(corners, width, height)
        least = int(np.argmin(overlaps))  # the first of equals: the order is the preference
        x, y = corners[least]
        return PixelBox(x, y, x + width, y + height), int(overlaps[least])

    def take(self, place: PixelBox) -> PixelBox:
        """Keeps others away from a place."""
        self.taken.append((place.x_min, place.y_min, place.x_max, place.y_max))
        return place

    def _inside(self, at: Corner, width: int, height: int) -> Corner:
        x, y = at
        return (
            max(0, min(x, self.image.width - width)),
            max(0, min(y, self.image.height - height)),
        )

    def _overlaps(self, corners: list[Corner], width: int, height: int) -> NDArray[np.int64]:
        """Pixels of other labels under each candidate."""
        at = np.array(corners, np.int64).reshape(-1, 1, 2)
        taken = np.array(self.taken, np.int64).reshape(1, -1, 4)
        low = np.maximum(at, taken[..., :2])
        high = np.minimum(at + np.array([width, height]), taken[..., 2:])
        shared: NDArray[np.int64] = np.prod(np.clip(high - low, 0, None), axis=2).sum(axis=1)
        return shared


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
