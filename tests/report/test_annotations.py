"""Beside the lines of a workflow stands what does not hold, the worst first."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.report.annotations import annotations_of_problems, annotations_of_run
from runner.report.github import Annotation
from runner.report.unanswered import Unanswered
from runner.values.problem import Place, Problem
from runner.values.verdict import CaseVerdict, Outcome, Verdict
from runner.workflow.load import load
from runner.workflow.spec import Workflow

FILE = """\
version: 1
name: cats
images: photos/*
steps:
  - {id: find, prompt: Find.}
"""


@pytest.fixture
def workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cats.workflow.yaml").write_text(FILE)
    return load(Path("cats.workflow.yaml"), environ={})


def verdict(name: str, outcome: Outcome, passed: int, line: int, **more: object) -> Verdict:
    cases = tuple(CaseVerdict(f"{n}.jpg", False, "is 0") for n in range(10 - passed))
    place = Place("cats.workflow.yaml", line, 5)
    why = f"holds for {passed} of 10 cases"
    return Verdict(name, outcome, more, 10, passed, 0, 0.5, 1.0, why, cases, place)


def test_the_worst_come_first(workflow: Workflow) -> None:
    """What stopped the run, steps without answers, checks by how seldom they hold; with their lines.
    What holds is not told."""
    verdicts = (
        verdict("fine", "passed", 10, 8),
        verdict("nearly", "failed", 9, 9),
        verdict("odd", "warned", 8, 10),
        verdict("bad", "failed", 3, 11, model="a", thinking="low"),
        verdict("left out", "skipped", 0, 12),
    )
    steps = (Unanswered("find", 10, 2, ("a.jpg: refused: no", "b.jpg: failed: 500")),)
    found = list(annotations_of_run(workflow, verdicts, steps, "the budget is spent"))
    five = "\n".join(f"{n}.jpg: is 0" for n in range(5))
    assert found == [
        Annotation(
            "error",
            "cats: stopped before the end",
            "the budget is spent",
            Place(str(workflow.path), 1, 1),
        ),
        Annotation(
            "error",
            "cats: step find is not answered",
            "2 of 10 results have no usable answer\na.jpg: refused: no\nb.jpg: failed: 500",
            workflow.steps[0].place,
        ),
        Annotation(
            "error",
            "cats: bad (model a, thinking low)",
            f"holds for 3 of 10 cases\n{five}\nand 2 more cases: see checks.json",
            Place("cats.workflow.yaml", 11, 5),
        ),
        Annotation(
            "warning",
            "cats: odd",
            "holds for 8 of 10 cases\n0.jpg: is 0\n1.jpg: is 0",
            Place("cats.workflow.yaml", 10, 5),
        ),
        Annotation(
            "error",
            "cats: nearly",
            "holds for 9 of 10 cases\n0.jpg: is 0",
            Place("cats.workflow.yaml", 9, 5),
        ),
    ]
    assert workflow.steps[0].place.line == 5


def test_a_mistake_is_told_with_what_to_write() -> None:
    """Under its code; one that has no code and no place is a sentence."""
    place = Place("cats.workflow.yaml", 6, 5)
    found = annotations_of_problems(
        (Problem("W201", "unknown key", place, fix="did you mean `a`?"), Problem("", "no key"))
    )
    assert list(found) == [
        Annotation("error", "askpix W201", "unknown key\ndid you mean `a`?", place),
        Annotation("error", "askpix", "no key"),
    ]
