"""`mode: batch`: what it makes of steps and prices."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from runner.catalogue import catalogue
from runner.values.problem import Rejected
from runner.workflow.load import load
from runner.workflow.spec import Workflow

DAY = date(2026, 11, 20)


def loaded(folder: Path, text: str = "", **overrides: object) -> Workflow:
    path = folder / "a.workflow.yaml"
    path.write_text(f"version: 1\nimages: a.png\nsteps: [{{id: look, prompt: Look.}}]\n{text}")
    return load(path, overrides=overrides, environ={})


@pytest.mark.parametrize("text", ["run: {mode: batch}\n", ""])
def test_steps_are_written_for_the_endpoint_that_takes_batches(tmp_path: Path, text: str) -> None:
    """Whether the file says so or the command line; priced as batches are."""
    workflow = loaded(tmp_path, text, **{"run.mode": "batch"})
    assert [step.family for step in workflow.asks] == ["generate_content"]
    (model,) = workflow.models.values()
    whole = catalogue().model(model.name).price_on(DAY)
    half = model.price_on(DAY)
    assert whole is not None
    assert half is not None
    assert (half.input, half.output) == (whole.input / 2, whole.output / 2)
    assert model.priced(in_batch=False) == catalogue().model(model.name)
    assert model.priced(in_batch=True) is model


def test_a_live_run_is_as_it_was(tmp_path: Path) -> None:
    """Also of a file that says `mode: batch`, when the command line says otherwise."""
    workflow = loaded(tmp_path, "run: {mode: batch}\n", **{"run.mode": "live"})
    assert [step.family for step in workflow.asks] == [None]
    assert not any(model.in_batch for model in workflow.models.values())


def test_a_budget_of_thoughts_needs_no_other_line(tmp_path: Path) -> None:
    """One by one it would need `api: generate_content`, which a batch is anyway."""
    text = "defaults: {model: gemini-2.5-flash, thinking_budget: 100}\nrun: {mode: batch}\n"
    assert loaded(tmp_path, text).run.mode == "batch"


def test_a_plug_in_takes_no_batches(tmp_path: Path) -> None:
    """Told at `mode`, when the command line names the provider."""
    with pytest.raises(Rejected) as rejected:
        loaded(tmp_path, "run: {mode: batch}\n", provider="openai")
    told = [
        (problem.code, problem.place and problem.place.line) for problem in rejected.value.problems
    ]
    assert ("W513", 4) in told
