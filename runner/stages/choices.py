"""Choices: the combinations of a matrix side by side: what each reaches at what cost, and what every axis does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, combinations
from math import inf
from typing import TypeVar

from runner.stages.checks_compared import compared_checks
from runner.stages.compare import drawn, firsts_of, side_of
from runner.stages.metrics_compared import compared_metrics
from runner.values.difference import Choice, Effect, Matrix, Reached
from runner.values.request import canonical_json
from runner.values.standing import CheckStanding, MetricStanding, Parts, Standing, Votes

COST, TOKENS = {"metric": "cost_usd"}, {"metric": "tokens"}

Combination = Mapping[str, object]


def matrix_of(standing: Standing) -> Matrix:
    """A run compared within itself."""
    return Matrix(side_of(standing), choices_of(standing), effects_of(standing))


def choices_of(standing: Standing) -> tuple[Choice, ...]:
    """Every combination, in the order of the matrix. Each metric is compared with that of the first
    combination over the images that both answered."""
    order = _combinations(standing)
    first = {
        canonical_json(each.definition): each for each in _own(standing, next(iter(order), ""))
    }
    found = [_choice(standing, key, each, first) for key, each in order.items()]
    return tuple(replace(each, pays=not _is_beaten(each, found)) for each in found)


def effects_of(standing: Standing) -> tuple[Effect, ...]:
    """What each axis does between each two of its values, where combinations differ in nothing else."""
    order = list(_combinations(standing).values())
    axes = dict.fromkeys(chain.from_iterable(order))
    found = (_effects(standing, axis, order) for axis in axes)
    return tuple(chain.from_iterable(found))


def _combinations(standing: Standing) -> dict[str, Combination]:
    found: list[Combination] = [each.combination for each in standing.metrics]
    found += [each.combination for each in standing.checks]
    seen = {canonical_json(each): each for each in found}
    return {key: seen[key] for key in seen if seen[key]}


def _own(standing: Standing, key: str) -> list[MetricStanding]:
    """The metrics of a combination that say how good it is."""
    return [
        each
        for each in standing.metrics
        if canonical_json(each.combination) == key and each.definition not in (COST, TOKENS)
    ]


def _choice(
    standing: Standing, key: str, combination: Combination, first: Mapping[str, MetricStanding]
) -> Choice:
    checks = [each for each in standing.checks if canonical_json(each.combination) == key]
    held = [(each.name, [votes.held for votes in each.votes.values()]) for each in checks]
    own, firsts = _own(standing, key), firsts_of(standing.images)
    return Choice(
        combination,
        tuple(
            Reached(each.name, each.better, each.unit, each.value, each.low, each.high)
            for each in own
        ),
        tuple(
            compared_metrics(
                *(before, each, drawn(firsts, before, each)),
                is_same=before.combination == combination,
            )
            for each in own
            if (before := first.get(canonical_json(each.definition)))
        ),
        _per_case(standing, key, COST),
        _per_case(standing, key, TOKENS),
        tuple((name, of.count(True), len(of) - of.count(None)) for name, of in held),
    )


def _per_case(standing: Standing, key: str, definition: Mapping[str, object]) -> float | None:
    for each in standing.metrics:
        is_it = each.definition == definition and canonical_json(each.combination) == key
        if is_it and each.value is not None and each.parts:
            return each.value / len(each.parts)
    return None


def _is_beaten(choice: Choice, others: Sequence[Choice]) -> bool:
    """Whether another one is at least as good in everything and better in something."""
    mine = _scores(choice)
    for other in others:
        theirs = _scores(other)
        shared = [(theirs[name], mine[name]) for name in mine if name in theirs]
        if all(a >= b for a, b in shared) and any(a > b for a, b in shared):
            return True
    return False


def _scores(choice: Choice) -> dict[str, float]:
    """More is better. What nobody knows is worst: neither good nor cheap."""
    cost = -inf if choice.cost_usd is None else -choice.cost_usd
    scores = {"cost": cost}
    for each in choice.reached:
        if each.goal is not None:
            sign = 1 if each.goal == "more" else -1
            scores[f"metric {each.name}"] = -inf if each.value is None else sign * each.value
    return scores | {f"check {name}": held / of if of else -inf for name, held, of in choice.held}


def _effects(standing: Standing, axis: str, order: Sequence[Combination]) -> Iterator[Effect]:
    values = {canonical_json(each[axis]): each[axis] for each in order if axis in each}
    for before, now in combinations(values, 2):
        sides: list[list[Combination]] = [[], []]
        for one in order:
            other = {**one, axis: values[now]}
            if canonical_json(one.get(axis)) == before and other in order:
                sides[0].append(one)
                sides[1].append(other)
        if sides[0]:
            yield _effect(standing, axis, (values[before], values[now]), sides)


def _effect(
    standing: Standing,
    axis: str,
    ends: tuple[object, object],
    sides: Sequence[Sequence[Combination]],
) -> Effect:
    checks = [dict(_pooled_checks(standing, side)) for side in sides]
    metrics = [dict(_pooled_metrics(standing, side)) for side in sides]
    firsts = firsts_of(standing.images)
    return Effect(
        axis,
        *ends,
        len(sides[0]),
        tuple(
            replace(compared_checks(check, other, drawn(firsts, check, other)), flaky=())
            for key, check in checks[0].items()
            if (other := checks[1].get(key))
        ),
        tuple(
            replace(
                compared_metrics(*(metric, its, drawn(firsts, metric, its)), strata=len(sides[0])),
                better=(),
                worse=(),
                flaky=(),
            )
            for key, metric in metrics[0].items()
            if (its := metrics[1].get(key))
        ),
    )


def _pooled_checks(
    standing: Standing, side: Sequence[Combination]
) -> Iterator[tuple[str, CheckStanding]]:
    """Each check over several combinations, of which each has one vote on an image."""
    for key, same in _same(standing.checks, side):
        votes = {}
        for case in dict.fromkeys(chain.from_iterable(each.votes for each in same)):
            held = [each.votes[case].held for each in same if case in each.votes]
            votes[case] = Votes(held.count(True), held.count(False))
        yield key, replace(same[0], combination={}, votes=votes)


def _pooled_metrics(
    standing: Standing, side: Sequence[Combination]
) -> Iterator[tuple[str, MetricStanding]]:
    """Each metric over several combinations: the repeats of one after those of the other."""
    for key, same in _same(standing.metrics, side):
        cases = dict.fromkeys(chain.from_iterable(each.parts for each in same))
        repeats = max((len(of) for each in same for of in each.parts.values()), default=1)
        parts = {
            case: tuple(chain.from_iterable(_filled(each, case, repeats) for each in same))
            for case in cases
        }
        yield key, replace(same[0], combination={}, value=None, parts=parts)


def _filled(metric: MetricStanding, case: str, repeats: int) -> tuple[Parts | None, ...]:
    found = metric.parts.get(case, ())
    return (*found, *[None] * (repeats - len(found)))


T = TypeVar("T", CheckStanding, MetricStanding)


def _same(all_of_them: Sequence[T], side: Sequence[Combination]) -> Iterator[tuple[str, list[T]]]:
    """What is looked at, and one that looks at it for each combination of a side, when all of these
    have one. Where several do, as with two limits, they have found the same, but for which way is
    better."""
    found: dict[str, dict[str, T]] = {}
    keys = [canonical_json(combination) for combination in side]
    for each in all_of_them:
        combination = canonical_json(each.combination)
        if combination in keys:
            key = canonical_json([each.definition, getattr(each, "better", None)])
            found.setdefault(key, {}).setdefault(combination, each)
    yield from ((key, list(each.values())) for key, each in found.items() if len(each) == len(side))
