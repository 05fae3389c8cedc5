"""What `askpix show` prints asks the same as the file that it was made from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runner import library
from runner.stages.expand import NotBuilt, build, jobs
from runner.stages.gather import gather
from runner.stages.plan import plan
from runner.text.render import Renderer
from runner.text.source import read
from runner.workflow.load import load
from runner.workflow.resolved import as_text
from runner.workflow.spec import Workflow

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
DAY = date(2026, 11, 20)
FILES = sorted([
    *ROOT.glob("examples/*/*.workflow.yaml"),
    *ROOT.glob("tests/accepted/*.workflow.yaml"),
])  # fmt: skip

Write = Callable[..., Path]


def asked(workflow: Workflow) -> tuple[list[object], str]:
    """Every request of a workflow whose prompts need no earlier answers, and the plan's hash."""
    with Renderer() as renderer:
        found = [
            build(workflow, step, job, {}, renderer.render)
            for job in jobs(workflow, gather(workflow))
            for step in workflow.asks
        ]
        planned = plan(workflow, gather(workflow), renderer.render, DAY)
    return [each.code if isinstance(each, NotBuilt) else each.key for each in found], planned.key


def again(workflow: Workflow) -> Workflow:
    """The workflow loaded from what is shown of it, which is written beside its file."""
    path = workflow.path.with_name("again.workflow.yaml")
    path.write_text(as_text(workflow.resolved), encoding="utf-8")
    return load(path, environ={})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_what_is_shown_asks_the_same(path: Path, tmp_path: Path) -> None:
    """The same requests in the same order, for all examples and accepted files."""
    copy = shutil.copytree(path.parent, tmp_path / "here", ignore=shutil.ignore_patterns("runs"))
    first = load(copy / path.name, environ={})
    requests, digest = asked(first)
    assert requests
    assert asked(again(first)) == (requests, digest)


@pytest.mark.parametrize("name", library.workflows())
def test_what_is_shown_of_a_shipped_workflow_asks_the_same(
    name: str, write: Write, tmp_path: Path
) -> None:
    """The same with everything that comes from the library."""
    for image in ("a", "b"):
        Image.new("RGB", (20, 10), "white").save(tmp_path / f"{image}.png")
    images = "{before: a.png, after: b.png}" if "compare" in name else "'*.png'"
    path = write(f"version: 1\nextends: lib:{name}\nimages: {images}\n")
    first = load(tmp_path / path, environ={})
    requests, digest = asked(first)
    assert requests
    assert asked(again(first)) == (requests, digest)


MATRICES = {
    "an axis that no step sets": "matrix: {model: [gemini-3.5-flash, gemini-3.8-flash]}\n",
    "an axis over a default": "defaults: {model: gemini-3.8-flash, thinking: low}\n"
    "matrix: {model: [gemini-3.5-flash], thinking: [low, high]}\n",
    "a level over a default budget": "defaults: {model: gemini-2.5-flash, thinking_budget: 1024, "
    "api: generate_content}\nmatrix: {thinking_budget: [0, 2048], media_resolution: [low, high]}\n",
    "a variable": "vars: {thing: cat}\nmatrix: {vars.thing: [dog, '1e3', '08', 'yes']}\n",
    "skipped": "matrix: {thinking: [low, high], seed: [1, 2]}\nmatrix_skip: [{thinking: low, "
    "seed: 1}]\nrun: {repeat: 2}\n",
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("own", ["", ", thinking: low", ", model: gemini-3.8-flash"])
def test_a_matrix_that_is_shown_asks_the_same(
    name: str, own: str, write: Write, tmp_path: Path
) -> None:
    """What an axis chooses is not written into the step, where it would win over the axis."""
    Image.new("RGB", (20, 10), "white").save(tmp_path / "a.png")
    if "budget" in name and own:
        own = ", temperature: 1"
    path = write(
        "version: 1\nimages: a.png\nvars: {thing: cat}\n".replace(
            "vars: {thing: cat}\n", "" if "vars:" in MATRICES[name] else "vars: {thing: cat}\n"
        )
        + MATRICES[name]
        + f"steps: [{{id: a, prompt: 'Find {{{{ vars.thing }}}}.'{own}}}, {{id: b, prompt: B?}}]\n"
    )
    first = load(tmp_path / path, environ={})
    requests, digest = asked(first)
    assert len(set(requests)) > 2
    assert asked(again(first)) == (requests, digest)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n")))
def test_any_text_is_read_back(text: str) -> None:
    """A text that looks like a number, a line break at the end: what is shown is what was meant."""
    source = read(as_text({"a": [text]}).encode(), "x.yaml")
    assert source.data == {"a": [text]}


@pytest.mark.parametrize("text", ["1e3", "1e999", "1.5e3", "08", "~", "yes", ".5", "", "12_3"])
def test_a_text_that_looks_like_something_else_is_read_back(text: str) -> None:
    """These are numbers or texts as versions of YAML differ."""
    assert read(as_text({"a": text}).encode(), "x.yaml").data == {"a": text}
