"""Two standings become differences: pure, image by image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from runner.baseline import read_at
from runner.checks.metrics.gathered import MOST_LABELS, Summed
from runner.measures.sums import macro_f1
from runner.report.baseline_json import NoBaseline, baseline_json, read_baseline
from runner.report.difference_words import metric_told, word_diff
from runner.stages.compare import compare
from runner.stages.metrics_compared import Margin, compared_metrics, value_of
from runner.values.measured import Better
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

    few = [str(n) for n in range(3)]
    assert compared_metrics(cost(1.0), cost(1.0), few, Margin(0.2, relative=True)).needed == 6
    cases = [str(n) for n in range(20)]
    one = replace(cost(1.0), parts=cost(1.0).parts | {"0": ({"": (1.1,)},)})
    found = compared_metrics(cost(1.0), one, cases, Margin(0.2, relative=True))
    assert found.high is not None
    assert found.high < 1
    dearer = compared_metrics(cost(1.0), cost(1.5), cases, Margin(0.2, relative=True))
    cheaper = compared_metrics(cost(1.5), cost(1.0), cases, Margin(0.2, relative=True))
    assert (dearer.finding, cheaper.finding) == ("worse", "not worse")
    assert dearer.margin == pytest.approx(0.2 * (20 + 0.19))


def test_a_sum_that_stays_while_its_images_move_may_be_chance() -> None:
    """Half of them took 500 tokens less and half of them 500 more: nobody knows of others."""

    def tokens(each: Sequence[float]) -> MetricStanding:
        parts = {str(n): ({"": (used,)},) for n, used in enumerate(each)}
        return MetricStanding("tokens", {"metric": "tokens"}, {}, "less", "tokens", None, parts)

    cases = [str(n) for n in range(20)]
    before, margin = tokens([1000.0] * 20), Margin(0.0, relative=True)
    found = compared_metrics(before, tokens([500.0, 1500.0] * 10), cases, margin)
    assert (found.finding, found.change) == ("not enough evidence", 0.0)
    assert found.low is not None
    assert found.low < -1000
    same = compared_metrics(before, tokens([1000.0] * 20), cases, margin)
    assert (same.finding, same.low, same.high) == ("not worse", 0.0, 0.0)


@pytest.mark.parametrize(("better", "finding"), [("more", "worse"), ("less", "not worse")])
def test_of_a_mean_the_limit_says_which_way_is_worse(better: Better, finding: str) -> None:
    """`max_drop` or `max_rise`, as a share of what it was."""

    def mean(value: float) -> MetricStanding:
        parts = {str(n): ({"": (value + n, 1.0)},) for n in range(20)}
        of = {"metric": "mean", "of": "find.boxes.count"}
        return MetricStanding("things", of, {}, better, "", None, parts)

    margin = Margin(0.1, relative=True)
    found = compared_metrics(mean(30), mean(20), [str(n) for n in range(20)], margin)
    assert (found.finding, found.goal, found.margin) == (finding, better, pytest.approx(3.95))
    assert (len(found.worse), len(found.better)) == ((20, 0) if better == "more" else (0, 20))


def test_of_what_has_no_direction_nothing_is_better_or_worse() -> None:
    """A mean that must lie between two limits may change."""
    before, now = (replace(metric([value] * 20), better=None) for value in (1, 0))
    found = compared_metrics(before, now, [str(n) for n in range(20)])
    assert (found.finding, found.goal, found.needed) == (None, None, None)
    assert (found.change, found.worse, found.better) == (-1, (), ())
    assert metric_told(found).startswith("1 → 0 (−1, 95% interval −1 to −")


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


VOTES = {
    ((3, 0), (0, 3)): ("worse", ("right",)),
    ((0, 3), (3, 0)): ("better", ("right",)),
    ((3, 0), (1, 2)): ("flaky", ("right",)),
    ((1, 2), (0, 3)): ("flaky", ("right",)),
    ((2, 1), (2, 1)): ("flaky", ("right",)),
    ((3, 0), (3, 0)): ("same", ()),
}


@pytest.mark.parametrize("votes", VOTES)
def test_a_case_whose_repeats_do_not_agree_is_flaky_and_not_worse(
    votes: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    """In either run."""
    sides = [CheckStanding("right", {"that": "a"}, {}, {"0": Votes(*each)}) for each in votes]
    runs = [standing([1], checks=(each,), metrics=(), repeat=3) for each in sides]
    (case,) = compare(*runs).cases
    assert (case.turn, case.why) == VOTES[votes]


VALUES = {
    ((1, 1), (0, 0)): ("worse", "accuracy"),
    ((0, 0), (1, 1)): ("better", "accuracy"),
    ((1, 1), (0, 1)): ("flaky", "accuracy"),
    ((0, 1), (0, 0)): ("flaky", "accuracy"),
    ((1, 1), (1, 1)): ("same", ""),
}


@pytest.mark.parametrize("values", VALUES)
def test_a_metric_says_worse_only_where_the_repeats_lie_apart(
    values: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    """All of now below all of before."""
    sides = [
        replace(metric([1]), parts={"0": tuple({"": (float(each), 1.0)} for each in side)})
        for side in values
    ]
    runs = [standing([1], checks=(), metrics=(each,), repeat=2) for each in sides]
    (case,) = compare(*runs).cases
    assert (case.turn, "".join(case.why)) == VALUES[values]


def test_an_image_that_lies_there_twice_counts_once() -> None:
    """Its copies share one answer."""
    images = {str(n): (f"sha{n // 2}",) for n in range(12)}
    runs = [standing([right] * 12, images=images) for right in (1, 0)]
    found = compare(*runs)
    assert (found.pairs, found.checks[0].pairs, len(found.twins)) == (12, 6, 6)
    assert [each.turn for each in found.cases] == ["worse"] * 12


def test_of_an_image_that_lies_there_twice_the_judged_one_counts() -> None:
    """Only one of two names may have a truth; each check and metric looks for its own."""
    images = {str(n): (f"sha{n // 2}",) for n in range(12)}

    def judged(right: int) -> Standing:
        odd = {str(n) for n in range(1, 12, 2)}
        whole = standing([right] * 12, images=images)
        votes = {n: Votes() if n in odd else each for n, each in whole.checks[0].votes.items()}
        parts = {n: each if n in odd else (None,) for n, each in whole.metrics[0].parts.items()}
        return replace(
            whole,
            checks=(replace(whole.checks[0], votes=votes),),
            metrics=(replace(whole.metrics[0], parts=parts),),
        )

    found = compare(judged(1), judged(0), {("accuracy", "{}"): Margin(0.1)})
    assert found.checks[0].broken == ("0", "2", "4", "6", "8", "10")
    assert found.metrics[0].worse == ("1", "3", "5", "7", "9", "11")
    assert (found.checks[0].finding, found.metrics[0].finding) == ("worse", "worse")
    assert [each.turn for each in found.cases] == ["worse"] * 12
    bare = [replace(judged(right), checks=()) for right in (1, 0)]
    assert [each.turn for each in compare(*bare).cases] == ["worse"] * 12


def test_the_same_questions_with_the_same_answers_are_not_worse() -> None:
    """Also when there are fewer images than before, so that it is another plan."""
    found = compare(standing([1] * 8), standing([1] * 7, plan="b"))
    assert {each.finding for each in (*found.checks, *found.metrics)} == {"not worse"}
    found = compare(standing([1] * 8), standing([1] * 8, plan="b", settings={"a": 2}))
    assert {each.finding for each in (*found.checks, *found.metrics)} == {"not enough evidence"}


def test_what_only_one_run_judges_is_told() -> None:
    """And not compared."""
    found = compare(standing([1] * 8), standing([1] * 8, checks=()))
    assert [(each.name, each.finding, each.why) for each in found.checks] == [
        ("right", "not comparable", "only the run before has it")
    ]


def test_a_metric_that_is_defined_for_no_image_is_not_compared() -> None:
    """The share of nothing is no number."""
    none = replace(metric([1]), parts={"0": ({"": (0.0, 0.0)},)})
    assert (
        compared_metrics(none, none, ["0"]).why == "it is not defined for the images that both have"
    )
    empty = replace(metric([1]), parts={"0": ({},)})
    assert compared_metrics(empty, empty, ["0"]).finding == "not comparable"


MEAN_IOU = {"metric": "mean_iou", "of": "find.boxes", "against": "truth.t"}
PRECISION = MEAN_IOU | {"metric": "precision"}
CONFIDENCE = {"metric": "mean", "of": "find.boxes.score"}


@pytest.mark.parametrize(
    ("definition", "was", "is_now", "images", "better", "finding"),
    [
        (MEAN_IOU, {"cup": (0.92, 1.0)}, {}, 20, "more", "worse"),
        (MEAN_IOU, {"cup": (0.92, 1.0)}, {}, 5, "more", "not enough evidence"),
        (PRECISION, {"cup": (9.0, 1.0, 0.0)}, {"cup": (0.0, 0.0, 9.0)}, 20, "more", "worse"),
        (PRECISION, {"cup": (0.0, 1.0, 0.0)}, {}, 20, "more", "not comparable"),
        (CONFIDENCE, {"": (0.9, 1.0)}, {"": (0.0, 0.0)}, 20, "more", "worse"),
        (CONFIDENCE, {"": (0.9, 1.0)}, {"": (0.0, 0.0)}, 20, "less", "not comparable"),
        (MEAN_IOU, {}, {"cup": (0.92, 1.0)}, 20, "more", "not comparable"),
    ],
)
def test_a_metric_that_is_not_defined_any_more_is_worse(
    definition: Mapping[str, object],
    was: Mapping[str, tuple[float, ...]],
    is_now: Mapping[str, tuple[float, ...]],
    images: int,
    better: Better,
    finding: str,
) -> None:
    """A total collapse; unless it could not be worse before, or less is better."""
    cases = [str(n) for n in range(images)]
    sides = [
        MetricStanding("m", definition, {}, better, "", None, dict.fromkeys(cases, (parts,)))
        for parts in (was, is_now)
    ]
    found = compared_metrics(*sides, cases, Margin(0.02))  # type: ignore[misc]
    assert found.finding == finding
    if finding == "worse":
        assert found.worse == tuple(cases)
        assert metric_told(found) == (
            f"worse: {found.before:.4g} → not defined any more over 20 images; it may drop by 0.02"
        )


def test_however_many_things_are_found_they_are_ranked_for_an_interval() -> None:
    """mAP of 25,000 things that falls from 1 to less than half is worse."""

    def ranked_things(hits: float) -> MetricStanding:
        parts = {"cup": (100.0, *(1.0, hits) * 100)}
        cases = dict.fromkeys(map(str, range(250)), (parts,))
        return MetricStanding("mAP", MEAN_IOU | {"metric": "mAP"}, {}, "more", "", None, cases)

    cases = [str(n) for n in range(250)]
    found = compared_metrics(ranked_things(1023.0), ranked_things(7.0), cases, Margin(0.05))
    assert (found.finding, found.before, found.now) == ("worse", 1.0, pytest.approx(0.3))


def test_a_baseline_is_read_as_it_was_written() -> None:
    """And written as it was read."""
    whole = standing([1, 0, 1])
    assert read_baseline(baseline_json(whole)) == whole
    text = baseline_json(replace(whole, metrics=(replace(metric([1, 0, 1]), value=1.0),)))
    assert baseline_json(read_baseline(text)) == text


@pytest.mark.parametrize("classes", [1500, 3500])
def test_of_more_than_a_thousand_classes_the_order_of_cases_does_not_matter(
    classes: int, tmp_path: Path
) -> None:
    """Which of them count as one is the same in the run and in the file, which is in another order."""
    chance = Random(classes)
    parts: dict[str, tuple[Mapping[str, tuple[float, ...]]]] = {}
    for case in chance.sample(range(classes), classes):
        right, other = f"{case:05}", f"{chance.randrange(classes):05}"
        missed = {other: (0.0, 1.0, 0.0)} | {right: (0.0, 0.0, 1.0)}
        parts[right] = ({right: (1.0, 0.0, 0.0)} if chance.random() < 0.5 else missed,)
    gathered = Summed(macro_f1, 1, by_label_first=True)
    for image, (added,) in enumerate(parts.values()):
        gathered.put(added, image % 1000, 0)
    value = gathered.value()
    assert value is not None
    assert len(list(gathered.by_label())) == MOST_LABELS + 1
    assert gathered.sampled(1000).at(np.ones((1, 1000, 1))) == pytest.approx([value], abs=1e-12)
    definition = ACCURACY | {"metric": "macro_f1"}
    metric = MetricStanding("macro_f1", definition, {}, "more", "", value, parts)
    file = tmp_path / "classes.baseline.json"
    images = {case: (f"sha{case}",) for case in sorted(parts)}
    whole = standing([], images=images, metrics=(metric,), checks=())
    file.write_text(baseline_json(whole), encoding="utf-8")
    accepted = read_at(file)
    assert accepted is not None
    assert value_of(accepted.metrics[0], 1) == pytest.approx(value, abs=1e-12)


def conflict(text: str) -> str:
    return f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> theirs\n"


MENDED = "restore it from git, or delete it and make it anew with `askpix accept RUN`"
BROKEN: Mapping[str, tuple[Callable[[str], str], str]] = {
    "cut off": (
        lambda text: text[:99],
        f"it is no JSON (Unterminated string starting at: line 7 column 3 (char 98)); {MENDED}",
    ),
    "another thing": (
        lambda _: "[]",
        f"it is no baseline: must be an object, found a list of 0; {MENDED}",
    ),
    "newer": (
        lambda text: text.replace('"baseline": 1', '"baseline": 2'),
        "it is of version 2, and this askpix reads 1; update askpix",
    ),
    "merged": (
        conflict,
        "git has left the marks of a merge conflict in it (<<<<<<<); keep one side of it whole, or"
        " delete it and make it anew with `askpix accept RUN`",
    ),
    "a part gone": (
        lambda text: text.replace('"tokens": 0,', ""),
        f"it is no baseline: `tokens` is missing; {MENDED}",
    ),
    "an outcome by hand": (
        lambda text: text.replace('"held"', '"failed"', 1),
        "it was changed by hand: of `right` it says 2 hold and 1 fail, and its cases say otherwise;"
        f" {MENDED}",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_baseline_that_cannot_be_read_says_why_and_what_to_do(how: str) -> None:
    """Nothing is guessed."""
    damage, told = BROKEN[how]
    with pytest.raises(NoBaseline) as found:
        read_baseline(damage(baseline_json(standing([1, 0, 1]))))
    assert str(found.value) == told


def test_a_baseline_is_a_file_for_people_and_git() -> None:
    """A line for each thing that changes by itself; a prompt of several lines is several lines."""
    settings = {"steps.look.prompt": "One.\nTwo.", "steps.look.model": "gemini-3.5-flash"}
    votes = {"0": Votes(3, 0), "1": Votes(2, 1), "2": Votes(0, 0)}
    twice = ({"": (1.0, 1.0)}, None, {"cat": (0.5, 1.0), "ant": (0.25, 1.0)})
    found = standing(
        [1, 0, 1],
        settings=settings,
        repeat=3,
        files={"truth boxes.csv": "sha"},
        checks=(CheckStanding("right", {"that": "look.label"}, {"model": "a"}, votes),),
        metrics=(
            replace(metric([1]), value=0.9, low=0.8, high=1.0, spread=0.01, parts={"0": twice}),
        ),
    )
    assert baseline_json(found) == BASELINE
    kept = replace(found.checks[0], votes={"0": Votes(3, 0), "1": Votes(2, 1)})
    assert read_baseline(BASELINE) == replace(found, checks=(kept,))


BASELINE = """\
{
  "baseline": 1,
  "workflow": "labels",
  "run": "run",
  "plan": "a",
  "simulated": false,
  "partial": [],
  "repeat": 3,
  "models": ["gemini-3.5-flash"],
  "cost_usd": null,
  "tokens": 0,
  "settings": {
    "steps.look.prompt": [
      "One.",
      "Two."
    ],
    "steps.look.model": "gemini-3.5-flash"
  },
  "files": {
    "truth boxes.csv": "sha"
  },
  "checks": [
    {"name": "right", "combination": {"model": "a"}, "holds": 2, "fails": 0, "definition": {"that": "look.label"}}
  ],
  "metrics": [
    {"name": "accuracy", "value": 0.9, "low": 0.8, "high": 1, "spread": 0.01, "better": "more", "unit": "", "own": true, "definition": {"metric": "accuracy", "of": "look.label", "against": "row.label"}}
  ],
  "cases": {
    "0": {
      "images": ["sha0"],
      "checks": {"right (model a)": "held 3 of 3"},
      "metrics": {"accuracy": [{"": [1, 1]}, null, {"ant": [0.25, 1], "cat": [0.5, 1]}]}
    },
    "1": {
      "images": ["sha1"],
      "checks": {"right (model a)": "held 2 of 3"},
      "metrics": {"accuracy": null}
    },
    "2": {
      "images": ["sha2"],
      "checks": {"right (model a)": null},
      "metrics": {"accuracy": null}
    }
  }
}
"""


def test_more_than_a_thousand_images_are_compared_in_groups() -> None:
    """The value is that of all of them."""
    lost = [0] * 300 + [1] * 2200
    cases = [str(n) for n in range(2500)]
    found = compared_metrics(metric([1] * 2500), metric(lost), cases, Margin(0.02))
    assert (found.finding, found.pairs, found.now) == ("worse", 2500, pytest.approx(0.88))


def test_a_margin_belongs_to_what_is_looked_at() -> None:
    """And not to a name."""
    margins = {("accuracy", "{}"): Margin(0.1)}
    found = compare(standing([1] * 20), standing([0] * 20), margins)
    assert found.is_worse
    assert found.metrics[0].margin == 0.1


def test_the_words_of_a_prompt_that_changed_are_shown() -> None:
    """With a few words around them."""
    before = "Find every coin on the table and say which of them are made of silver, please."
    now = before.replace("silver", "pure gold")
    assert word_diff(before, now) == ("… them are made of [-silver,-] {+pure gold,+} please.")
