"""What has become of a case, over all combinations of a matrix and in each by itself."""

from __future__ import annotations

import pytest

from runner.stages.cases_compared import cases_compared, cases_in
from runner.values.difference import (
    AnswerDifference,
    CaseDifference,
    CheckDifference,
    Differences,
    Side,
)

SIDE = Side("run", False, (), None, 0, None)
FAST, SLOW = {"thinking": "low"}, {"thinking": "high"}
FIRSTS = {"cup.jpg": "cup.jpg", "cup-again.jpg": "cup.jpg", "fork.jpg": "fork.jpg"}


def answer(combination: dict[str, str], *, is_same: bool) -> AnswerDifference:
    return AnswerDifference("find", combination, "ok", "ok", is_same)


def differences() -> Differences:
    """The cup is worse with much thinking only; the fork has another answer with little."""
    checks = (
        CheckDifference("right", FAST, "not worse", pairs=2),
        CheckDifference("right", SLOW, "not enough evidence", pairs=2, broken=("cup.jpg",)),
    )
    answers = {
        "cup.jpg": [answer(FAST, is_same=True), answer(SLOW, is_same=False)],
        "cup-again.jpg": [answer(FAST, is_same=True), answer(SLOW, is_same=False)],
        "fork.jpg": [answer(FAST, is_same=False)],
    }
    cases = tuple(cases_compared(FIRSTS, checks, (), answers))
    return Differences(SIDE, SIDE, 3, (), (), checks, (), cases, has_answers=True)


def told(cases: tuple[CaseDifference, ...]) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {each.case: (each.turn, each.why) for each in cases}


def test_a_case_is_worse_that_is_worse_in_one_combination() -> None:
    """It names the check and the combination; so does another case with the same image."""
    assert told(differences().cases) == {
        "cup.jpg": ("worse", ("right (thinking high)",)),
        "cup-again.jpg": ("worse", ("right (thinking high)",)),
        "fork.jpg": ("changed", ()),
    }


@pytest.mark.parametrize(
    ("combination", "expected"),
    [
        (
            FAST,
            {"cup.jpg": ("same", ()), "cup-again.jpg": ("same", ()), "fork.jpg": ("changed", ())},
        ),
        (
            SLOW,
            {
                "cup.jpg": ("worse", ("right (thinking high)",)),
                "cup-again.jpg": ("worse", ("right (thinking high)",)),
            },
        ),
        ({"thinking": "minimal"}, {}),
    ],
)
def test_each_combination_is_told_by_itself(
    combination: dict[str, str], expected: dict[str, tuple[str, tuple[str, ...]]]
) -> None:
    """As far as both runs have answers of it."""
    assert told(tuple(cases_in(combination, differences(), FIRSTS))) == expected
