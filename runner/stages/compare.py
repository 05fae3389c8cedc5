"""Compare: two standings → their differences, image by image. Two averages are never compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.stages.cases_compared import Answers, cases_compared
from runner.stages.checks_compared import compared_checks
from runner.stages.metrics_compared import Margin, compared_metrics
from runner.values.difference import (
    CheckDifference,
    Differences,
    MetricDifference,
    SettingDifference,
    Side,
)
from runner.values.request import canonical_json
from runner.values.standing import CheckStanding, MetricStanding, Standing

GONE = "only the run before has it"

Key = tuple[str, str]

Margins = Mapping[Key, Margin]
"""By the name of a metric and its combination as canonical JSON: two may look at the same, and each has
a limit of its own."""


def compare(
    before: Standing, now: Standing, margins: Margins | None = None, answers: Answers | None = None
) -> Differences:
    """What has changed from one run to the other, over the cases that both have with the same images.

    `margins` say of metrics of the workflow how much worse they may be; `answers` what changed in the
    answers about each case, where they are known.
    """
    shared = [case for case, images in now.images.items() if before.images.get(case) == images]
    is_same = before.plan == now.plan != "" or _asks_the_same(before, now)
    files = tuple(_changed_files(before, now))
    truth = any(name.startswith("truth ") for name in files)
    firsts = firsts_of({case: now.images[case] for case in shared})
    checks = tuple(_checks(before, now, firsts, is_same=is_same, truth=truth))
    metrics = tuple(_metrics(before, now, firsts, margins or {}, is_same=is_same, truth=truth))
    return Differences(
        before=side_of(before),
        now=side_of(now),
        pairs=len(shared),
        settings=tuple(changed_settings(before.settings, now.settings)),
        files=files,
        checks=checks,
        metrics=metrics,
        cases=tuple(cases_compared(firsts, checks, metrics, answers or {})),
        only_before=tuple(case for case in before.images if case not in now.images),
        only_now=tuple(case for case in now.images if case not in before.images),
        other_images=tuple(
            case
            for case, images in now.images.items()
            if case in before.images and before.images[case] != images
        ),
        twins=tuple(case for case, first in firsts.items() if case != first),
        is_mixed=before.is_of_another_kind(now),
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


def drawn(firsts: Mapping[str, str], *sides: CheckStanding | MetricStanding) -> list[str]:
    """Of the cases that are one image to be drawn the first that all sides have judged: it may be
    another than the first of them all, as where only one of two names has a truth."""
    found: dict[str, str] = {}
    for case, first in firsts.items():
        if all(side.judges(case) for side in sides):
            found.setdefault(first, case)
    return list(found.values())


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


def _checks(
    before: Standing, now: Standing, firsts: Mapping[str, str], *, is_same: bool, truth: bool
) -> Iterator[CheckDifference]:
    known = {key_of(each.definition, each.combination): each for each in before.checks}
    for each in now.checks:
        old = known.get(key_of(each.definition, each.combination))
        if why := _apart(old, each.definition, truth):
            yield CheckDifference(each.name, each.combination, "not comparable", why=why)
        elif old is not None:
            cases = drawn(firsts, old, each)
            judged = {firsts[case] for case in cases}
            lost = [case for case in drawn(firsts, old) if firsts[case] not in judged]
            yield compared_checks(old, each, cases, lost, is_same=is_same)
    kept = {key_of(each.definition, each.combination) for each in now.checks}
    for each in before.checks:
        if key_of(each.definition, each.combination) not in kept:
            yield CheckDifference(each.name, each.combination, "not comparable", why=GONE)


def _metrics(
    before: Standing,
    now: Standing,
    firsts: Mapping[str, str],
    margins: Margins,
    *,
    is_same: bool,
    truth: bool,
) -> Iterator[MetricDifference]:
    known = {key_of(each.definition, each.combination): each for each in before.metrics}
    for each in now.metrics:
        old = known.get(key_of(each.definition, each.combination))
        margin = margins.get((each.name, canonical_json(each.combination))) if each.is_own else None
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
            cases = drawn(firsts, old, each)
            yield compared_metrics(old, each, cases, margin, is_same=is_same)
    kept = {key_of(each.definition, each.combination) for each in now.metrics}
    for each in before.metrics:
        if each.is_own and key_of(each.definition, each.combination) not in kept:
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
