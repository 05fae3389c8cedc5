"""Sums: metrics that are made of what every answer adds to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

Combine = Callable[["Numbers"], "Numbers"]
"""Makes the metric of sums of parts: from (…, parts) to (…). NaN where it is not defined, as the
recall of things is when none is there."""


@dataclass(frozen=True, slots=True)
class Sums:
    """A metric that is a function of sums: `parts` (images, repeats, parts) is what every answer adds.
    An answer that is not judged adds nothing."""

    parts: Numbers
    combine: Combine

    @property
    def repeats(self) -> int:
        """How often each image was asked about."""
        return int(self.parts.shape[1])

    @property
    def value(self) -> float:
        """The metric of all answers."""
        return float(self.combine(self.parts.sum(axis=(0, 1))))

    def at(self, weights: Numbers) -> Numbers:
        """The metric when every answer counts so much."""
        import numpy as np

        return self.combine(np.einsum("sir,irp->sp", weights, self.parts, optimize=True))


def share(parts: Numbers) -> Numbers:
    """The first part over the second."""
    return _over(parts[..., 0], parts[..., 1])


def total(parts: Numbers) -> Numbers:
    """The sum itself."""
    return parts[..., 0]


def precision(parts: Numbers) -> Numbers:
    """Of (right, wrong, missed): the share of what was found that is right."""
    return _over(parts[..., 0], parts[..., 0] + parts[..., 1])


def recall(parts: Numbers) -> Numbers:
    """Of (right, wrong, missed): the share of what is there that was found."""
    return _over(parts[..., 0], parts[..., 0] + parts[..., 2])


def f1(parts: Numbers) -> Numbers:
    """Of (right, wrong, missed): the harmonic mean of precision and recall."""
    return _over(2 * parts[..., 0], 2 * parts[..., 0] + parts[..., 1] + parts[..., 2])


def macro_f1(parts: Numbers) -> Numbers:
    """Of (right, wrong, missed) of one label after the other: the mean of their F1, of labels that
    are there or were found."""
    import numpy as np

    by_label = parts.reshape(*parts.shape[:-1], -1, 3)
    known = by_label.sum(axis=-1) > 0
    values: Numbers = np.where(known, np.nan_to_num(f1(by_label)), 0.0).sum(axis=-1)
    return _over(values, known.sum(axis=-1))


def at_each(combine: Combine, steps: int) -> Combine:
    """The mean of a metric over several thresholds, whose parts stand one after the other."""

    def mean(parts: Numbers) -> Numbers:
        values: Numbers = combine(parts.reshape(*parts.shape[:-1], steps, -1)).mean(axis=-1)
        return values

    return mean if steps > 1 else combine


def _over(part: Numbers, whole: Numbers) -> Numbers:
    import numpy as np

    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    result: Numbers = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole != 0)
    return result
