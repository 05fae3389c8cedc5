"""Every workflow in `accepted/` loads without a word; between them they use every key."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.stages.image_problems import find_pattern_problems
from runner.values.problem import Rejected
from runner.workflow.load import load

HERE = Path(__file__).resolve().parent / "accepted"
RUNS = sorted(HERE.glob("*.workflow.yaml"))
LATER = sorted((HERE / "later").glob("*.workflow.yaml"))


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.name.partition(".")[0])
def test_a_right_workflow_loads_without_a_word(path: Path) -> None:
    """Neither errors nor warnings, and all of its images are there."""
    workflow = load(path, environ={})
    assert workflow.warnings == ()
    assert find_pattern_problems(workflow) == ()
    assert workflow.steps


@pytest.mark.parametrize("path", LATER, ids=lambda path: path.name.partition(".")[0])
def test_what_only_a_later_version_can_run_is_told_as_that_and_nothing_else(path: Path) -> None:
    """The file is right: nothing but the version is in its way."""
    with pytest.raises(Rejected) as rejected:
        load(path, environ={}, allow_outside=True)  # their images lie beside this folder
    problems = rejected.value.problems
    assert {problem.code[:2] for problem in problems} == {"W9"}
    assert all("cannot run yet in this version" in problem.message for problem in problems)
