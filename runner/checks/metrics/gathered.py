"""Three ways to gather what answers add: sums, ranked things, numbers in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING

from runner.checks.metrics.metric import Combine, Parts
from runner.measures.evidence import Measured as Sampled
from runner.measures.precision import Precision
from runner.measures.quantile import Quantile

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

MOST_LABELS = 1000
"""Labels that are told apart, the first in the order of the alphabet, so that the order of the answers
does not matter; the others count as one, which is called this:"""
OTHERS = "(other labels)"

RESAMPLES = 2000

RANKINGS = 20_000_000
"""Things that are ranked again in all for an interval, at every threshold: it takes a second."""

FEWEST_RANKINGS = 200
"""However many things there are, they are ranked so often: 10 seconds for a hundred thousand."""


@dataclass(slots=True)
class Summed:
    """A metric of sums of parts. With `by_label_first` the parts of each label stay apart in what is
    combined, as the mean over labels needs them."""

    combine: Combine
    repeats: int
    is_share: bool = False
    by_label_first: bool = False
    sums: dict[tuple[int, int], dict[str, list[float]]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)

    @property
    def resamples(self) -> int:
        """Sums are quick."""
        return RESAMPLES

    def put(self, parts: Parts, image: int, repeat: int) -> None:
        """Adds one answer to its image and repeat."""
        sums = self.sums.setdefault((image, repeat), {})
        for label, more in parts.items():
            _add(sums, label, more)
        self.labels.update(parts)
        if len(self.labels) > 2 * MOST_LABELS:
            self._merge()

    def sampled(self, images: int) -> Sampled:
        """The sums of every image and repeat."""
        import numpy as np

        from runner.measures.sums import Sums

        names = sorted(self._totals()) if self.by_label_first else ()
        columns = {label: n for n, label in enumerate(names)}
        width = next((len(each) for sums in self.sums.values() for each in sums.values()), 1)
        cells = np.zeros((images, self.repeats, max(1, len(columns)), width))
        for (image, repeat), sums in self.sums.items():
            for label, parts in sums.items():
                cells[image, repeat, columns.get(label, 0)] += parts
        return Sums(cells.reshape(images, self.repeats, -1), self.combine)

    def value(self) -> float | None:
        """Each repeat counts the same."""
        return self._combined(self.repeats)

    def of_repeat(self, repeat: int) -> float | None:
        """Of the answers of one repeat."""
        return self._combined(1, repeat)

    def by_label(self) -> Iterator[tuple[str, float | None]]:
        """Labels in the order of the alphabet."""
        for label, parts in sorted(self._totals().items()):
            yield label, self._of(parts, self.repeats)

    def shares(self) -> tuple[int, int] | None:
        """Of the answers, those that are right, where each is right or wrong."""
        if not self.is_share or self.repeats > 1:
            return None
        parts = list(self._totals().values())
        return (int(sum(p[0] for p in parts)), int(sum(p[1] for p in parts))) if parts else None

    def _combined(self, over: float, repeat: int | None = None) -> float | None:
        totals = self._totals(repeat)
        if not totals:
            return None
        if self.by_label_first:
            parts = [part for label in sorted(totals) for part in totals[label]]
        else:
            parts = [sum(each) for each in zip(*totals.values(), strict=True)]
        return self._of(parts, over)

    def _totals(self, repeat: int | None = None) -> dict[str, list[float]]:
        self._merge()
        totals: dict[str, list[float]] = {}
        for (_, each), sums in self.sums.items():
            if repeat is None or each == repeat:
                for label, parts in sums.items():
                    _add(totals, label, parts)
        return totals

    def _merge(self) -> None:
        """Makes one of all labels but the first."""
        over = set(sorted(self.labels)[MOST_LABELS:])
        for sums in self.sums.values() if over else ():
            for label in over & sums.keys():
                _add(sums, OTHERS, sums.pop(label))
        self.labels -= over

    def _of(self, parts: Sequence[float], over: float) -> float | None:
        import numpy as np

        value = float(self.combine(np.array(parts) / over))
        return None if isnan(value) else value


@dataclass(slots=True)
class Ranked:
    """Average precision: things of each label in the order of certainty."""

    thresholds: Sequence[float]
    repeats: int
    things: Precision = field(init=False)

    def __post_init__(self) -> None:
        self.things = Precision(self.thresholds, self.repeats)

    @property
    def resamples(self) -> int:
        """The more things, the fewer."""
        most = RANKINGS // max(1, self.things.count * len(self.thresholds))
        return min(RESAMPLES, max(FEWEST_RANKINGS, most))

    def put(self, parts: Parts, image: int, repeat: int) -> None:
        """What one answer says of every label."""
        for label, each in parts.items():
            self.things.put(label, each, image, repeat)

    def sampled(self, images: int) -> Sampled:
        """The things themselves."""
        return self.things

    def value(self) -> float | None:
        """Every repeat as if its images were others."""
        return self.things.mean()

    def of_repeat(self, repeat: int) -> float | None:
        """Of the answers of one repeat."""
        import numpy as np

        weights = np.zeros((1, max(1, self.things.images), self.repeats))
        weights[:, :, repeat] = 1
        value = float(self.things.at(weights)[0])
        return None if isnan(value) else value

    def by_label(self) -> Iterator[tuple[str, float | None]]:
        """Labels in the order of the alphabet; the mean over the thresholds."""
        for label in sorted(self.things.told_apart()):
            values = self.things.of(label)
            yield label, sum(values) / len(values) if values else None

    def shares(self) -> None:
        """It is no share."""


@dataclass(slots=True)
class InOrder:
    """A quantile of numbers."""

    share: float
    repeats: int
    numbers: Quantile = field(init=False)
    images: int = 0

    def __post_init__(self) -> None:
        self.numbers = Quantile(self.share, self.repeats)

    @property
    def resamples(self) -> int:
        """One order is enough for all."""
        return RESAMPLES

    def put(self, parts: Parts, image: int, repeat: int) -> None:
        """Every part is a number."""
        self.images = max(self.images, image + 1)
        for each in parts.values():
            for number in each:
                self.numbers.put(number, image, repeat)

    def sampled(self, images: int) -> Sampled:
        """The numbers themselves."""
        return self.numbers

    def value(self) -> float | None:
        """Of all numbers."""
        return self._at(range(self.repeats))

    def of_repeat(self, repeat: int) -> float | None:
        """Of the numbers of one repeat."""
        return self._at([repeat])

    def by_label(self) -> Iterator[tuple[str, float | None]]:
        """There are no labels."""
        yield from ()

    def shares(self) -> None:
        """It is no share."""

    def _at(self, repeats: Sequence[int]) -> float | None:
        import numpy as np

        weights = np.zeros((1, max(1, self.images), self.repeats))
        weights[:, :, list(repeats)] = 1
        value = float(self.numbers.at(weights)[0])
        return None if isnan(value) else value


def _add(sums: dict[str, list[float]], label: str, more: Sequence[float]) -> None:
    before = sums.get(label)
    sums[label] = [*more] if before is None else [a + b for a, b in zip(before, more, strict=True)]
