"""A quantile: the number that so many of the others do not exceed."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

CELLS = 2_000_000


@dataclass(slots=True)
class Quantile:
    """The smallest of the numbers that at least this `share` of them does not exceed (NumPy's
    `inverted_cdf`); each number belongs to an image and a repeat, both counted from 0."""

    share: float
    repeats: int = 1
    rows: array[float] = field(default_factory=lambda: array("d"))

    def put(self, value: float, image: int, repeat: int = 0) -> None:
        """One number."""
        self.rows.extend((value, image, repeat))

    def at(self, weights: Numbers) -> Numbers:
        """The quantile when every answer counts so much: from (resamples, images, repeats) to
        (resamples,); NaN of nothing."""
        import numpy as np

        table = np.array(self.rows, dtype=np.float64).reshape(-1, 3)
        table = table[np.argsort(table[:, 0], kind="stable")]
        places = table[:, 1].astype(int), table[:, 2].astype(int)
        found = np.full(len(weights), np.nan)
        at_once = max(1, CELLS // max(1, len(table)))
        for start in range(0, len(weights) if len(table) else 0, at_once):
            part = slice(start, start + at_once)
            below = np.cumsum(weights[part][:, *places], axis=1)
            enough = below >= self.share * below[:, -1:] * (1 - 1e-12)
            some = below[:, -1] > 0
            found[part] = np.where(some, table[np.argmax(enough, axis=1), 0], np.nan)
        return found
