"""All checks are judged in one pass, for each combination, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from runner.checks.ballot import KEPT, Ballot
from runner.roles import CaseResults
from runner.stages.check import Judge, check, check_of
from runner.values.problem import Place
from runner.values.reference import Comparison, Reference
from runner.values.result import Result, Status
from runner.values.verdict import CaseVerdict
from runner.workflow.spec import CheckSpec

PLACE = Place("a.workflow.yaml", 9, 5)


def result(
    case: str,
    number: object,
    combination: Mapping[str, object] | None = None,
    repeat: int = 1,
    step: str = "n",
    status: Status = "ok",
) -> Result:
    return Result(
        ordinal=0,
        case=case,
        step=step,
        combination=combination or {},
        repeat=repeat,
        images=(),
        status=status,
        answer={"x": number},
        row={"id": case},
    )


def spec(
    name: str = "some",
    that: str = "n.x",
    comparisons: tuple[Comparison, ...] = (Comparison("at_least", 1),),
    **options: object,
) -> CheckSpec:
    return CheckSpec(name, Reference.parse(that), comparisons, PLACE, **options)  # type: ignore[arg-type]


def cases_of(results: Iterable[Result]) -> Iterator[CaseResults]:
    """Each result is a case of its own."""
    for one in results:
        yield CaseResults(one.case, one.repeat, one.combination, {one.step: one}, one.row, {})


SMALL, LARGE = {"model": "small"}, {"model": "large"}


def test_every_check_is_judged_for_every_combination_in_their_order() -> None:
    """Checks first, combinations as the plan has them; each verdict knows its line."""
    results = [
        result("a", 1, SMALL),
        result("a", 0, LARGE),
        result("b", 1, SMALL),
        result("b", 1, LARGE),
    ]
    specs = [spec(), spec("large only", only=LARGE, pass_rate=0.5)]
    verdicts = check(specs, cases_of(results), [SMALL, LARGE])
    assert [(v.name, v.combination, v.outcome, v.passed, v.judged) for v in verdicts] == [
        ("some", SMALL, "passed", 2, 2),
        ("some", LARGE, "failed", 1, 2),
        ("large only", LARGE, "passed", 1, 2),
    ]
    assert {verdict.place for verdict in verdicts} == {PLACE}


def test_a_combination_without_a_case_has_nothing_to_judge() -> None:
    """A run that was stopped does not make its checks pass."""
    verdicts = check([spec()], cases_of([result("a", 1, SMALL)]), [SMALL, LARGE])
    assert [(v.combination, v.outcome) for v in verdicts] == [
        (SMALL, "passed"),
        (LARGE, "skipped"),
    ]
    assert verdicts[1].why == "nothing to judge: there is no case"


def test_a_check_about_no_combination_at_all_says_so() -> None:
    """`only` names a combination that the matrix does not have."""
    (verdict,) = check([spec(only={"model": "huge"})], [], [SMALL])
    assert (verdict.outcome, verdict.combination) == ("skipped", {"model": "huge"})


def test_repeats_are_votes_in_whatever_order_they_come() -> None:
    """The majority of the repeats of a case decides, even when they are not next to one another."""
    results = [
        result(case, number, repeat=repeat)
        for repeat, numbers in enumerate([(1, 0), (0, 0), (1, 1)], 1)
        for case, number in zip("ab", numbers, strict=True)
    ]
    (verdict,) = check([spec()], cases_of(results), repeats=3)
    why = "holds in 1 of 3 repeats; repeat 1: n.x is 0, expected at least 1"
    assert (verdict.judged, verdict.passed) == (2, 1)
    assert verdict.cases == (CaseVerdict("b", False, why),)


def test_a_run_that_stopped_early_is_judged_by_the_repeats_it_has() -> None:
    """One of three repeats came in: it decides."""
    (verdict,) = check([spec()], cases_of([result("a", 1)]), repeats=3)
    assert (verdict.outcome, verdict.judged) == ("passed", 1)


def test_the_failing_cases_that_a_verdict_names_are_bounded() -> None:
    """100,000 failures: the first thousand are named, all are counted, none of them waits."""

    def results() -> Iterator[Result]:
        for number in range(20_000):
            yield result(f"{number}.jpg", 0)

    (verdict,) = check([spec()], cases_of(results()))
    assert (verdict.judged, verdict.passed, len(verdict.cases)) == (20_000, 0, KEPT)
    assert verdict.cases[-1].case == "999.jpg"


def test_repeats_that_follow_one_another_never_wait_for_more_than_one_case() -> None:
    """The plan asks the repeats of a case one after another, so that memory does not grow."""
    judge = Judge(spec(), check_of(spec()), 2)
    for number in range(50):
        for repeat in (1, 2):
            for case in cases_of([result(str(number), 1, repeat=repeat)]):
                judge.add(case, "{}")
            ballot: Ballot = judge.ballots["{}"][1]
            assert len(ballot.open) <= 1


def test_failing_cases_are_named_even_after_many_that_were_not_judged() -> None:
    """Each kind has its own bound."""
    results = [result(f"{n}.jpg", 0, status="not_run") for n in range(KEPT + 5)]
    (verdict,) = check([spec()], cases_of([*results, result("last", 0)]))
    assert (verdict.skipped, verdict.judged, len(verdict.cases)) == (KEPT + 5, 1, KEPT + 1)
    assert verdict.cases[-1].case == "last"


def test_a_check_may_compare_steps_rows_and_variables() -> None:
    """A reference that the loader left as a text is read as one."""
    steps = {"n": result("a", 7), "m": result("a", 8, step="m")}
    case = CaseResults("a", 1, {}, steps, {"id": "7"}, {"limit": 7})
    specs = [
        spec("steps agree", comparisons=(Comparison("same_as", "m.x"),)),
        spec("limit", comparisons=(Comparison("same_as", Reference("vars", ("limit",))),)),
        spec("cell", comparisons=(Comparison("same_as", "row.id"),)),
    ]
    assert [verdict.passed for verdict in check(specs, [case])] == [0, 1, 1]


@pytest.mark.parametrize("module", ["httpx", "asyncio", "click", "re2", "numpy", "PIL"])
def test_judging_loads_nothing_heavy(module: str) -> None:
    """Checks are on the path of `askpix validate`."""
    import subprocess
    import sys

    code = f"import sys, runner.stages.check; sys.exit({module!r} in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
