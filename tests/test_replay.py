"""A replay reads what a run has kept: without the service, the images and the workflow file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli import group

EXAMPLES = Path(__file__).parents[1] / "examples"
SHOWN = ("01-first-boxes", "03-segment", "06-look-closer", "07-quality-control", "08-small-things")
"""Boxes turned upright, masks, cut-outs that are asked about, conditions, tiles."""


def askpix(*words: str) -> Result:
    return CliRunner().invoke(group, words, prog_name="askpix", catch_exceptions=False)


def ran(example: str, place: Path) -> Path:
    """The folder of a simulated run of an example, of which everything else is gone."""
    shutil.copytree(EXAMPLES / example, place, ignore=shutil.ignore_patterns("runs"))
    (workflow,) = place.glob("*.workflow.yaml")
    done = askpix("run", str(workflow), "--provider", "simulator", "-q", "--out", "kept")
    assert done.exit_code in (0, 1), done.output
    shutil.rmtree(place)
    (run,) = Path("kept").iterdir()
    return run


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("example", SHOWN)
def test_a_replay_is_the_same_byte_by_byte(example: str, tmp_path: Path) -> None:
    """Of plain answers, lists of cut-outs and tiles, of what is made of them, and of the verdicts."""
    run = ran(example, tmp_path / "then")
    told = askpix("replay", str(run), "--runs", "again")
    assert "all as they were" in told.stderr
    (again,) = (tmp_path / "again").iterdir()
    for name in ("results.jsonl", "checks.jsonl", "metrics.jsonl"):
        assert (again / name).exists() == (run / name).exists()
        if (run / name).exists():
            assert (again / name).read_bytes() == (run / name).read_bytes()


def test_changed_checks_are_judged_by_what_was_answered_then(tmp_path: Path) -> None:
    """And the exit code is that of the new checks."""
    run = ran("01-first-boxes", tmp_path / "then")
    new = (run / "sources/first-boxes.workflow.yaml").read_text()
    (tmp_path / "strict.workflow.yaml").write_text(new.replace("at_least: 1", "at_least: 1000"))
    told = askpix("replay", str(run), "--runs", "again", "--workflow", "strict.workflow.yaml")
    assert told.exit_code == 1, told.output
    assert "all as they were" in told.stderr
    assert "at least 1000: holds for 0 of 2 cases" in told.stderr


def test_a_run_without_its_store_cannot_be_replayed(tmp_path: Path) -> None:
    """It says what is missing."""
    run = ran("01-first-boxes", tmp_path / "then")
    (run / "run.sqlite").unlink()
    told = askpix("replay", str(run))
    assert told.exit_code == 2
    assert "holds no stored responses" in told.stderr


def test_a_replay_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    """It has no plan: a run with --resume passes it over."""
    run = ran("01-first-boxes", tmp_path / "then")
    askpix("replay", str(run), "--runs", "kept")
    shutil.copytree(EXAMPLES / "01-first-boxes", "now", ignore=shutil.ignore_patterns("runs"))
    (workflow,) = Path("now").glob("*.workflow.yaml")
    words = ("--provider", "simulator", "--out", "kept", "--resume", "-q")
    told = askpix("run", str(workflow), *words)
    assert str(run) in told.stderr


def test_a_schema_that_does_not_fit_leaves_answers_unusable(tmp_path: Path) -> None:
    """Which is an exit code of its own, as of a run."""
    run = ran("01-first-boxes", tmp_path / "then")
    new = (run / "sources/first-boxes.workflow.yaml").read_text().partition("checks:")[0]
    (tmp_path / "other.workflow.yaml").write_text(new.replace("schema: boxes", "schema: caption"))
    told = askpix("replay", str(run), "--runs", "again", "--workflow", "other.workflow.yaml")
    assert told.exit_code == 3, told.output
    assert told.stderr.startswith(
        "2 results read again: 2 changed\n2 without a usable answer: see results.jsonl\n"
    )


def test_a_workflow_of_other_steps_has_nothing_to_read(tmp_path: Path) -> None:
    """Nothing is written; of some steps only, it is said which."""
    run = ran("01-first-boxes", tmp_path / "then")
    new = (run / "sources/first-boxes.workflow.yaml").read_text()
    file = tmp_path / "other.workflow.yaml"
    file.write_text(new.replace("id: find", "id: look").replace("find.boxes", "look.boxes"))
    told = askpix("replay", str(run), "--runs", "again", "--workflow", str(file))
    assert (told.exit_code, (tmp_path / "again").exists()) == (2, False)
    assert "holds no answers to `look`: its steps are `find`" in told.stderr
    file.write_text(new.replace("steps:", "steps:\n  - {id: more, prompt: What is it?}"))
    told = askpix("replay", str(run), "--runs", "again", "--workflow", str(file))
    assert told.exit_code == 3
    assert "holds no answers to `more`: nothing is asked again" in told.stderr


def test_a_replay_of_a_replay_names_the_run(tmp_path: Path) -> None:
    """The answers stand there."""
    run = ran("01-first-boxes", tmp_path / "then")
    askpix("replay", str(run), "--runs", "again")
    told = askpix("replay", "last", "--runs", "again")
    assert told.exit_code == 2
    assert f"it is a replay itself: name the run, {run}" in told.stderr


def test_a_kept_workflow_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """By its run, and with what to do."""
    run = ran("01-first-boxes", tmp_path / "then")
    shutil.rmtree(run / "sources")
    told = askpix("replay", str(run), "--runs", "again")
    assert (told.exit_code, (tmp_path / "again").exists()) == (2, False)
    assert told.stderr == (
        f"error: the workflow that {run} has kept cannot be read (no such file or directory); name one"
        " with --workflow FILE\n"
    )


def test_files_of_one_name_are_told_apart_by_where_they_were(tmp_path: Path) -> None:
    """Each truth lies in a folder of its own; a text that names a file stays a text."""
    then = tmp_path / "then"
    shutil.copytree(EXAMPLES / "01-first-boxes/photos", then / "photos")
    photos = [each.name for each in (then / "photos").iterdir()]
    for times, folder in enumerate((".", "a", "b")):
        (then / folder).mkdir(exist_ok=True)
        rows = "".join(f"{name},thing,5,5,90,90\n" for name in photos * (1 + 9 * times))
        (then / folder / "t.csv").write_text(f"image,label,x_min,y_min,x_max,y_max\n{rows}")
    (then / "find.workflow.yaml").write_text(
        "version: 1\nimages: photos/*\n"
        "truth: {three: t.csv, two: {file: b/t.csv}, one: a/t.csv}\n"
        "vars: {text: a/t.csv, other: photos/coffee.jpg}\n"
        "steps: [{id: find, prompt: Find all., schema: boxes}]\n"
        "checks:\n"
        "  - {that: vars.text, equals: a/t.csv}\n"
        "  - {that: vars.other, equals: photos/coffee.jpg}\n"
        + "".join(
            f"  - {{metric: count_error, of: find.boxes, against: truth.{name}, at_most: 1000}}\n"
            for name in ("one", "two", "three")
        )
    )
    workflow = str(then / "find.workflow.yaml")
    done = askpix("run", workflow, "--provider", "simulator", "-q", "--out", "kept")
    assert done.exit_code == 0, done.output
    shutil.rmtree(then)
    (run,) = Path("kept").iterdir()
    told = askpix("replay", str(run), "--runs", "again")
    assert told.exit_code == 0, told.output
    (again,) = (tmp_path / "again").iterdir()
    for name in ("checks.jsonl", "metrics.jsonl"):
        assert (again / name).read_bytes() == (run / name).read_bytes()
    values = json.loads((run / "metrics.json").read_text())["values"]
    assert len({*values.values()}) == 3
