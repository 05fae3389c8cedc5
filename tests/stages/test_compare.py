"""Two standings become differences: pure, image by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from runner.report.baseline_json import NoBaseline, baseline_json, read_baseline
from runner.report.difference_words import word_diff
from runner.stages.compare import Margin, compare, compared_checks, compared_metrics, key_of
from runner.values.standing import CheckStanding, MetricStanding, Standing, Votes

ACCURACY = {"metric": "accuracy", "of": "look.label", "against": "row.label"}


def metric(right: Sequence[int], definition: Mapping[str, object] = ACCURACY) -> MetricStanding:
    parts = {str(n): ({"": (float(each), 1.0)},) for n, each in enumerate(right)}
    return MetricStanding("accuracy", definition, {}, "more", "", None, parts)


def check(held: Sequence[int]) -> CheckStanding:
    votes = {str(n): Votes(each, 1 - each) for n, each in enumerate(held)}
    return CheckStanding("right", {"that": "look.label"}, {}, votes)


def standing(right: Sequence[int], plan: str = "a", **about: object) -> Standing:
    images = {str(n): (f"sha{n}",) for n in range(len(right))}
    plain = ("labels", "run", plan, False, 1, ("gemini-3.5-flash",), {"a": 1}, {}, images)
    found = Standing(*plain, checks=(check(right),), metrics=(metric(right),))
    return replace(found, **about)  # type: ignore[arg-type]


LOSSES = {
    (40, 0, 0.0, True): "not worse",
    (40, 0, 0.05, False): "not enough evidence",
    (100, 0, 0.05, False): "not worse",
    (40, 15, 0.05, False): "worse",
    (40, 15, 0.9, False): "not worse",
    (40, 3, 0.05, False): "not enough evidence",
    (5, 5, 0.0, False): "not enough evidence",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_metric_is_judged_by_its_margin(loss: tuple[int, int, float, bool]) -> None:
    """Of so many images so many are lost; the same questions with the same answers are the same."""
    images, lost, margin, is_same = loss
    before, now = metric([1] * images), metric([0] * lost + [1] * (images - lost))
    cases = [str(n) for n in range(images)]
    found = compared_metrics(before, now, cases, Margin(margin), is_same=is_same)
    assert found.finding == LOSSES[loss]
    assert found.worse == tuple(cases[:lost])
    assert (found.before, found.now) == (1.0, pytest.approx(1 - lost / images))


def test_less_is_better_where_it_is() -> None:
    """A cost that rises by more than its share of what it was is worse; one that falls is not."""

    def cost(dollars: float) -> MetricStanding:
        parts = {str(n): ({"": (dollars + n / 1000,)},) for n in range(20)}
        return MetricStanding("cost", {"metric": "cost_usd"}, {}, "less", "USD", None, parts)

    cases = [str(n) for n in range(20)]
    dearer = compared_metrics(cost(1.0), cost(1.5), cases, Margin(0.2, relative=True))
    cheaper = compared_metrics(cost(1.5), cost(1.0), cases, Margin(0.2, relative=True))
    assert (dearer.finding, cheaper.finding) == ("worse", "not worse")
    assert dearer.margin == pytest.approx(0.2 * (20 + 0.19))


def test_only_images_that_both_have_are_compared() -> None:
    """Under the same name, with the same content."""
    before, now = standing([1] * 8), standing([1] * 8)
    changed = standing([1] * 9, images={**now.images, "0": ("other",), "8": ("new",)})
    found = compare(before, changed)
    assert (found.pairs, found.other_images, found.only_now) == (7, ("0",), ("8",))
    assert {each.pairs for each in (*found.checks, *found.metrics)} == {7}


def test_what_looks_at_something_else_is_not_compared() -> None:
    """A new overlap is a new metric; a new name is the same one."""
    renamed = metric([1] * 8)
    found = compare(standing([1] * 8), standing([1] * 8, metrics=(renamed,)))
    assert found.metrics[0].finding == "not worse"
    other = metric([1] * 8, {**ACCURACY, "of": "look.name"})
    found = compare(standing([1] * 8), standing([1] * 8, metrics=(other,)))
    assert found.metrics[0].finding == "not comparable"


def test_a_flaky_case_is_named() -> None:
    """Its repeats do not agree."""
    before = CheckStanding("right", {}, {}, {"a": Votes(3, 0)})
    now = CheckStanding("right", {}, {}, {"a": Votes(2, 1)})
    assert compared_checks(before, now, ["a"]).flaky == ("a",)


def test_a_baseline_is_read_as_it_was_written() -> None:
    """And written as it was read."""
    whole = standing([1, 0, 1])
    assert read_baseline(baseline_json(whole)) == whole
    for text in ("", "{}", "[]", '{"baseline": 2}', '{"baseline": 1}'):
        with pytest.raises(NoBaseline):
            read_baseline(text)


def test_more_than_a_thousand_images_are_compared_in_groups() -> None:
    """The value is that of all of them."""
    lost = [0] * 300 + [1] * 2200
    cases = [str(n) for n in range(2500)]
    found = compared_metrics(metric([1] * 2500), metric(lost), cases, Margin(0.02))
    assert (found.finding, found.pairs, found.now) == ("worse", 2500, pytest.approx(0.88))


def test_a_margin_belongs_to_what_is_looked_at() -> None:
    """And not to a name."""
    margins = {key_of(ACCURACY, {}): Margin(0.1)}
    found = compare(standing([1] * 20), standing([0] * 20), margins)
    assert found.is_worse
    assert found.metrics[0].margin == 0.1


def test_the_words_of_a_prompt_that_changed_are_shown() -> None:
    """With a few words around them."""
    before = "Find every coin on the table and say which of them are made of silver, please."
    now = before.replace("silver", "pure gold")
    assert word_diff(before, now) == ("… them are made of [-silver,-] {+pure gold,+} please.")
