"""Compare: two standings → their differences, image by image. Two averages are never compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from runner.checks.metrics.metric import Metric
from runner.measures.evidence import (
    FEWEST,
    Interval,
    difference,
    even,
    images_needed,
    images_to_see,
    judged,
    judged_pairs,
    mcnemar,
    paired,
    pairs_needed,
    unseen,
)
from runner.stages.definition import metric_defined
from runner.values.difference import (
    AnswerDifference,
    CaseDifference,
    CheckDifference,
    Differences,
    Finding,
    MetricDifference,
    SettingDifference,
    Side,
    Turn,
)
from runner.values.request import canonical_json
from runner.values.standing import CheckStanding, MetricStanding, Parts, Standing

GROUPS = 1000
"""Of more images, several are drawn together."""

TINY = 1e-9

Key = tuple[str, str]

Moved = Literal["more", "less", "flaky"] | None


@dataclass(frozen=True, slots=True)
class Margin:
    """How much worse a metric may be; `relative`: as a share of what it was."""

    most: float
    relative: bool = False


Margins = Mapping[Key, Margin]
Answers = Mapping[str, Sequence[AnswerDifference]]


def compare(
    before: Standing, now: Standing, margins: Margins | None = None, answers: Answers | None = None
) -> Differences:
    """What has changed from one run to the other, over the cases that both have with the same images.

    `margins` say of metrics how much worse they may be, by `key_of`; `answers` what changed in the
    answers about each case, where they are known.
    """
    shared = [case for case, images in now.images.items() if before.images.get(case) == images]
    is_same = before.plan == now.plan
    files = tuple(_changed_files(before, now))
    truth = any(name.startswith("truth ") for name in files)
    checks = tuple(_checks(before, now, shared, is_same=is_same, truth=truth))
    metrics = tuple(_metrics(before, now, shared, margins or {}, is_same=is_same, truth=truth))
    return Differences(
        before=side_of(before),
        now=side_of(now),
        pairs=len(shared),
        settings=tuple(changed_settings(before.settings, now.settings)),
        files=files,
        checks=checks,
        metrics=metrics,
        cases=tuple(_cases(shared, checks, metrics, answers or {})),
        only_before=tuple(case for case in before.images if case not in now.images),
        only_now=tuple(case for case in now.images if case not in before.images),
        other_images=tuple(
            case
            for case, images in now.images.items()
            if case in before.images and before.images[case] != images
        ),
        is_mixed=before.simulated != now.simulated,
    )


def key_of(definition: Mapping[str, object], combination: Mapping[str, object]) -> Key:
    """What a check or metric is found again by, whatever it is called."""
    return canonical_json(definition), canonical_json(combination)


def changed_settings(
    before: Mapping[str, object], now: Mapping[str, object]
) -> Iterator[SettingDifference]:
    """Those that are not the same, in the order of the file."""
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            yield SettingDifference(name, before.get(name), now.get(name))


def compared_metrics(
    before: MetricStanding,
    now: MetricStanding,
    cases: Iterable[str],
    margin: Margin | None = None,
    *,
    is_same: bool = False,
) -> MetricDifference:
    """One metric over the cases that both have judged. `is_same`: the two runs ask the same."""
    about = (now.name, now.combination, now.better, now.unit)
    metric = metric_defined(now.definition)
    rows = [case for case in cases if _judged(before, case) and _judged(now, case)]
    if metric is None or not rows:
        why = "no image was judged in both" if metric else "this version does not know the metric"
        return MetricDifference(*about, "not comparable", is_own=now.is_own, why=why)
    sides = _gathered(metric, before, rows), _gathered(metric, now, rows)
    alone = {case: _alone(metric, before, now, case) for case in rows}
    width = _width(alone.values())
    moved = {case: _moved(*values) for case, values in alone.items()}
    values = [_whole(metric, side, len(rows)) for side in sides]
    changed = sum(before.parts[case] != now.parts[case] for case in rows)
    change = _interval(sides, len(rows), values, changed, width)
    change = change if now.unit == "" else Interval(*_unwidened(change, values))
    most = 0.0
    if margin is not None:
        most = margin.most * abs(values[0]) if margin.relative else margin.most
    turned = change if now.better == "more" else Interval(-change.value, -change.high, -change.low)
    finding = _finding(turned, most, len(rows), is_same and not changed)
    for_better: Moved = "more" if now.better == "more" else "less"
    return MetricDifference(
        *about,
        finding,
        pairs=len(rows),
        before=values[0],
        now=values[1],
        low=change.low,
        high=change.high,
        margin=None if margin is None else most,
        needed=_needed(finding, turned, most, len(rows), width),
        better=tuple(case for case in rows if moved[case] == for_better),
        worse=tuple(case for case in rows if moved[case] not in (for_better, "flaky", None)),
        flaky=tuple(case for case in rows if moved[case] == "flaky"),
        is_own=now.is_own,
    )


def compared_checks(
    before: CheckStanding, now: CheckStanding, cases: Iterable[str], *, is_same: bool = False
) -> CheckDifference:
    """One per-image check over the cases that both have judged. `is_same` as of a metric."""
    rows = [
        (case, old.held, new.held, old.is_flaky or new.is_flaky)
        for case in cases
        if (old := before.votes.get(case))
        and (new := now.votes.get(case))
        and old.held is not None
        and new.held is not None
    ]
    broken = tuple(case for case, old, new, _ in rows if old and not new)
    fixed = tuple(case for case, old, new, _ in rows if new and not old)
    counts = len(broken), len(fixed)
    if not rows:
        why = "no image was judged in both"
        return CheckDifference(now.name, now.combination, "not comparable", why=why)
    is_unmoved = is_same and all(before.votes[case] == now.votes[case] for case, *_ in rows)
    finding = "not worse" if is_unmoved else judged_pairs(*counts, len(rows))
    change = paired(*counts, len(rows))
    return CheckDifference(
        now.name,
        now.combination,
        finding,
        len(rows),
        broken,
        fixed,
        tuple(case for case, *_, flaky in rows if flaky),
        mcnemar(*counts),
        change.low,
        change.high,
        pairs_needed(*counts, len(rows)) if finding == "not enough evidence" else None,
    )


def _checks(
    before: Standing, now: Standing, cases: Sequence[str], *, is_same: bool, truth: bool
) -> Iterator[CheckDifference]:
    known = {key_of(each.definition, each.combination): each for each in before.checks}
    for each in now.checks:
        old = known.get(key_of(each.definition, each.combination))
        if why := _apart(old, each.definition, truth):
            yield CheckDifference(each.name, each.combination, "not comparable", why=why)
        elif old is not None:
            yield compared_checks(old, each, cases, is_same=is_same)


def _metrics(
    before: Standing,
    now: Standing,
    cases: Sequence[str],
    margins: Margins,
    *,
    is_same: bool,
    truth: bool,
) -> Iterator[MetricDifference]:
    known = {key_of(each.definition, each.combination): each for each in before.metrics}
    for each in now.metrics:
        key = key_of(each.definition, each.combination)
        old, margin = known.get(key), margins.get(key)
        if why := _apart(old, each.definition, truth):
            most = None if margin is None else margin.most
            yield MetricDifference(
                *(each.name, each.combination, each.better, each.unit, "not comparable"),
                now=each.value,
                margin=most,
                is_own=each.is_own,
                why=why,
            )
        elif old is not None:
            yield compared_metrics(old, each, cases, margin, is_same=is_same)


def _apart(old: object, definition: Mapping[str, object], truth: bool) -> str | None:
    """Why something cannot be compared."""
    if old is None:
        return "it is new, or looks at something else than before"
    if truth and any(str(value).partition(".")[0] == "truth" for value in definition.values()):
        return "the truth is not what it was"
    return None


def _judged(metric: MetricStanding, case: str) -> bool:
    return any(parts is not None for parts in metric.parts.get(case, ()))


def _gathered(metric: Metric, standing: MetricStanding, rows: Sequence[str]) -> _Sampled:
    repeats = max(len(standing.parts[case]) for case in rows)
    gathered = metric.gathered(repeats)
    groups = _groups(len(rows))
    for case, group in zip(rows, groups, strict=True):
        for repeat, parts in enumerate(standing.parts[case]):
            if parts is not None:
                gathered.put(parts, group, repeat)
    return _Sampled(gathered.sampled(min(len(rows), GROUPS)), gathered.resamples)


@dataclass(frozen=True, slots=True)
class _Sampled:
    measured: object
    resamples: int


def _groups(count: int) -> Sequence[int]:
    """The place of each image among those that are drawn; in an order of chance, of a fixed seed."""
    if count <= GROUPS:
        return range(count)
    order = [number % GROUPS for number in range(count)]
    Random(count).shuffle(order)
    return order


def _whole(metric: Metric, side: _Sampled, images: int) -> float:
    """The value over all rows. Of what is of a whole run: of one repeat."""
    measured = side.measured
    if measured is None:
        return 0.0
    return float(measured.at(even(measured, min(images, GROUPS)))[0])  # type: ignore[attr-defined,arg-type]  # as in evidence


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
    from 0 to 1 at least."""
    known = [value for sides in alone for side in sides for value in side]
    return max(1.0, max(known) - min(known)) if known else 1.0


def _interval(
    sides: tuple[_Sampled, _Sampled],
    images: int,
    values: Sequence[float],
    changed: int,
    width: float,
) -> Interval:
    before, now = (side.measured for side in sides)
    if before is None or now is None:
        return Interval(values[1] - values[0], -float("inf"), float("inf"))
    if not changed:
        most = width * unseen(images).high
        return Interval(0.0, -most, most)
    drawn, resamples = min(images, GROUPS), min(side.resamples for side in sides)
    return difference(before, now, drawn, resamples, min(changed, drawn))  # type: ignore[arg-type]  # as sampled


def _unwidened(change: Interval, values: Sequence[float]) -> tuple[float, float, float]:
    """Dollars, tokens and seconds have no rule of three: what did not change did not change."""
    moved = values[1] - values[0]
    return (moved, change.low, change.high) if moved else (0.0, 0.0, 0.0)


def _finding(change: Interval, margin: float, images: int, is_same: bool) -> Finding:
    if is_same:
        return "not worse"
    return "not enough evidence" if images < FEWEST else judged(change, margin)


def _needed(
    finding: Finding, change: Interval, margin: float, images: int, width: float
) -> int | None:
    if finding != "not enough evidence":
        return None
    if change.value == 0 and change.low == -change.high:
        return images_to_see(margin / width)
    needed = images_needed(change, margin, images) if abs(change.low) != float("inf") else None
    return needed and max(FEWEST, needed)


def _cases(
    shared: Sequence[str],
    checks: Sequence[CheckDifference],
    metrics: Sequence[MetricDifference],
    answers: Answers,
) -> Iterator[CaseDifference]:
    better: dict[str, list[str]] = {}
    worse: dict[str, list[str]] = {}
    flaky: dict[str, list[str]] = {}
    for check in checks:
        steady = [set(cases) - set(check.flaky) for cases in (check.fixed, check.broken)]
        _add(better, [case for case in check.fixed if case in steady[0]], check)
        _add(worse, [case for case in check.broken if case in steady[1]], check)
        _add(flaky, check.flaky, check)
    weighed = dict.fromkeys([*better, *worse, *flaky])  # checks say more than a metric does
    for metric in metrics:
        if metric.unit == "":
            for found, cases in (
                (better, metric.better),
                (worse, metric.worse),
                (flaky, metric.flaky),
            ):
                _add(found, [case for case in cases if case not in weighed], metric)
    for case in shared:
        told = tuple(answers.get(case, ()))
        turn = _turn(case in better, case in worse, case in flaky, told)
        why = [*worse.get(case, ()), *better.get(case, ())]
        if turn == "flaky":
            why = flaky[case]
        yield CaseDifference(case, turn, tuple(why), case in flaky, told)


def _turn(
    is_better: bool, is_worse: bool, is_flaky: bool, answers: Sequence[AnswerDifference]
) -> Turn:
    if is_better != is_worse:
        return "better" if is_better else "worse"
    if is_better:
        return "changed"
    if is_flaky:
        return "flaky"
    return "changed" if any(not each.is_same for each in answers) else "same"


def _add(
    found: dict[str, list[str]], cases: Iterable[str], by: CheckDifference | MetricDifference
) -> None:
    axes = ", ".join(f"{axis} {value}" for axis, value in by.combination.items())
    for case in cases:
        found.setdefault(case, []).append(f"{by.name} ({axes})" if axes else by.name)


def _changed_files(before: Standing, now: Standing) -> Iterator[str]:
    for name in sorted({*before.files, *now.files}):
        if before.files.get(name) != now.files.get(name):
            yield name


def side_of(standing: Standing) -> Side:
    """A run, and what it took."""
    return Side(
        standing.run,
        standing.simulated,
        standing.models,
        standing.cost_usd,
        standing.tokens,
        standing.seconds,
    )
