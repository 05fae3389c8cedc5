"""Choices: the combinations of a matrix side by side: what each reaches, at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.stages.compare import compared_metrics
from runner.values.difference import Choice, MetricDifference
from runner.values.request import canonical_json
from runner.values.standing import MetricStanding, Standing

COST, TOKENS = {"metric": "cost_usd"}, {"metric": "tokens"}


def choices_of(standing: Standing) -> tuple[Choice, ...]:
    """Every combination, in the order of the matrix. Each metric is compared with that of the first
    combination over the images that both answered."""
    found_in: list[Mapping[str, object]] = [each.combination for each in standing.metrics]
    found_in += [each.combination for each in standing.checks]
    combinations = {canonical_json(each): each for each in found_in}
    found = [_choice(standing, key, combination) for key, combination in combinations.items()]
    first = {each.name: each for each in _own(standing, next(iter(combinations), ""))}
    found = [replace(each, metrics=_against(standing, first, each)) for each in found]
    return tuple(replace(each, pays=not _is_beaten(each, found)) for each in found)


def _own(standing: Standing, key: str) -> list[MetricStanding]:
    """The metrics of a combination that say how good it is."""
    return [
        each
        for each in standing.metrics
        if canonical_json(each.combination) == key and each.definition not in (COST, TOKENS)
    ]


def _choice(standing: Standing, key: str, combination: Mapping[str, object]) -> Choice:
    checks = [each for each in standing.checks if canonical_json(each.combination) == key]
    held = [(each.name, [votes.held for votes in each.votes.values()]) for each in checks]
    return Choice(
        combination,
        (),
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


def _against(
    standing: Standing, first: Mapping[str, MetricStanding], choice: Choice
) -> tuple[MetricDifference, ...]:
    return tuple(
        compared_metrics(first[each.name], each, standing.images)
        for each in _own(standing, canonical_json(choice.combination))
        if each.name in first
    )


def _is_beaten(choice: Choice, others: Sequence[Choice]) -> bool:
    """Whether another one is at least as good in everything and better in something."""
    mine = _scores(choice)
    return any(
        len(theirs := _scores(other)) == len(mine)
        and all(a >= b for a, b in zip(theirs, mine, strict=True))
        and theirs != mine
        for other in others
        if other is not choice
    )


def _scores(choice: Choice) -> list[float]:
    """More is better."""
    goods = [(each.now or 0.0) * (1 if each.goal == "more" else -1) for each in choice.metrics]
    shares = [held / of if of else 0.0 for _, held, of in choice.held]
    return [*goods, *shares, -(choice.cost_usd or 0.0)]
