"""Compare: two standings → their differences, image by image. Two averages are never compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

GONE = "only the run before has it"

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
    is_same = before.plan == now.plan != "" or _asks_the_same(before, now)
    files = tuple(_changed_files(before, now))
    truth = any(name.startswith("truth ") for name in files)
    firsts = firsts_of({case: now.images[case] for case in shared})
    drawn = list(dict.fromkeys(firsts.values()))
    checks = tuple(_checks(before, now, drawn, is_same=is_same, truth=truth))
    metrics = tuple(_metrics(before, now, drawn, margins or {}, is_same=is_same, truth=truth))
    return Differences(
        before=side_of(before),
        now=side_of(now),
        pairs=len(shared),
        settings=tuple(changed_settings(before.settings, now.settings)),
        files=files,
        checks=checks,
        metrics=metrics,
        cases=tuple(_cases(firsts, checks, metrics, answers or {})),
        only_before=tuple(case for case in before.images if case not in now.images),
        only_now=tuple(case for case in now.images if case not in before.images),
        other_images=tuple(
            case
            for case, images in now.images.items()
            if case in before.images and before.images[case] != images
        ),
        twins=tuple(case for case, first in firsts.items() if case != first),
        is_mixed=before.simulated != now.simulated,
        has_answers=answers is not None,
    )


def _asks_the_same(before: Standing, now: Standing) -> bool:
    """Of every image that both have, though one has others beside."""
    sides = [(each.settings, each.files, each.repeat, each.models) for each in (before, now)]
    return bool(before.settings) and sides[0] == sides[1]


def firsts_of(images: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Of every case the first one with the same images and row: they share one answer, and are one
    image to be drawn."""
    known: dict[tuple[str, ...], str] = {}
    return {case: known.setdefault(of, case) if of else case for case, of in images.items()}


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
    strata: int = 1,
) -> MetricDifference:
    """One metric over the cases that both have judged. `is_same`: the two runs ask the same. `strata`:
    the repeats stand in so many groups that are not drawn from one another."""
    about = (now.name, now.combination, now.better, now.unit)
    metric = metric_defined(now.definition)
    rows = [case for case in cases if _judged(before, case) and _judged(now, case)]
    sides = [metric and rows and _gathered(metric, each, rows) for each in (before, now)]
    if not metric or not sides[0] or not sides[1]:
        why = (
            "this version does not know the metric"
            if metric is None
            else "no image was judged in both"
        )
        why = "it is not defined for the images that both have" if metric and rows else why
        return MetricDifference(*about, "not comparable", is_own=now.is_own, why=why)
    alone = {case: _alone(metric, before, now, case) for case in rows}
    width = _width(alone.values())
    moved = {case: _moved(*values) for case, values in alone.items()}
    values = [sides[0].whole, sides[1].whole]
    changed = sum(before.parts[case] != now.parts[case] for case in rows)
    is_same = is_same and not changed
    change = (
        Interval(0.0, 0.0, 0.0)
        if is_same
        else _interval(sides[0], sides[1], len(rows), values, changed, width, strata)
    )
    change = change if now.unit == "" else Interval(*_unwidened(change, values))
    most = 0.0
    if margin is not None:
        most = margin.most * abs(values[0]) if margin.relative else margin.most
    turned = change if now.better == "more" else Interval(-change.value, -change.high, -change.low)
    finding = _finding(turned, most, len(rows), is_same)
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
        needed=_needed(finding, turned, most, len(rows), changed, width),
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
    change = Interval(0.0, 0.0, 0.0) if is_unmoved else paired(*counts, len(rows))
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
    kept = {key_of(each.definition, each.combination) for each in now.checks}
    for key, each in known.items():
        if key not in kept:
            yield CheckDifference(each.name, each.combination, "not comparable", why=GONE)


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
    kept = {key_of(each.definition, each.combination) for each in now.metrics}
    for key, each in known.items():
        if key not in kept and each.is_own:
            yield MetricDifference(
                *(each.name, each.combination, each.better, each.unit, "not comparable"),
                before=each.value,
                why=GONE,
            )


def _apart(old: object, definition: Mapping[str, object], truth: bool) -> str | None:
    """Why something cannot be compared."""
    if old is None:
        return "it is new, or looks at something else than before"
    if truth and any(str(value).partition(".")[0] == "truth" for value in definition.values()):
        return "the truth is not what it was"
    return None


def _judged(metric: MetricStanding, case: str) -> bool:
    return any(parts is not None for parts in metric.parts.get(case, ()))


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
    measured: Measured | None
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
    from 0 to 1 at least."""
    known = [value for sides in alone for side in sides for value in side]
    return max(1.0, max(known) - min(known)) if known else 1.0


def _interval(
    before: _Sampled,
    now: _Sampled,
    images: int,
    values: Sequence[float],
    changed: int,
    width: float,
    strata: int,
) -> Interval:
    if before.measured is None or now.measured is None:
        return Interval(values[1] - values[0], -float("inf"), float("inf"))
    most = width * unseen(images).high
    if not changed:
        return Interval(0.0, -most, most)
    drawn, resamples = min(images, GROUPS), min(before.resamples, now.resamples)
    sides = before.measured, now.measured
    found = difference(*sides, drawn, resamples, min(changed, drawn), strata)
    if changed >= FEWEST:
        return found
    return Interval(found.value, min(found.low, -most), max(found.high, most))


def _unwidened(change: Interval, values: Sequence[float]) -> tuple[float, float, float]:
    """Dollars, tokens and seconds have no rule of three: what did not change did not change."""
    moved = values[1] - values[0]
    return (moved, change.low, change.high) if moved else (0.0, 0.0, 0.0)


def _finding(change: Interval, margin: float, images: int, is_same: bool) -> Finding:
    if is_same:
        return "not worse"
    return "not enough evidence" if images < FEWEST else judged(change, margin)


def _needed(
    finding: Finding, change: Interval, margin: float, images: int, changed: int, width: float
) -> int | None:
    if finding != "not enough evidence":
        return None
    if not changed:
        return images_to_see(margin / width, images)
    needed = images_needed(change, margin, images) if abs(change.low) != float("inf") else None
    return needed and max(FEWEST, needed)


def _cases(
    firsts: Mapping[str, str],
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
    for case, first in firsts.items():
        told = tuple(answers.get(case, ()))
        turn = _turn(first in better, first in worse, first in flaky, told)
        why = [*worse.get(first, ()), *better.get(first, ())]
        if turn == "flaky":
            why = flaky[first]
        yield CaseDifference(case, turn, tuple(why), first in flaky, told)


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
