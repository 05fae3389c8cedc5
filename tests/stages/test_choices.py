"""A matrix compared within itself: what each combination reaches, and what every axis does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.stages.choices import matrix_of
from runner.values.standing import CheckStanding, MetricStanding, Standing, Votes

ACCURACY = {"metric": "accuracy", "of": "look.label", "against": "row.label"}


def standing(
    right: Mapping[tuple[str, str], Sequence[int]], cost: Mapping[tuple[str, str], float]
) -> Standing:
    """Runs of two axes, `model` and `how`: which images were right, and what each of them cost."""
    checks, metrics = [], []
    for (model, how), each in right.items():
        axes = {"model": model, "how": how}
        votes = {str(n): Votes(held, 1 - held) for n, held in enumerate(each)}
        checks.append(CheckStanding("right", {"that": "look.label"}, axes, votes))
        parts = {str(n): ({"": (float(held), 1.0)},) for n, held in enumerate(each)}
        about = ("more", "", sum(each) / len(each))
        metrics.append(MetricStanding("accuracy", ACCURACY, axes, *about, parts))
        dollars = {str(n): ({"": (cost[model, how] * (1 + n),)},) for n in range(len(each))}
        total = cost[model, how] * sum(range(1, len(each) + 1))
        spent = ("cost", {"metric": "cost_usd"}, axes, "less", "USD", total, dollars)
        metrics.append(MetricStanding(*spent, is_own=False))
    images = {str(n): (f"sha{n}",) for n in range(40)}
    plain = ("labels", "run", "plan", False, 1, (), {}, {}, images)
    return Standing(*plain, checks=tuple(checks), metrics=tuple(metrics))


GOOD, BAD = [1] * 40, [0] * 20 + [1] * 20
RIGHT = {("a", "x"): GOOD, ("a", "y"): BAD, ("b", "x"): GOOD, ("b", "y"): BAD}
COST = {("a", "x"): 2.0, ("a", "y"): 2.5, ("b", "x"): 1.0, ("b", "y"): 0.5}


def test_what_pays_is_beaten_by_nothing() -> None:
    """The cheaper of two that are as good, and the cheapest."""
    choices = matrix_of(standing(RIGHT, COST)).choices
    assert [(*each.combination.values(), each.pays) for each in choices] == [
        ("a", "x", False),
        ("a", "y", False),
        ("b", "x", True),
        ("b", "y", True),
    ]
    assert [each.cost_usd for each in choices] == [41.0, 51.25, 20.5, 10.25]
    assert [each.reached[0].value for each in choices] == [1, 0.5, 1, 0.5]


def test_an_unknown_price_is_not_cheap_and_no_number_is_not_good() -> None:
    """Nobody knows that they pay."""
    whole = standing(RIGHT, COST)
    metrics = tuple(
        each
        for each in whole.metrics
        if each.combination["model"] == "b" or each.definition == ACCURACY
    )
    known = Standing(
        *("labels", "run", "plan", False, 1, (), {}, {}, whole.images), metrics=metrics
    )
    assert [each.pays for each in matrix_of(known).choices] == [False, False, True, True]


def test_an_axis_is_judged_over_all_else() -> None:
    """Image by image: a price that differs as much between the combinations of the other axis is seen."""
    effects = matrix_of(standing(RIGHT, COST)).effects
    assert [(e.axis, e.before, e.now, e.pairs) for e in effects] == [
        ("model", "a", "b", 2),
        ("how", "x", "y", 2),
    ]
    model, how = effects
    assert (model.checks[0].finding, how.checks[0].finding) == ("not enough evidence", "worse")
    found = {each.name: each for each in how.metrics}
    assert (found["accuracy"].before, found["accuracy"].now) == (1.0, 0.5)
    assert found["accuracy"].finding == "worse"
    assert (found["cost"].before, found["cost"].now) == (1230.0, 1230.0)
    (cost,) = (each for each in model.metrics if each.name == "cost")
    assert cost.high is not None
    assert cost.high < -800


def test_two_checks_of_one_thing_are_one_effect() -> None:
    """They have another limit, and the same votes and numbers."""
    whole = standing(RIGHT, COST)
    twice = replace(
        whole,
        checks=(*whole.checks, *(replace(each, name="right, too") for each in whole.checks)),
        metrics=(*whole.metrics, *(replace(each, name=f"{each.name} 2") for each in whole.metrics)),
    )
    assert matrix_of(twice).effects == matrix_of(whole).effects != ()


def test_a_run_without_a_matrix_has_nothing_to_choose() -> None:
    """No combination, no effect."""
    plain = Standing("labels", "run", "plan", False, 1, (), {}, {}, {})
    assert (matrix_of(plain).choices, matrix_of(plain).effects) == ((), ())
