"""A check says whether a value holds, and if not, what was found and what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from runner.checks import CHECKS
from runner.checks.cells import with_decimal_commas
from runner.checks.compare import pattern_mistake
from runner.checks.that import That
from runner.roles import CaseResults
from runner.values.geometry import Box
from runner.values.reference import Reference
from runner.values.result import Detection, Result, Status
from runner.values.verdict import CaseVerdict, Verdict

ANSWER: dict[str, object] = {
    "number": 12,
    "ratio": 0.3,
    "total": 10.01,
    "as_text": "12",
    "sure": True,
    "date": "2026-11-20",
    "caption": "A Dog on a Sofa",
    "accent": "cafe\u0301",
    "large": 9007199254740993,
    "blank": "  \n",
    "nothing": None,
    "tags": ["red", "green"],
    "no_tags": [],
    "head": {"shop": "Lidl", "lines": 3},
    "rows": [
        {"article": "milk", "price": 1.5, "cells": [1, 2]},
        {"article": "tea", "price": -3, "cells": [3, 40]},
        {"article": "jam", "cells": []},
        {"article": "rice", "price": -1},
    ],
    "boxes": [],
}

ROW = {
    "empty": "",
    "label": "DOG",
    "price": "10",
    "bad_price": "10,00",
    "flag": "yes",
    "number": "12",
    "large": "9007199254740993",
    "other_large": "9007199254740992",
    "padded": "0012",
}


def result(step: str, answer: object, status: Status = "ok", error: str | None = None) -> Result:
    return Result(
        ordinal=0,
        case="a.jpg",
        step=step,
        combination={},
        repeat=1,
        images=(),
        status=status,
        answer=answer,
        error=error,
        detections=(
            Detection(at="rows[0]", label="x", box=Box(0, 0, 1, 1)),
            Detection(at="rows[1]", label="y", box=Box(0, 0, 2, 2)),
        ),
    )


STEPS = {
    "read": result("read", ANSWER),
    "caption": result("caption", "A dog. \x1b[31mRed\u202e"),
    "find": result("find", [{"label": "cat"}, {"label": "dog"}]),
    "none": result("none", {"boxes": []}, "empty"),
    "part": result("part", {"rows": [1, 2]}, "partial"),
    "refused": result("refused", None, "refused", "SAFETY"),
    "cut": result("cut", [{"label": "cat"}], "truncated", "the answer reached its longest length"),
    "broken": result("broken", None, "malformed", "no JSON in the answer"),
    "failed": result("failed", None, "failed", "503 overloaded"),
    "later": result("later", None, "not_run", "find gave no usable answer"),
}


def case(
    name: str = "a.jpg",
    repeat: int = 1,
    steps: Mapping[str, Result] = STEPS,
    combination: Mapping[str, object] | None = None,
) -> CaseResults:
    return CaseResults(name, repeat, combination or {}, steps, ROW, {"limit": 12})


TABLE: list[tuple[str, dict[str, object], str | None]] = [
    # value, comparators, None = holds, otherwise the sentence
    ("read.tags", {"includes": ["red", "green"]}, None),
    ("read.tags", {"includes": "RED"}, 'read.tags holds "red" and "green", expected "RED" among them'),
    ("read.tags", {"includes": "RED", "ignore_case": True}, None),
    ("find", {"includes": ["cat", "dog"]}, None),
    ("find", {"includes": ["cup", "dog", "cow"]}, 'find holds "cat" and "dog", expected "cup" and "cow" among them'),
    ("read.no_tags", {"includes": ["cat"]}, 'read.no_tags holds no "cat"'),
    ("read.number", {"includes": ["cat"]}, 'read.number is the number 12, expected a list with "cat"'),
    ("read.caption", {"equals": "a dog on a sofa", "normalise": ["case"]}, None),
    ("read.caption", {"equals": "a dog: on  a sofa.", "normalise": ["case", "punctuation", "spaces"]}, None),
    ("read.caption", {"equals": "A Dog on a Sofas", "similarity": 0.9}, None),
    ("read.caption", {"equals": "A Dog on Sofa", "similarity": 0.9}, 'read.caption is "A Dog on a Sofa", expected "A Dog on Sofa"; their similarity is 0.867, at least 0.9 needed'),
    ("read.caption", {"equals": "A Dog on a Safe", "cer": 0.2}, None),
    ("read.caption", {"equals": "A Dog on a Safe", "cer": 0.1}, 'read.caption is "A Dog on a Sofa", expected "A Dog on a Safe"; the character error rate is 0.133, at most 0.1 allowed'),
    ("read.caption", {"equals": "A Dog on a Safe", "wer": 0.2}, None),
    ("read.caption", {"equals": "A Dog on a Safe", "wer": 0.1, "cer": 0.2}, 'read.caption is "A Dog on a Sofa", expected "A Dog on a Safe"; the word error rate is 0.2, at most 0.1 allowed'),
    ("read.caption", {"same_as": Reference.parse("row.label"), "similarity": 0.5}, 'read.caption is "A Dog on a Sofa", expected the same as row.label: "DOG"; their similarity is 0.0667, at least 0.5 needed'),
    ("read.head", {"fits": {"type": "object", "required": ["shop"]}}, None),
    ("read.head", {"fits": {"properties": {"lines": {"maximum": 2}}}}, "read.head.lines: must be at most 2, found 3"),
    ("read.rows", {"fits": {"items": {"required": ["price"]}}}, "read.rows[2]: `price` is missing"),
    ("read.missing", {"fits": {}}, "the answer of read has no `missing`"),
    ("read.number", {"equals": 12}, None),
    ("read.number", {"same_as": Reference.parse("row.padded")}, None),
    ("read.large", {"same_as": Reference.parse("row.large")}, None),
    ("read.large", {"same_as": Reference.parse("row.other_large")}, "read.large is 9007199254740993, expected the same as row.other_large: \"9007199254740992\""),
    ("read.no_tags", {"same_as": Reference.parse("row.label")}, 'read.no_tags is empty, expected the same as row.label: "DOG"'),
    ("read.no_tags", {"same_as": Reference.parse("read.no_tags")}, None),
    ("read.number", {"equals": 12.0}, None),
    ("read.number", {"equals": 13}, "read.number is 12, expected 13"),
    ("read.number", {"equals": "12"}, 'read.number is the number 12, expected "12"'),
    ("read.as_text", {"equals": 12}, 'read.as_text is the text "12", expected 12'),
    ("read.as_text", {"not_equals": 12}, 'read.as_text is the text "12", expected anything but 12'),
    ("read.as_text", {"at_least": 3}, 'read.as_text is the text "12", expected at least 3'),
    ("read.number", {"not_equals": 13}, None),
    ("read.number", {"not_equals": 12}, "read.number is 12, expected anything but 12"),
    ("read.sure", {"equals": True}, None),
    ("read.sure", {"equals": False}, "read.sure is true, expected false"),
    ("read.sure", {"equals": 1}, "read.sure is true, expected 1"),
    ("read.sure", {"at_least": 0}, "read.sure is true, expected at least 0"),
    ("read.ratio", {"equals": 0.1 + 0.2}, "read.ratio is 0.3, expected 0.30000000000000004"),
    ("read.ratio", {"equals": 0.1 + 0.2, "tolerance": 1e-9}, None),
    ("read.total", {"equals": 10, "tolerance": 0.01}, None),
    ("read.total", {"equals": 10, "tolerance": 0.005}, "read.total is 10.01, expected 10"),
    ("read.total", {"not_equals": 10, "tolerance": 0.01}, "read.total is 10.01, expected anything but 10"),
    ("read.caption", {"equals": "a dog on a sofa"}, 'read.caption is "A Dog on a Sofa", expected "a dog on a sofa"'),
    ("read.caption", {"equals": "a dog on a sofa", "ignore_case": True}, None),
    ("read.accent", {"equals": "caf\u00e9"}, None),
    ("read.nothing", {"equals": "x"}, 'read.nothing is nothing, expected "x"'),
    ("read.head", {"equals": "x"}, 'read.head is a record, expected "x"'),
    ("read.head.shop", {"equals": "Lidl"}, None),
    ("read.absent", {"equals": 1}, "the answer of read has no `absent`"),
    ("read.head.absent", {"equals": 1}, "read.head has no `absent`"),
    ("read.number.more", {"equals": 1}, "read.number has no `more`: it is a single value"),
    # texts
    ("read.caption", {"contains": "Dog"}, None),
    ("read.caption", {"contains": "dog"}, 'read.caption is "A Dog on a Sofa", expected it to contain "dog"'),
    ("read.caption", {"contains": ["dog", "SOFA"], "ignore_case": True}, None),
    ("read.caption", {"contains": ["Dog", "cat"]}, 'read.caption is "A Dog on a Sofa", expected it to contain "Dog" and "cat"'),
    ("read.number", {"contains": "1"}, 'read.number is the number 12, expected it to contain "1"'),
    ("read.caption", {"not_contains": ["cat", "cow"]}, None),
    ("read.caption", {"not_contains": ["cat", "Dog"]}, 'read.caption is "A Dog on a Sofa", expected it not to contain "cat" or "Dog"'),
    ("read.number", {"not_contains": "9"}, 'read.number is the number 12, expected it not to contain "9"'),
    ("read.date", {"matches": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}, None),
    ("read.date", {"matches": "^[0-9]{2}$"}, 'read.date is "2026-11-20", expected it to match ^[0-9]{2}$'),
    ("read.caption", {"matches": "dog"}, 'read.caption is "A Dog on a Sofa", expected it to match dog'),
    ("read.caption", {"matches": "dog", "ignore_case": True}, None),
    ("read.number", {"matches": "12"}, "read.number is the number 12, expected it to match 12"),
    ("caption.text", {"contains": "dog"}, None),
    ("caption.text", {"equals": "x"}, 'caption.text is "A dog. \\u001b[31mRed\\u202e", expected "x"'),
    ("caption.answer", {"contains": "dog"}, None),
    # choices
    ("read.caption", {"one_of": ["a dog on a sofa", "x"], "ignore_case": True}, None),
    ("read.number", {"one_of": [11, 12]}, None),
    ("read.number", {"one_of": [1, 2, 3]}, "read.number is 12, expected one of 1, 2 or 3"),
    ("read.number", {"one_of": ["12"]}, 'read.number is the number 12, expected one of "12"'),
    # numbers
    ("read.number", {"at_least": 12}, None),
    ("read.number", {"at_least": 13}, "read.number is 12, expected at least 13"),
    ("read.number", {"at_most": 12}, None),
    ("read.number", {"at_most": 11.5}, "read.number is 12, expected at most 11.5"),
    ("read.number", {"between": [12, 20]}, None),
    ("read.number", {"between": [13, 20]}, "read.number is 12, expected 13 to 20"),
    ("read.number", {"at_least": 1, "at_most": 11}, "read.number is 12, expected at most 11"),
    ("read.nothing", {"at_most": 3}, "read.nothing is nothing, expected at most 3"),
    # nothing
    ("read.blank", {"is_empty": True}, None),
    ("read.nothing", {"is_empty": True}, None),
    ("read.absent", {"is_empty": True}, None),
    ("read.absent", {"is_empty": False}, "read.absent is nothing, expected something"),
    ("read.no_tags", {"is_empty": True}, None),
    ("read.tags", {"is_empty": True}, "read.tags is a list of 2 entries, expected nothing"),
    ("read.tags", {"is_empty": False}, None),
    ("read.number", {"is_empty": True}, "read.number is 12, expected nothing"),
    ("none.boxes", {"is_empty": True}, None),
    ("none.boxes", {"is_empty": False}, "none.boxes is a list of 0 entries, expected something"),
    # lists: every entry
    ("read.tags", {"one_of": ["red", "green", "blue"]}, None),
    ("read.tags", {"one_of": ["red", "blue"]}, 'entry 2 of read.tags is "green", expected one of "red" or "blue"'),
    ("read.tags", {"equals": "blue"}, 'entry 1 of read.tags is "red", expected "blue" (and 1 more entry)'),
    ("read.tags.count", {"equals": 2}, None),
    ("read.rows.article", {"matches": "^[a-z]+$"}, None),
    ("read.rows.count", {"equals": 4}, None),
    ("read.rows.price", {"at_least": 0}, "entry 2 of read.rows.price is -3, expected at least 0 (and 2 more entries)"),
    ("read.rows.cells", {"at_most": 9}, "entry 2.2 of read.rows.cells is 40, expected at most 9 (and 1 more entry)"),
    ("read.rows", {"at_least": 1}, "read.rows is a list of 4 entries, expected at least 1; its length is read.rows.count"),
    ("none.boxes", {"at_least": 1}, "none.boxes is a list of 0 entries, expected at least 1; its length is none.boxes.count"),
    ("none.boxes.count", {"at_least": 1}, "none.boxes.count is 0, expected at least 1"),
    ("none.boxes.count", {"equals": 0}, None),
    ("find.rows.count", {"equals": 2}, None),
    ("find.rows.labels", {"one_of": ["cat", "dog"]}, None),
    ("find.rows.labels", {"one_of": ["cat"]}, 'entry 2 of find.rows.labels is "dog", expected one of "cat"'),
    ("find.labels", {"one_of": ["cat", "dog"]}, None),
    ("find.boxes.count", {"equals": 2}, None),
    ("find.boxes.labels", {"one_of": ["x"]}, 'entry 2 of find.boxes.labels is "y", expected one of "x"'),
    ("find.masks.count", {"at_least": 1}, "find.masks.count is 0, expected at least 1"),
    ("part.rows", {"at_least": 1}, None),
    # other values of the case
    ("read.number", {"same_as": "vars.limit"}, None),
    ("read.number", {"same_as": "row.number"}, None),
    ("row.number", {"same_as": "read.number"}, None),
    ("read.total", {"same_as": "row.price", "tolerance": 0.01}, None),
    ("read.total", {"same_as": "row.price"}, 'read.total is 10.01, expected the same as row.price: "10"'),
    ("read.sure", {"same_as": "row.flag"}, None),
    ("read.as_text", {"same_as": "read.number"}, 'read.as_text is "12", expected the same as read.number: 12'),
    ("read.caption", {"same_as": "row.label"}, 'read.caption is "A Dog on a Sofa", expected the same as row.label: "DOG"'),
    ("read.tags", {"same_as": "read.tags"}, None),
    ("read.tags", {"same_as": "read.no_tags"}, "read.tags is a list of 2 entries, expected the same as read.no_tags: a list of 0 entries"),
    ("read.tags", {"same_as": "row.label"}, 'entry 1 of read.tags is "red", expected the same as row.label: "DOG" (and 1 more entry)'),
    ("read.absent", {"same_as": "row.label"}, "the answer of read has no `absent`"),
    ("read.number", {"same_as": "refused.number"}, "refused was refused: SAFETY"),
    ("vars.limit", {"at_least": 12}, None),
    ("row.label", {"equals": "dog", "ignore_case": True}, None),
    # a failure is never an empty result
    ("refused.boxes.count", {"at_most": 5}, "refused was refused: SAFETY"),
    ("refused.text", {"is_empty": True}, "refused was refused: SAFETY"),
    ("cut.rows.count", {"at_least": 1}, "cut was cut off: the answer reached its longest length"),
    ("broken.text", {"is_empty": True}, "broken gave an answer that cannot be read: no JSON in the answer"),
    ("failed.text", {"not_contains": "x"}, "failed failed: 503 overloaded"),
    ("failed.status", {"equals": "failed"}, None),
    ("read.status", {"one_of": ["ok", "empty"]}, None),
    ("read.status", {"equals": "empty"}, 'read.status is "ok", expected "empty"'),
]  # fmt: skip


def that(value: str, options: dict[str, object]) -> That:
    other = options.get("same_as")
    if isinstance(other, str):
        options = {**options, "same_as": Reference.parse(other)}
    return That(Reference.parse(value), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "options", "sentence"), TABLE)
def test_a_value_holds_or_a_sentence_says_what_was_found(
    value: str, options: dict[str, object], sentence: str | None
) -> None:
    """Every comparator, on every kind of value."""
    verdict = that(value, options).judge_case(case())
    assert verdict == CaseVerdict("a.jpg", sentence is None, sentence or "")


def test_a_case_whose_step_did_not_run_is_not_judged() -> None:
    """It is neither passed nor failed, and says why."""
    check = that("later.text", {"is_empty": True})
    why = "later did not run: find gave no usable answer"
    assert check.judge_case(case()) == CaseVerdict("a.jpg", None, why)
    assert that("read.number", {"same_as": "later.number"}).judge_case(case()).passed is None
    unknown = that("gone.text", {"equals": "x"}).judge_case(case())
    assert unknown == CaseVerdict("a.jpg", None, "gone has no result")


@pytest.mark.parametrize("options", [{"one_of": ["red"]}, {"not_contains": "x"}, {"at_most": 1}])
def test_of_an_empty_list_there_is_nothing_to_judge(options: dict[str, object]) -> None:
    """Else a model that finds nothing would hold every check. A condition holds of it."""
    check = that("read.no_tags", options)
    why = "read.no_tags is empty: there is nothing to judge"
    assert check.judge_case(case()) == CaseVerdict("a.jpg", None, why)
    assert check.as_condition(case()) == CaseVerdict("a.jpg", True, "")


@pytest.mark.parametrize("manner", [{}, {"similarity": 0.5}, {"ignore_case": True}])
def test_an_empty_cell_says_nothing_of_what_is_right(manner: dict[str, object]) -> None:
    """Whichever side it stands on, and whether it is empty or not there: the case is not judged."""
    why = 'row.bad_price is "10,00", which is no number'
    unread = that("read.total", {"same_as": "row.bad_price", "tolerance": 9}).judge_case(case())
    assert unread == CaseVerdict("a.jpg", None, why)
    commas = replace(case(), row=with_decimal_commas(case().row))
    read = that("read.total", {"same_as": "row.bad_price", "tolerance": 0.01}).judge_case(commas)
    assert read == CaseVerdict("a.jpg", True, "")
    why = "row.empty is empty: nobody has said what is right"
    for value, other in (("read.caption", "row.empty"), ("row.empty", "read.caption")):
        check = that(value, {"same_as": other, **manner})
        assert check.judge_case(case()) == CaseVerdict("a.jpg", None, why)
    absent = that("read.number", {"same_as": "row.absent", **manner}).judge_case(case())
    assert absent == CaseVerdict("a.jpg", None, "there is no row.absent")


def numbers(*values: int, repeats: int = 1) -> list[CaseResults]:
    """Cases whose step `n` answered these numbers; the repeats of a case follow one another."""
    return [
        case(f"{at // repeats}.jpg", at % repeats + 1, {"n": result("n", {"x": value})})
        for at, value in enumerate(values)
    ]


POSITIVE = {"at_least": 1}


def judged(values: list[CaseResults], **options: object) -> Verdict:
    return that("n.x", {**POSITIVE, **options}).judge(values)


def test_all_cases_must_hold_unless_a_pass_rate_says_otherwise() -> None:
    """A share of the judged cases, compared exactly."""
    verdict = judged(numbers(1, 0, 1, 1))
    assert verdict == Verdict(
        name="n.x",
        outcome="failed",
        combination={},
        judged=4,
        passed=3,
        skipped=0,
        reached=0.75,
        needed=1.0,
        why="holds for 3 of 4 cases (75%), needed 100%; 1.jpg: n.x is 0, expected at least 1",
        cases=(CaseVerdict("1.jpg", False, "n.x is 0, expected at least 1"),),
    )
    assert judged(numbers(1, 0, 1, 1), pass_rate=0.75).outcome == "passed"
    assert judged(numbers(1, 0, 1, 1), pass_rate=0.76).outcome == "failed"
    assert judged(numbers(*[1] * 19, 0), pass_rate=0.95).outcome == "passed"
    assert judged(numbers(1, 1)).why == "holds for 2 of 2 cases"


def test_a_share_just_under_all_is_not_shown_as_all() -> None:
    """1,999 of 2,000 is 99.9%, not 100%."""
    assert judged(numbers(*[1] * 1999, 0)).why.startswith("holds for 1,999 of 2,000 cases (99.9%)")


def test_a_warning_does_not_fail() -> None:
    """`level: warning` turns a failed check into a warned one, and leaves a passed one alone."""
    assert judged(numbers(0), level="warning").outcome == "warned"
    assert judged(numbers(1), level="warning").outcome == "passed"


def test_nothing_to_judge_is_skipped_and_says_so() -> None:
    """No case, or no case whose step ran, is never a silent pass."""
    verdict = judged([])
    assert (verdict.outcome, verdict.why) == ("skipped", "nothing to judge: there is no case")
    verdict = that("later.text", {"is_empty": True}).judge([case()])
    assert verdict.outcome == "skipped"
    assert verdict.why == (
        "nothing to judge: 1 case was not judged; "
        "a.jpg: later did not run: find gave no usable answer"
    )


def test_cases_that_were_not_judged_are_counted() -> None:
    """They count neither way, are named, and stand in the sentence."""
    cases = [case("a.jpg", 1, {"n": result("n", None, "not_run")}), *numbers(1)]
    verdict = judged(cases)
    assert (verdict.outcome, verdict.judged, verdict.skipped) == ("passed", 1, 1)
    assert verdict.why == "holds for 1 of 1 case; 1 case was not judged"
    assert verdict.cases == (CaseVerdict("a.jpg", None, "n did not run"),)


@pytest.mark.parametrize(
    ("values", "passed"),
    [((1, 1, 0), True), ((1, 0, 0), False), ((1, 1, 1), True), ((0, 1, 1), True)],
)
def test_a_case_passes_when_most_of_its_repeats_pass(values: tuple[int, ...], passed: bool) -> None:
    """One case, asked three times."""
    assert judged(numbers(*values, repeats=3)).passed == int(passed)


def test_a_tie_of_repeats_fails_and_the_first_failing_repeat_is_told() -> None:
    """Two of four is not most of them."""
    verdict = judged(numbers(1, 0, -1, 1, repeats=4))
    why = "holds in 2 of 4 repeats; repeat 2: n.x is 0, expected at least 1"
    assert verdict.cases == (CaseVerdict("0.jpg", False, why),)
    assert (verdict.judged, verdict.passed) == (1, 0)


def test_only_restricts_a_check_to_some_combinations() -> None:
    """Cases of other combinations are not counted."""
    cases = [
        case("a.jpg", 1, {"n": result("n", {"x": 0})}, {"model": "small"}),
        case("a.jpg", 1, {"n": result("n", {"x": 1})}, {"model": "large"}),
    ]
    verdict = judged(cases, only={"model": "large"})
    assert (verdict.outcome, verdict.judged) == ("passed", 1)
    assert verdict.combination == {"model": "large"}


def test_a_pattern_that_takes_others_forever_is_quick() -> None:
    """Patterns run on RE2, which takes time in proportion to the text."""
    steps = {"t": result("t", "a" * 50_000 + "b")}
    verdict = that("t.text", {"matches": "^(a+)+$"}).judge_case(case("a.jpg", 1, steps))
    assert verdict.passed is False


def test_half_a_surrogate_pair_is_compared_without_a_crash() -> None:
    """JSON can hold what UTF-8 cannot."""
    steps = {"t": result("t", "a\ud800b")}
    assert that("t.text", {"matches": "^a.b$"}).judge_case(case("a.jpg", 1, steps)).passed
    assert that("t.text", {"contains": "\ud800"}).judge_case(case("a.jpg", 1, steps)).passed


@pytest.mark.parametrize(
    ("pattern", "mistake"),
    [
        ("^[0-9]+$", None),
        ("(", "missing ): ("),
        ("(?=a)", "it looks ahead or behind, which cannot be done in linear time"),
    ],
)
def test_a_mistake_in_a_pattern_is_told_before_anything_runs(
    pattern: str, mistake: str | None
) -> None:
    """As a sentence that the loader can print."""
    assert pattern_mistake(pattern) == mistake


def test_the_room_lists_its_checks() -> None:
    """The dictionary that the workflow's key names."""
    assert dict(CHECKS) == {"that": That}
