"""`extends:` — one file on top of another; every problem points into the file that holds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.values.problem import Rejected
from runner.workflow.load import load
from runner.workflow.spec import Workflow

Loaded = Callable[..., Workflow]
Told = Callable[..., list[str]]

ASK = "steps: [{id: ask, prompt: What is this?}]\n"


def test_mappings_are_merged_and_lists_replaced(loaded: Loaded) -> None:
    """Over three files; what is nearest wins."""
    workflow = loaded(
        {
            "w.workflow.yaml": "version: 1\nextends: b.workflow.yaml\nimages: a.png\n"
            "defaults: {seed: 3}\nvars: {x: mine}\n"
            "outputs: [{save: ask, as: csv}]\nrun: {limit: 1}\n",
            "b.workflow.yaml": "version: 1\nextends: c.workflow.yaml\nname: b\n"
            "steps: [{id: ask, prompt: '{{ vars.x }} {{ vars.y }}'}]\nrun: {limit: 2, repeat: 2}\n"
            "outputs: [{save: ask, as: json}, {save: ask, as: jsonl}]\n",
            "c.workflow.yaml": "version: 1\npartial: true\ndescription: c\n"
            "defaults: {model: gemini-3.6-flash, seed: 1}\nvars: {x: theirs, y: theirs}\n"
            "steps: [{id: other, prompt: x}]\nrun: {repeat: 3, parallel: 8}\n",
        }
    )
    assert (workflow.name, workflow.description, workflow.partial) == ("w", "", False)
    assert [step.id for step in workflow.steps] == ["ask"]
    assert (workflow.steps[0].model, workflow.steps[0].settings.seed) == ("gemini-3.6-flash", 3)
    assert workflow.vars == {"x": "mine", "y": "theirs"}
    assert [output.format for output in workflow.outputs] == ["csv"]
    assert (workflow.run.limit, workflow.run.repeat, workflow.run.parallel) == (1, 2, 8)
    assert [(source.path.name, source.role) for source in workflow.sources] == [
        ("w.workflow.yaml", "workflow"),
        ("b.workflow.yaml", "extended"),
        ("c.workflow.yaml", "extended"),
    ]


def test_images_and_a_dataset_drive_one_another_out(loaded: Loaded) -> None:
    """So do `thinking` and `thinking_budget`, and single variables are never mixed."""
    workflow = loaded(
        {
            "w.workflow.yaml": "version: 1\nextends: b.workflow.yaml\nimages: a.png\n"
            "defaults: {thinking: low, model: gemini-3.5-flash}\nvars: {x: {env: X_OF_NOBODY, default: 1}}\n"
            "steps: [{id: ask, prompt: '{{ vars.x }}'}]\n",
            "b.workflow.yaml": "version: 1\ndataset: {file: t.csv, image_columns: photo}\n"
            "defaults: {thinking_budget: 512}\nvars: {x: {env: PATH}}\n" + ASK,
        },
        environ={"PATH": "never"},
    )
    assert workflow.dataset is None
    assert workflow.steps[0].settings.thinking_budget is None
    assert workflow.vars == {"x": 1}


def test_paths_start_from_the_file_that_they_are_written_in(loaded: Loaded, tmp_path: Path) -> None:
    """Also prompts, schemas and tables that are inherited."""
    workflow = loaded(
        {
            "sub/w.workflow.yaml": "version: 1\nextends: ../team/t.workflow.yaml\nimages: a.png\n",
            "team/t.workflow.yaml": "version: 1\nimages: b.png\nschemas: {own: s/own.json}\n"
            "steps: [{id: ask, prompt_file: p/ask.md, schema: own}]\n",
            "team/p/ask.md": "What?",
            "team/s/own.json": '{"type": "object", "properties": {"name": {"type": "string"}}}',
        },
        allow_outside=True,
    )
    assert workflow.steps[0].prompt.template == "What?"
    assert workflow.steps[0].shape.parts[0] == "name"
    assert workflow.images[0].entries[0].value == str(tmp_path / "sub" / "a.png")
    inherited = loaded(
        {
            "sub/v.workflow.yaml": "version: 1\nextends: ../team/u.workflow.yaml\n",
            "team/u.workflow.yaml": "version: 1\nimages: b.png\n" + ASK,
        },
        allow_outside=True,
    )
    assert inherited.images[0].entries[0].value == str(tmp_path / "team" / "b.png")


def test_a_problem_points_into_the_file_that_holds_it(told: Told) -> None:
    """Keys, values, references and prompts."""
    assert told(
        {
            "w.workflow.yaml": "version: 1\nextends: t.workflow.yaml\nimages: a.png\nrun: {limt: 3}\n",
            "t.workflow.yaml": "version: 1\ndefaults: {thinkng: low, seed: x}\n"
            "steps:\n  - id: ask\n    prompt: |\n      What is\n      {{ vars.x }}?\n"
            "checks: [{that: aks.text, contains: x}]\n",
        }
    ) == [
        "W201 w.workflow.yaml:4:7 unknown key `limt` in `run` → did you mean `limit`?",
        "W201 t.workflow.yaml:2:12 unknown key `thinkng` in `defaults` → did you mean `thinking`?",
        "W204 t.workflow.yaml:2:32 `seed` must be a whole number, found the text `x` → write for example seed: 7",
        "W311 t.workflow.yaml:7:10 there is no variable `vars.x`"
        " → add `x: …` under `vars:` at the top of w.workflow.yaml",
        "W301 t.workflow.yaml:8:17 there is no step `aks` → did you mean `ask.text`?",
    ]


def test_a_shipped_workflow_is_extended_by_its_name(loaded: Loaded) -> None:
    """Only the images are the author's."""
    workflow = loaded("version: 1\nextends: lib:detect/boxes\nimages: a.png\n")
    assert [step.id for step in workflow.steps] == ["find"]
    assert [source.role for source in workflow.sources] == ["workflow", "library", "library"]
    assert not workflow.partial


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.workflow.yaml", "there is no file `nothing.workflow.yaml`"),
        ("folder", "`folder` cannot be read: it is a folder"),
    ],
)
def test_a_workflow_file_that_cannot_be_read_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    """W441: told like any other, without a place."""
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    with pytest.raises(Rejected) as rejected:
        load(Path(name), environ={})
    (problem,) = rejected.value.problems
    assert (problem.code, problem.message, problem.place) == ("W441", message, None)


def test_the_nearest_file_is_suggested(told: Told, tmp_path: Path) -> None:
    """W441 for the workflow itself."""
    (tmp_path / "cats.workflow.yaml").touch()
    with pytest.raises(Rejected) as rejected:
        load(tmp_path / "cat.workflow.yaml", environ={})
    assert rejected.value.problems[0].fix == f"did you mean `{tmp_path}/cats.workflow.yaml`?"


@pytest.mark.parametrize(
    ("name", "there", "fix"),
    [
        ("cats", ["cats.workflow.yaml"], "in this folder there is `cats.workflow.yaml`"),
        (
            "x",
            ["1.workflow.yaml", "2.workflow.yaml", "3.workflow.yaml", "4.workflow.yaml"],
            "in this folder there are `1.workflow.yaml`, `2.workflow.yaml`, `3.workflow.yaml`"
            " and 1 more",
        ),
        ("x", [], "there is no workflow file in this folder; `askpix init` writes one"),
        ("\u2014provider", [], "options start with two hyphens: --provider"),
    ],
)
def test_a_file_of_the_command_line_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, there: list[str], fix: str
) -> None:
    """What it may have been is in the same folder."""
    monkeypatch.chdir(tmp_path)
    for each in there:
        Path(each).touch()
    with pytest.raises(Rejected) as raised:
        load(Path(name), environ={})
    ((code, found),) = [(problem.code, problem.fix) for problem in raised.value.problems]
    assert (code, found) == ("W441", fix)


def test_a_file_that_extends_itself_is_refused(told: Told) -> None:
    """However it spells its own name."""
    text = "version: 1\nextends: ./x/../w.workflow.yaml\nimages: a.png\n" + ASK
    assert [line[:4] for line in told(text)] == ["W443"]


def test_every_file_says_its_version(told: Told) -> None:
    """A version is not inherited."""
    files = {"w.workflow.yaml": "extends: t.workflow.yaml\nimages: a.png\n" + ASK}
    parent = {"t.workflow.yaml": "defaults: {seed: 1}\n"}
    assert [line[:21] for line in told(files | parent)] == [
        "W202 w.workflow.yaml:",
        "W202 t.workflow.yaml:",
    ]
