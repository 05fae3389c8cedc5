"""One metric of two runs: its change over the images that both have, with an interval; and what that says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from runner.checks.metrics.gathered import Summed
from runner.checks.metrics.metric import AcrossRepeats, Metric
from runner.measures.evidence import (
    FEWEST,
    Interval,
    Measured,
    difference,
    images_needed,
    images_to_see,
    judged,
    unseen,
)
from runner.stages.definition import metric_defined
from runner.values.difference import Finding, MetricDifference
from runner.values.measured import Better
from runner.values.standing import MetricStanding, Parts

GROUPS = 1000
"""Of more images, several are drawn together."""

TINY = 1e-9

Moved = Literal["more", "less", "flaky"] | None


@dataclass(frozen=True, slots=True)
class Margin:
    """How much worse a metric may be; `relative`: as a share of what it was."""

    most: float
    relative: bool = False


def compared_metrics(
    before: MetricStanding,
    now: MetricStanding,
    cases: Iterable[str],
    margin: Margin | None = None,
    *,
    is_same: bool = False,
    strata: int = 1,
) -> MetricDifference:
    """One metric over the cases that both have judged. `is_same`: the two runs ask the same. `strata`:
    the repeats stand in so many groups that are not drawn from one another."""
    metric = metric_defined(now.definition)
    better = now.better
    rows = [case for case in cases if before.judges(case) and now.judges(case)]
    if metric is None:
        return _apart(now, margin, "this version does not know the metric")
    if not rows:
        return _apart(now, margin, "no image was judged in both")
    sides = _gathered(metric, before, rows), _gathered(metric, now, rows)
    if sides[0] is None:
        return _apart(now, margin, "it is not defined for the images that both have")
    alone = {case: _alone(metric, before, now, case) for case in rows}
    if sides[1] is None:
        return _lost(now, margin, better, sides[0].whole, alone)
    width = 0.0 if now.unit else _width(alone.values())
    moved = {case: _moved(*values) for case, values in alone.items()}
    values = [sides[0].whole, sides[1].whole]
    changed = sum(before.parts[case] != now.parts[case] for case in rows)
    is_same = is_same and not changed
    change = (
        Interval(0.0, 0.0, 0.0)
        if is_same
        else _interval(sides[0], sides[1], len(rows), changed, width, strata)
    )
    most = _most(margin, values[0])
    turned = Interval(-change.value, -change.high, -change.low) if better == "less" else change
    finding = _finding(turned, most, len(rows), is_same) if better else None
    worse: Moved = "less" if better == "more" else "more"
    return MetricDifference(
        *(now.name, now.combination, better, now.unit, finding),
        pairs=len(rows),
        before=values[0],
        now=values[1],
        low=change.low,
        high=change.high,
        margin=None if margin is None else most,
        needed=_needed(finding, turned, most, len(rows), changed, width),
        better=tuple(case for case in rows if better and moved[case] == better),
        worse=tuple(case for case in rows if better and moved[case] == worse),
        flaky=tuple(case for case in rows if moved[case] == "flaky"),
        is_own=now.is_own,
    )


def _apart(now: MetricStanding, margin: Margin | None, why: str) -> MetricDifference:
    return MetricDifference(
        *(now.name, now.combination, now.better, now.unit, "not comparable"),
        now=now.value,
        margin=None if margin is None else margin.most,
        is_own=now.is_own,
        why=why,
    )


def _lost(
    now: MetricStanding,
    margin: Margin | None,
    better: Better,
    before: float,
    alone: Mapping[str, tuple[list[float], list[float]]],
) -> MetricDifference:
    """A metric that was defined and is not any more, as the overlap of pairs when nothing fits. Where
    more is better, that is as bad as 0."""
    most = _most(margin, before)
    if better != "more" or before <= most:
        return _apart(now, margin, "it is not defined any more for the images that both have")
    lost = tuple(case for case, (was, _) in alone.items() if was)
    is_enough = len(lost) >= FEWEST
    return MetricDifference(
        *(now.name, now.combination, better, now.unit),
        "worse" if is_enough else "not enough evidence",
        pairs=len(alone),
        before=before,
        margin=None if margin is None else most,
        needed=None if is_enough else FEWEST,
        worse=lost,
        is_own=now.is_own,
        why="it is not defined any more: nothing is left to measure",
    )


def _most(margin: Margin | None, before: float) -> float:
    """How much worse it may be."""
    if margin is None:
        return 0.0
    return margin.most * abs(before) if margin.relative else margin.most


def value_of(metric: MetricStanding, repeat: int) -> float | None:
    """The value that its parts make; None where it depends on the order of the images, too, or this
    version does not know the metric. Raises `ValueError` for parts that make none."""
    defined = metric_defined(metric.definition)
    if defined is None:
        return None
    repeats = 1 if isinstance(defined, AcrossRepeats) else repeat
    gathered = defined.gathered(repeats)
    for image, answers in enumerate(metric.parts.values()):
        for number, parts in enumerate(answers):
            if parts is not None:
                gathered.put(parts, image, min(number, repeats - 1))
    value = gathered.value()
    if value is None or not isinstance(gathered, Summed):
        return None
    return value * repeats if defined.whole else value


def _gathered(metric: Metric, standing: MetricStanding, rows: Sequence[str]) -> _Sampled | None:
    """What the rows add; None when that makes no number, as the recall of nothing."""
    repeats = max(len(standing.parts[case]) for case in rows)
    gathered = metric.gathered(repeats)
    groups = _groups(len(rows))
    for case, group in zip(rows, groups, strict=True):
        for repeat, parts in enumerate(standing.parts[case]):
            if parts is not None:
                gathered.put(parts, group, repeat)
    whole = gathered.value()
    if whole is None:
        return None
    return _Sampled(whole, gathered.sampled(min(len(rows), GROUPS)), gathered.resamples)


@dataclass(frozen=True, slots=True)
class _Sampled:
    """`whole` is the value over all rows; of what is of a whole run: of one repeat."""

    whole: float
    measured: Measured
    resamples: int


def _groups(count: int) -> Sequence[int]:
    """The place of each image among those that are drawn; in an order of chance, of a fixed seed."""
    if count <= GROUPS:
        return range(count)
    order = [number % GROUPS for number in range(count)]
    Random(count).shuffle(order)
    return order


def _alone(
    metric: Metric, before: MetricStanding, now: MetricStanding, case: str
) -> tuple[list[float], list[float]]:
    """The values of one image by itself, of every repeat for which it is defined."""
    return _values(metric, before.parts[case]), _values(metric, now.parts[case])


def _values(metric: Metric, repeats: Sequence[Parts | None]) -> list[float]:
    found = []
    for parts in repeats:
        gathered = metric.gathered(1)
        if parts is not None:
            gathered.put(parts, 0, 0)
        value = gathered.value()
        found += [] if value is None else [value]
    return found


def _moved(before: Sequence[float], now: Sequence[float]) -> Moved:
    """Where an image went: only what lies beyond all that the repeats of either run differ in is more
    or less."""
    if not before or not now:
        return None
    if min(now) > max(before) + TINY:
        return "more"
    if max(now) < min(before) - TINY:
        return "less"
    is_steady = max(*before, *now) - min(*before, *now) <= TINY
    return None if is_steady else "flaky"


def _width(alone: Iterable[tuple[list[float], list[float]]]) -> float:
    """How far the value of an image may go, as far as anyone can see: as far as images are apart, and
    from 0 to 1 at least. (Of dollars, tokens and seconds nobody assumes what was not seen.)"""
    known = [value for sides in alone for side in sides for value in side]
    return max(1.0, max(known) - min(known)) if known else 1.0


def _interval(
    before: _Sampled,
    now: _Sampled,
    images: int,
    changed: int,
    width: float,
    strata: int,
) -> Interval:
    most = width * unseen(images).high
    if not changed:
        return Interval(0.0, -most if most else 0.0, most)
    drawn, resamples = min(images, GROUPS), min(before.resamples, now.resamples)
    sides = before.measured, now.measured
    found = difference(*sides, drawn, resamples, min(changed, drawn), strata)
    if changed >= FEWEST:
        return found
    return Interval(found.value, min(found.low, -most), max(found.high, most))


def _finding(change: Interval, margin: float, images: int, is_same: bool) -> Finding:
    if is_same:
        return "not worse"
    return "not enough evidence" if images < FEWEST else judged(change, margin)


def _needed(
    finding: Finding | None,
    change: Interval,
    margin: float,
    images: int,
    changed: int,
    width: float,
) -> int | None:
    if finding != "not enough evidence":
        return None
    if not changed:
        return images_to_see(margin / width, images) if width else FEWEST
    needed = images_needed(change, margin, images)
    return needed and max(FEWEST, needed)
