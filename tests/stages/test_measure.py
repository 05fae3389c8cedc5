"""Metrics are measured in one pass, for each combination, with what was not judged and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from scipy.stats import binomtest

from runner.roles import CaseResults
from runner.stages.measure import GROUPS, Meters
from runner.values.geometry import Box, Size
from runner.values.measured import Contribution, Measured, MeasuredAnswer, NotJudged
from runner.values.problem import Place
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage, Status
from runner.values.truth import Things
from runner.values.verdict import Verdict
from runner.workflow.spec import MetricSpec

PLACE = Place("a.workflow.yaml", 9, 5)
SIDES = {"of": Reference.parse("look.answer"), "against": Reference.parse("row.label")}


def spec(
    metric: str = "accuracy", options: Mapping[str, object] = SIDES, **more: Any
) -> MetricSpec:
    return MetricSpec(more.pop("name", metric), metric, options, PLACE, **more)


def case(
    name: str,
    answer: object,
    label: object = "cat",
    repeat: int = 1,
    combination: Mapping[str, object] | None = None,
    status: Status = "ok",
    **more: Any,
) -> CaseResults:
    of = combination or {}
    result = Result(0, name, "look", of, repeat, (), status, answer, **more)
    return CaseResults(name, repeat, of, {"look": result}, {"label": label}, {})


def verdicts(
    specs: list[MetricSpec], cases: list[CaseResults], repeats: int = 1, **more: Any
) -> tuple[Verdict, ...]:
    meters = Meters(specs, repeats, **more)
    for each in cases:
        meters.add(each)
    return meters.verdicts()


def one(spec: MetricSpec, cases: list[CaseResults], repeats: int = 1) -> tuple[Verdict, Measured]:
    (verdict,) = verdicts([spec], cases, repeats)
    assert verdict.measured
    return verdict, verdict.measured


def test_a_share_of_cases_has_wilsons_interval() -> None:
    """19 of 20 is only known to lie between 0.76 and 0.99."""
    cases = [case(str(n), "cat" if n else "dog") for n in range(20)]
    verdict, measured = one(spec(at_least=0.9), cases)
    right = binomtest(19, 20).proportion_ci(method="wilson")
    assert (measured.value, measured.method) == (0.95, "wilson")
    assert (measured.low, measured.high) == pytest.approx((right.low, right.high))
    assert (verdict.outcome, verdict.why) == (
        "passed",
        "0.95 (95% interval 0.7639 to 0.9911); 20 answers",
    )
    assert measured.confusion == {"cat": {"dog": 1, "cat": 19}}


def test_what_is_not_good_enough_fails_or_warns() -> None:
    """With the limit that it misses."""
    cases = [case(str(n), "cat" if n else "dog") for n in range(4)]
    failed, _ = one(spec(at_least=0.9), cases)
    assert failed.outcome == "failed"
    assert failed.why == "0.75 (95% interval 0.3006 to 0.9544), at least 0.9 needed; 4 answers"
    warned, _ = one(spec(at_most=0.5, level="warning"), cases)
    assert (warned.outcome, warned.place) == ("warned", PLACE)
    assert "at most 0.5 allowed" in warned.why


def test_without_a_baseline_a_drop_is_not_judged() -> None:
    """It fails nothing."""
    verdict, _ = one(spec(max_drop=0.01), [case("a", "cat")])
    assert verdict.outcome == "skipped"
    both, _ = one(spec(max_rise=0.2, at_least=0.5), [case("a", "cat")])
    assert both.outcome == "passed"


def test_nothing_is_left_out_in_silence() -> None:
    """What counts as wrong, and what is not judged, is counted and told."""
    cases = [
        case("a", "cat"),
        case("b", None, status="refused"),
        case("c", "cat", label="x", status="not_run"),
        case("d", "cat"),
    ]
    verdict, measured = one(spec(at_least=0.9), cases)
    assert (measured.judged, measured.lacking) == (3, 1)
    assert measured.not_judged == {"its step did not run": 1}
    assert verdict.why == (
        "0.6667 (95% interval 0.2077 to 0.9385), at least 0.9 needed; 3 answers; 1 without a usable "
        "answer counted as wrong; 1 not judged: its step did not run"
    )
    assert measured.confusion == {"cat": {"cat": 2, "(no answer)": 1}}


def test_nothing_to_judge_is_neither_good_nor_bad() -> None:
    """A combination without a case gets a verdict, too."""
    meters = Meters([spec(at_least=0.9)])
    meters.seat([{"model": "a"}, {"model": "b"}])
    meters.add(case("a", "cat", combination={"model": "a"}))
    first, second = meters.verdicts()
    assert (first.outcome, second.outcome) == ("passed", "skipped")
    assert second.why == "nothing to judge; 0 answers"
    assert second.combination == {"model": "b"}


def found(name: str, label: str | None, there: int = 2) -> CaseResults:
    """A thing beside all those that are there; None: nothing is found."""
    images = (ResultImage("a.png", "image", "a.png", Size(200, 200), 1, None),)
    answer = (Detection("boxes[0]", label, Box(90, 90, 99, 99)),) if label else ()
    truth = [Detection("", "cat", Box(20 * n, 0, 20 * n + 18, 30)) for n in range(there)]
    result = Result(0, name, "find", {}, 1, images, "ok" if answer else "empty", None, answer)
    return CaseResults(name, 1, {}, {"find": result}, {}, {}, {"t": Things(tuple(truth))})


BOXES = {"of": Reference.parse("find.boxes"), "against": Reference.parse("truth.t")}


@pytest.mark.parametrize(("metric", "label"), [("mean_iou", "cat"), ("precision", None)])
def test_a_metric_that_is_not_defined_fails_when_things_are_there(
    metric: str, label: str | None
) -> None:
    """A total collapse is not nothing to judge: over the run, of every image, of every label."""
    cases = [found("a", label), found("b", label), found("c", label, there=0)]
    verdict, measured = one(spec(metric, BOXES, at_least=0.75), cases)
    assert (measured.value, verdict.outcome) == (None, "failed")
    assert verdict.why == (
        "none of the 4 things of the truth was matched; 3 answers; it is not defined for them"
    )
    verdict, _ = one(spec(metric, BOXES, at_least=0.75, level="warning", per="image"), cases)
    assert (verdict.outcome, verdict.judged, verdict.passed) == ("warned", 2, 0)
    assert [each.case for each in verdict.cases] == ["a", "b"]
    assert verdict.cases[0].why == "none of the 2 things of the truth was matched"
    verdict, _ = one(spec(metric, BOXES, at_least=0.75, per="label"), cases)
    assert [(each.case, each.why) for each in verdict.cases] == [
        ("cat", "nothing of it in the truth was matched")
    ]


def test_nothing_found_where_nothing_is_there_is_nothing_to_judge() -> None:
    """Nor is what nobody has set a limit for."""
    for metric in ("mean_iou", "precision", "recall", "f1", "mAP"):
        verdict, _ = one(spec(metric, BOXES, at_least=0.75), [found("a", None, there=0)])
        assert (verdict.outcome, verdict.why) == (
            "skipped", "nothing to judge; 1 answer; it is not defined for them"
        )  # fmt: skip
    verdict, _ = one(spec("mean_iou", BOXES, max_drop=0.1), [found("a", "cat", there=1)])
    assert verdict.outcome == "skipped"
    assert verdict.why.startswith("the only thing of the truth was not matched; 1 answer;")


def test_a_metric_may_be_about_some_combinations_only() -> None:
    """`only` chooses them."""
    cases = [case("a", "cat", combination={"model": model}) for model in "ab"]
    (verdict,) = verdicts([spec(at_least=0.9, only={"model": "b"})], cases)
    assert verdict.combination == {"model": "b"}


def test_with_repeats_the_spread_is_told() -> None:
    """The metric of everything, and of each repeat by itself."""
    cases = [
        case(name, "cat" if right else "dog", repeat=repeat)
        for name, rights in (("a", (1, 1, 1)), ("b", (1, 0, 1)), ("c", (0, 0, 1)))
        for repeat, right in enumerate(rights, 1)
    ]
    verdict, measured = one(spec(at_least=0.5), cases, repeats=3)
    assert measured.value == pytest.approx(6 / 9)
    assert measured.repeats == pytest.approx((2 / 3, 1 / 3, 1.0))
    assert measured.spread == pytest.approx(1 / 3)
    assert measured.method == "bootstrap"
    assert "±0.3333 over 3 repeats; 9 answers" in verdict.why


def test_every_label_must_hold() -> None:
    """`per: label`: those that do not are named."""
    cases = [case("a", "cat"), case("b", "cat", "dog"), case("c", "Dog", "dog"), case("d", "cat")]
    verdict, measured = one(spec(at_least=0.6, per="label"), cases)
    assert {each.label: each.value for each in measured.labels} == {"cat": 1.0, "dog": 0.5}
    assert (verdict.outcome, verdict.judged, verdict.passed) == ("failed", 2, 1)
    assert [(each.case, each.why) for each in verdict.cases] == [
        ("dog", "accuracy is 0.5, at least 0.6 needed")
    ]
    assert "1 of 2 labels fail" in verdict.why


def test_every_image_must_hold() -> None:
    """`per: image`: the mean of its repeats."""
    options = {"of": SIDES["of"]}
    cases = [case("a", 1, repeat=1), case("a", 3, repeat=2), case("b", 5), case("b", 6, repeat=2)]
    verdict, measured = one(spec("mean", options, at_most=4, per="image"), cases, repeats=2)
    assert measured.value == 3.75
    assert (verdict.outcome, verdict.judged, verdict.passed) == ("failed", 2, 1)
    assert [(each.case, each.why) for each in verdict.cases] == [
        ("b", "mean is 5.5, at most 4 allowed")
    ]


def test_what_the_whole_run_took_is_that_of_all_repeats() -> None:
    """Dollars and tokens; what a model would have cost counts, too."""
    used = {"usage": {"input_tokens": 10, "output_tokens": 2}, "cost_usd": 0.25}
    cases = [case(name, "cat", repeat=repeat, **used) for name in "ab" for repeat in (1, 2)]
    cost, tokens = verdicts(
        [spec("cost_usd", {}, at_most=2), spec("tokens", {}, at_most=9)], cases, 2
    )
    assert (cost.reached, cost.why) == (1.0, "$1.00; 4 answers")
    assert (tokens.outcome, tokens.why) == (
        "failed", "48 tokens, at most 9 tokens allowed; 4 answers"
    )  # fmt: skip


def test_the_slowest_five_of_a_hundred_do_not_count() -> None:
    """What came from the cache took no time and is not judged."""
    timed = [
        CaseResults(**{**fields(case(str(n), "cat")), "seconds": {"look": float(n)}})
        for n in range(1, 101)
    ]
    verdict, measured = one(spec("seconds_p95", {}, at_most=99), [*timed, case("x", "cat")])
    assert measured.value == 95.0
    assert measured.not_judged == {"nothing was sent for it": 1}
    assert verdict.outcome == "passed"


def fields(case: CaseResults) -> dict[str, Any]:
    return {name: getattr(case, name) for name in CaseResults.__dataclass_fields__}


def test_repeats_are_compared_when_all_of_a_case_were_heard() -> None:
    """Stability is one number a case."""
    cases = [case(name, text, repeat=n) for name, text in (("a", "x"), ("b", "y")) for n in (1, 2)]
    _, measured = one(spec("stability", {"of": SIDES["of"]}, at_least=0.9), cases, repeats=2)
    assert (measured.value, measured.judged) == (1.0, 2)


def test_what_every_answer_added_is_given_away() -> None:
    """So that two runs can be compared image by image."""
    kept: list[MeasuredAnswer] = []
    cases = [case("a", "cat"), case("b", None, status="skipped")]
    verdicts([spec(at_least=0.9)], cases, keep=kept.append)
    assert [(each.check, each.case, each.repeat, each.added) for each in kept] == [
        ("accuracy", "a", 1, Contribution({"cat": (1.0, 1.0)}, ("cat", "cat"))),
        ("accuracy", "b", 1, NotJudged("its step did not run")),
    ]


def test_many_images_are_held_in_groups() -> None:
    """What is held does not grow with the images, and the interval is as if each were drawn alone,
    also where what is right returns at regular distances."""
    meters = Meters([spec("mean", {"of": SIDES["of"]}, at_least=0)])
    for number in range(3 * GROUPS):
        meters.add(case(str(number), number % 2))
    (seat,) = meters._meters[0].seats.values()
    (verdict,) = meters.verdicts()
    assert len(seat.gathered.sums) == GROUPS  # type: ignore[attr-defined]
    assert verdict.measured
    assert verdict.measured.value == 0.5
    half = 1.96 * 0.5 / (3 * GROUPS) ** 0.5
    assert verdict.measured.low == pytest.approx(0.5 - half, abs=0.003)


def test_a_number_of_nought_says_that_no_label_occurs() -> None:
    """It is the words that differ, perhaps not the answers."""
    verdict, measured = one(spec(at_least=0.5), [case("a", "a cat"), case("b", "kitten")])
    sentence = (
        'no label of the truth ever occurs in the answers: the truth has "cat", the answers have'
        ' "a cat" and "kitten"'
    )
    assert (
        verdict.why == f"0 (95% interval 0 to 0.6576), at least 0.5 needed; 2 answers; {sentence}"
    )
    assert measured.notes == {sentence: 2}
