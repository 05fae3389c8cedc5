"""`runner.load` opens a workflow, or says everything that is wrong with it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from click.testing import CliRunner

import runner
from runner.cli import group


def test_a_workflow_is_opened_with_changes(folder: Path) -> None:
    """Those of `askpix run`; the values of variables in their own types."""
    file = folder / "shapes.workflow.yaml"
    file.write_text(
        file.read_text().replace("{thing: shape}", "{thing: shape, many: 3, some: [a]}")
    )
    workflow = runner.load(file, vars={"many": 4, "some": ["b", "c"]}, provider="simulator")
    assert workflow.vars == {"thing": "shape", "many": 4, "some": ["b", "c"]}
    assert (workflow.name, workflow.steps, workflow.path) == ("shapes", ("find", "say"), file)
    assert {problem.severity for problem in workflow.warnings} == {"warning"}
    assert repr(workflow) == f"<Workflow shapes: find, say; {file}>"


def test_a_mistake_is_told_in_the_words_of_the_command_line(folder: Path) -> None:
    """The same text, and the same problems as values."""
    file = folder / "shapes.workflow.yaml"
    file.write_text(file.read_text().replace("schema:", "shcema:").replace("images:", "image:"))
    with pytest.raises(runner.Rejected) as rejected:
        runner.load("shapes.workflow.yaml")
    told = CliRunner().invoke(group, ["validate", "shapes.workflow.yaml"])
    assert f"{rejected.value}\n" == told.stderr
    assert {problem.code for problem in rejected.value.problems} >= {"W201"}


def test_a_rejection_crosses_from_process_to_process(folder: Path) -> None:
    """A pool of workers gives it back whole."""
    with pytest.raises(runner.Rejected) as rejected:
        runner.load("nothing.yaml")
    again = pickle.loads(pickle.dumps(rejected.value))
    assert (str(again), again.problems) == (str(rejected.value), rejected.value.problems)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limit": 0}, "error: limit: write a whole number from 1, not 0"),
        ({"limit": 10**20}, "error: limit: 100000000000000000000 is more than 1,000,000,000"),
        ({"limit": True}, "error: limit: write a whole number from 1, not True"),
        ({"parallel": 257}, "error: parallel: 257 is more than 256"),
        (
            {"cache": "maybe"},
            "error: cache: there is no mode 'maybe'; there are: use, only, refresh, off",
        ),
        (
            {"provider": "simulatr"},
            "error: there is no provider `simulatr`; did you mean `simulator`?",
        ),
        ({"provider": 3}, "error: provider: write a name, not 3"),
        (
            {"vars": {"thing": {1}}},
            "error: vars: write texts, numbers, yes or no, or lists of them",
        ),
    ],
)
def test_a_change_that_makes_no_sense_is_told(
    changes: dict[str, object], message: str, folder: Path
) -> None:
    """Before anything is asked."""
    with pytest.raises(runner.Rejected) as rejected:
        runner.load("shapes.workflow.yaml", **changes)  # type: ignore[arg-type]
    assert str(rejected.value) == message
    assert [problem.code for problem in rejected.value.problems] == [""]


def test_an_option_that_is_misspelt_is_told_with_the_close_one(folder: Path) -> None:
    """By whatever takes changes; as Python tells it, as a TypeError."""
    for asks in (runner.load, runner.plan, runner.run):
        with pytest.raises(TypeError, match="no option `provder`; did you mean `provider`"):
            asks("shapes.workflow.yaml", provder="simulator")
