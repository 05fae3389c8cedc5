"""A run as Markdown: the verdict first, and never more than GitHub takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.markdown import CUT, fitted, mistakes_markdown, rejected_markdown, run_markdown
from runner.report.unanswered import Unanswered
from runner.values.problem import Place, Problem
from runner.values.tally import Tally
from runner.values.verdict import CaseVerdict, Outcome, Verdict

TALLY = Tally(3, done=3, by_status={"ok": 2, "refused": 1}, simulated=2, models={"m": 2})


def verdict(name: str, outcome: Outcome, why: str = "holds", *cases: CaseVerdict) -> Verdict:
    return Verdict(name, outcome, {}, 2, 2 - len(cases), 0, 1.0, 1.0, why, cases)


FAILED = verdict(
    "a | b",
    "failed",
    "holds for 0 of 2 cases; x.jpg: is 0",
    CaseVerdict("x.jpg", False, "is 0"),
    CaseVerdict("y<b>.jpg", False, "reads `@octocat`"),
)


def test_a_summary_is_read_from_the_top() -> None:
    """Verdict, checks, what to do, what got no answer, the cases that fail, cost."""
    steps = (Unanswered("find", 3, 1, ("z.jpg: refused: no",)),)
    verdicts = (FAILED, verdict("c", "passed"))
    parts = run_markdown("cats", TALLY, verdicts, steps, None, "Do *this*.")
    assert fitted(parts, 10_000) == (
        "### ❌ cats: 1 result without a usable answer; 1 of 2 checks failed\n\n"
        "| | check | result |\n"
        "|---|---|---|\n"
        "| ❌ | a &#124; b | holds for 0 of 2 cases; x.jpg: is 0 |\n"
        "| ✅ | c | holds |\n\n"
        "Do *this*.\n\n"
        "<details><summary>step find: 1 without a usable answer</summary>\n\n"
        "- z.jpg: refused: no\n\n</details>\n\n"
        "<details><summary>a &#124; b</summary>\n\n"
        "- y&#60;b&#62;.jpg: reads &#96;@&#8203;octocat&#96;\n\n</details>\n\n"
        "| | |\n"
        "|---|---|\n"
        "| answered | 2 |\n"
        "| refused | 1 |\n"
        "| cost | nothing |\n\n"
        "- simulated: no model looked at these images\n\n"
    )


@pytest.mark.parametrize(
    ("verdicts", "unusable", "stopped", "said"),
    [
        ((), 0, None, "### ✅ cats: done"),
        ((verdict("a", "passed"),), 0, None, "### ✅ cats: 1 check holds"),
        ((verdict("a", "passed"), verdict("b", "passed")), 0, None, "### ✅ cats: 2 checks hold"),
        (
            tuple(verdict(*each) for each in (("a", "passed"), ("b", "warned"), ("c", "skipped"))),
            0,
            None,
            "### ✅ cats: 1 of 3 checks holds, 1 warns, 1 is not judged",
        ),
        ((FAILED,), 0, None, "### ❌ cats: 1 of 1 check failed"),
        ((), 2, None, "### ❌ cats: 2 results without a usable answer"),
        ((), 0, "a | b", "### ❌ cats: stopped before the end: a &#124; b"),
    ],
)
def test_the_first_line_is_the_verdict(
    verdicts: tuple[Verdict, ...], unusable: int, stopped: str | None, said: str
) -> None:
    """Whatever ends a run with another exit code than 0 stands there."""
    tally = replace(TALLY, done=2 + unusable, by_status={"ok": 2})
    first = next(run_markdown("cats", tally, verdicts, (), stopped))
    assert first == f"{said}\n"


def test_why_nothing_ran_is_told_in_its_lines() -> None:
    """As a quotation."""
    told = fitted(rejected_markdown("cats", "no baseline:\n  look | accept"), 1000)
    assert told == (
        "### ❌ cats: nothing ran\n\n> no baseline:<br>\n>   look &#124; accept<br>\n\n"
    )


def test_mistakes_are_told_with_their_places() -> None:
    """And with what to write instead."""
    problems = (
        Problem("W201", "unknown key `a`", Place("x.yaml", 6, 5), fix="did you mean `b`?"),
        Problem("W501", "there is no key"),
    )
    assert fitted(mistakes_markdown(problems), 1000) == (
        "### ❌ nothing ran: 2 mistakes\n\n"
        "- x.yaml:6:5: unknown key &#96;a&#96;; did you mean &#96;b&#96;?\n\n"
        "- there is no key\n\n"
    )


@given(st.lists(st.text("ä|x", max_size=40), max_size=9), st.integers(0, 400))
def test_a_summary_is_never_larger_than_the_room(parts: list[str], room: int) -> None:
    """Its first parts are there, whole, and what is missing is told wherever that fits."""
    written = fitted(iter(parts), room)
    assert len(written.encode()) <= room
    whole = "".join(f"{part}\n" for part in parts)
    if written != whole:
        assert written.endswith(CUT) or room < len(CUT.encode())
        assert whole.startswith(written.removesuffix(CUT))
