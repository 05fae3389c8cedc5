"""Evidence: whether numbers of two runs of the same images differ by more than chance.

Everything is paired by image: two averages are never compared. The resampled indices come from a
fixed seed, so the same numbers always get the same interval, on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, comb, log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from numpy import float64, int64
    from numpy.random import PCG64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

Z = 1.959963984540054
"""Of a two-sided interval of 95 %."""

POWER = Z + 0.8416212335729143
"""Standard errors by which a change must be apart from a limit, to be seen four times in five."""

LOSS = 0.05
"""A per-image check is not worse when no more of all images can be lost than this."""

DIGITS = 12
"""Sums of floating-point numbers are not the same to the last digit on all machines; findings are."""

RESAMPLES = 10_000
SEED = 20_261_120
CELLS = 2_000_000
"""Numbers that are held at once while resampling: 16 MB."""

FEWEST = 6
"""With fewer images chance alone puts all of them on one side in more than one of forty tries
(2^−5), so that nothing can be said."""

Finding = Literal["not worse", "worse", "not enough evidence"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, of: int) -> Interval:
    """A share with its interval (Wilson 1927); 20 of 20 is 1, and no more than [0.84, 1] is known."""
    if of == 0:
        return Interval(0.0, 0.0, 1.0)
    share = successes / of
    centre = (share + Z * Z / (2 * of)) / (1 + Z * Z / of)
    half = Z / (1 + Z * Z / of) * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def mcnemar(broken: int, fixed: int) -> float:
    """How likely so uneven a split is when nothing has changed: cases that held before and fail now
    against the reverse; exact, two-sided (McNemar 1947, binomial tail)."""
    total, least = broken + fixed, min(broken, fixed)
    if total == 0:
        return 1.0
    tail = sum(comb(total, k) for k in range(least + 1)) / (1 << total)
    return min(1.0, 2 * tail)


class Measured(Protocol):
    """What a run says of its images, in the order of the images that two runs share."""

    @property
    def repeats(self) -> int:
        """How often each image was asked about."""
        ...

    def at(self, weights: Numbers) -> Numbers:
        """The metric when every answer counts so much: from (resamples, images, repeats) to
        (resamples,)."""
        ...


def difference(
    before: Measured,
    now: Measured,
    images: int,
    resamples: int = RESAMPLES,
    changed: int | None = None,
    strata: int = 1,
) -> Interval:
    """How much a metric has changed, `now` − `before`, with its bootstrap interval.

    Images are drawn with replacement, the same for both runs, and for each drawn image its repeats
    in each run by itself (Efron and Tibshirani 1993; nested). Percentiles of the differences, further
    out where the images are few (`tail`); as few as those whose answers have changed, when `changed`
    says how many: what is the same in both says nothing of how far a change may go. With `strata`
    the repeats stand in as many groups of the same size, and are drawn within these.
    """

    if images == 0:
        return Interval(0.0, 0.0, 0.0)
    value = float((now.at(even(now, images)) - before.at(even(before, images)))[0])
    chance = _chance()
    found = [
        now.at(_nested(drawn, now, chance, strata))
        - before.at(_nested(drawn, before, chance, strata))
        for drawn in _drawn(images, max(before.repeats, now.repeats), resamples, chance)
    ]
    return Interval(value, *_ends(found, value, images if changed is None else changed))


def interval(measured: Measured, images: int, resamples: int = RESAMPLES) -> Interval:
    """A metric with its bootstrap interval: images are drawn as for `difference`."""
    value = float(measured.at(even(measured, images))[0])
    chance = _chance()
    found = [
        measured.at(_nested(drawn, measured, chance))
        for drawn in _drawn(images, measured.repeats, resamples, chance)
    ]
    return Interval(value, *_ends(found, value, images))


def _chance() -> PCG64:
    import numpy as np

    return np.random.PCG64(SEED)


def _below(most: int, count: int, chance: PCG64) -> NDArray[int64]:
    """Whole numbers from 0 to `most` − 1, made of the raw stream: numpy promises to keep that for
    every version and machine, and not what its own distributions make of it."""
    import numpy as np

    raw = np.asarray(chance.random_raw(count), dtype=np.uint64) >> np.uint64(32)
    return (raw * np.uint64(most) >> np.uint64(32)).astype(np.int64)


def _drawn(images: int, repeats: int, resamples: int, chance: PCG64) -> Iterator[NDArray[int64]]:
    """How often each image is drawn, of as many resamples at a time as may be held."""
    import numpy as np

    at_once = max(1, CELLS // (images * repeats))
    for start in range(0, resamples, at_once):
        count = min(at_once, resamples - start)
        places = _below(images, count * images, chance).reshape(count, images)
        places += images * np.arange(count)[:, None]
        yield np.bincount(places.ravel(), minlength=count * images).reshape(count, images)


def _ends(found: Sequence[Numbers], value: float, images: int) -> tuple[float, float]:
    """All that was found but the two tails; resamples in which the metric is not defined say nothing."""
    import numpy as np

    known = np.concatenate(found)
    known = known[~np.isnan(known)]
    cut = 100 * tail(images)
    low, high = np.percentile(known, [cut, 100 - cut]) if known.size else (value, value)
    return float(low), float(high)


def tail(images: int) -> float:
    """The share of resamples that lies beyond each end of a 95 % interval: 0.025 of very many images.

    Few images vary less among themselves than all images do, and a bootstrap that knows only them is
    too sure; so it is cut where Student's t with the small-sample factor is (Hesterberg 2015, the
    expanded percentile interval). The quantile of t by its expansion (Abramowitz and Stegun 26.7.5).
    """
    if images < 2:
        return 0.0
    v, z = images - 1, Z
    t = (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
    return NormalDist().cdf(-t * sqrt(images / v))


def even(measured: Measured, images: int) -> Numbers:
    """Weights: every image once, every repeat as much as the others."""
    import numpy as np

    return np.full((1, images, measured.repeats), 1 / measured.repeats)


def _nested(drawn: NDArray[int64], measured: Measured, chance: PCG64, strata: int = 1) -> Numbers:
    """How much each answer counts in each resample, when an image was drawn so often."""
    import numpy as np

    repeats = measured.repeats // strata
    cells = drawn.repeat(strata, axis=1)
    shape = (*drawn.shape, measured.repeats)
    if repeats == 1:
        return cells.reshape(shape) / strata
    places = np.repeat(np.arange(cells.size) * repeats, (cells * repeats).ravel())
    places += _below(repeats, places.size, chance)
    counts = np.bincount(places, minlength=cells.size * repeats)
    return counts.reshape(shape) / measured.repeats


def judged(change: Interval, margin: float) -> Finding:
    """What the interval of a change says (more is better; turn the sign where less is): worse when
    all of it is below −`margin`, not worse when none of it is."""
    if round(change.high + margin, DIGITS) < 0:
        return "worse"
    return "not worse" if round(change.low + margin, DIGITS) >= 0 else "not enough evidence"


def images_needed(change: Interval, margin: float, images: int) -> int | None:
    """About how many images would decide, four times in five, if the change stayed as it is: the
    interval shrinks with the root of their number. None when no number would: the change is the
    margin itself."""
    apart = change.value + margin
    if round(apart, DIGITS) == 0:
        return None
    half = change.value - change.low if apart > 0 else change.high - change.value
    return max(images + 1, ceil(images * (half / Z * POWER / apart) ** 2))


def unseen(images: int) -> Interval:
    """The change of a share when no image of so many has changed: up to 3.7 / images of all images
    may still change, and none of these is among them (the rule of three, at 97.5 %)."""
    most = 1.0 if images == 0 else 1 - 0.025 ** (1 / images)
    return Interval(0.0, -most, most)


def images_to_see(margin: float, images: int) -> int | None:
    """About how many images would rule out a loss of `margin`, when none of so many has changed; None
    when no number does. Some would change: half a one each way is added to what was seen (Jeffreys)."""
    if margin <= 0:
        return None
    least = 1 if margin >= 1 else ceil(log(0.025) / log(1 - margin))
    return max(least, images + 1, ceil(POWER**2 / (images + 1) / margin**2))


def paired(broken: int, fixed: int, images: int) -> Interval:
    """The change of the share that holds, where so many images broke and were mended (Tango 1998,
    the score interval of a difference of paired shares)."""
    if not broken and not fixed:
        return unseen(images)
    value = (fixed - broken) / images
    low = _solved(lambda change: _score(change, broken, fixed, images) > Z, -1.0, value)
    high = _solved(lambda change: _score(change, broken, fixed, images) > -Z, value, 1.0)
    return Interval(value, low, high)


def _score(change: float, broken: int, fixed: int, images: int) -> float:
    """How many standard errors the pairs lie above a change, were it the true one."""
    b = -fixed - broken + (2 * images - fixed + broken) * change
    c = -broken * change * (1 - change)
    q = (sqrt(max(0.0, b * b - 8 * images * c)) - b) / (4 * images)
    variance = images * (2 * q + change * (1 - change))
    above = fixed - broken - images * change
    return above / sqrt(variance) if variance > 0 else float("inf") * (above or 1)


def _solved(is_below: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition that holds at first ceases to hold."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return low


def judged_pairs(broken: int, fixed: int, images: int) -> Finding:
    """What pairs of pass and fail say: worse when so uneven a split is no chance (`mcnemar`), not
    worse when a loss of one image in twenty (`LOSS`) can be ruled out (`paired`)."""
    if images < FEWEST:
        return "not enough evidence"
    if broken > fixed and mcnemar(broken, fixed) < 0.05:
        return "worse"
    is_small = round(paired(broken, fixed, images).low + LOSS, DIGITS) >= 0
    return "not worse" if is_small else "not enough evidence"


def pairs_needed(broken: int, fixed: int, images: int) -> int:
    """About how many images would decide, four times in five, if cases went on to break and mend at
    this rate, and half a one more each way (Connor 1987 for McNemar's test; the width of a paired
    difference for the other)."""
    if not broken and not fixed:
        return images_to_see(LOSS, images) or images
    rate, loss = (broken + fixed + 1) / (images + 1), (broken - fixed) / (images + 1)
    ways = []
    if loss > 0:
        ways.append(((Z * sqrt(rate) + (POWER - Z) * sqrt(rate - loss * loss)) / loss) ** 2)
    if loss < LOSS:
        ways.append((POWER * sqrt(rate - loss * loss) / (LOSS - loss)) ** 2)
    return max(FEWEST, images + 1, ceil(min(ways)))
