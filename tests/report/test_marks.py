"""What a report marks, of real runs: by the level of a check, and only where somebody said what is good."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli import group
from runner.report.html.marks import Mark
from runner.report.html.ranking import ranked
from runner.report.verdict_words import untold
from runner.run_content import content_of
from runner.standing import standing_of
from runner.store.folder import RunFolder

PHOTOS = Path(__file__).parents[2] / "examples/01-first-boxes/photos"


def askpix(*words: str) -> Result:
    return CliRunner().invoke(group, words, prog_name="askpix", catch_exceptions=False)


def run(check: str) -> RunFolder:
    """A simulated run with one check, which holds."""
    Path("find.workflow.yaml").write_text(
        "version: 1\nimages: photos/*\n"
        "steps: [{id: find, prompt: Find everything., schema: boxes}]\n"
        f"checks: [{check}]\n"
    )
    words = ("find.workflow.yaml", "--provider", "simulator", "--fresh", "-q")
    assert askpix("run", *words).exit_code == 0
    return RunFolder(max(Path("runs").iterdir(), key=lambda path: path.stat().st_mtime_ns))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(PHOTOS, tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)


COUNT = "that: find.boxes.count, at_least: 1000, pass_rate: 0"
AREA = "name: area, metric: mean, of: find.boxes.area"


@pytest.mark.parametrize(
    ("check", "marks"),
    [
        (f"{{{COUNT}, level: warning}}", ("warns",)),
        (f"{{{COUNT}}}", ("fails",)),
        (f"{{{AREA}, at_most: 50%}}", ("fine",)),
        (f"{{{AREA}, max_drop: 5%}}", ("fine",)),
    ],
)
def test_a_case_is_marked_by_what_was_said_of_it(check: str, marks: tuple[Mark, ...]) -> None:
    """A check that only warns does so of its cases although enough of them hold; a mean has no value
    that is right."""
    folder = run(check)
    standing = standing_of(folder)
    _, warned = content_of(folder, standing)
    items = ranked(folder.case_results({}), standing, warned)
    assert {item.marks for item in items} == {marks}


@pytest.mark.parametrize(
    ("limits", "better"),
    [
        ("max_drop: 5%", "more"),
        ("max_rise: 5%", "less"),
        ("at_least: 0", "more"),
        ("at_most: 1000", "less"),
        ("at_least: 0, at_most: 1000", None),
        ("max_rise: 5%, at_least: 0", "less"),
    ],
)
def test_the_limits_of_a_mean_say_which_way_is_better(limits: str, better: str | None) -> None:
    """In metrics.json, and so in a baseline and for `askpix diff`."""
    folder = run(f"{{name: count, metric: mean, of: find.boxes.count, {limits}}}")
    (found,) = json.loads((folder.path / "metrics.json").read_text())["metrics"]
    assert found["better"] == better


def test_a_check_may_be_called_like_what_every_run_has() -> None:
    """Its numbers stay its own."""
    run("{name: cost, metric: mean, of: find.boxes.count, at_least: 0}")
    done = askpix("accept", "last")
    assert done.exit_code == 0, done.output
    assert askpix("test", "find.workflow.yaml", "--provider", "simulator", "-q").exit_code == 0
    names = [each["name"] for each in json.loads(Path("find.baseline.json").read_text())["metrics"]]
    assert names == ["cost", "valid answers", "cost of the run", "tokens"]


def test_every_failing_case_is_told_but_the_one_that_was() -> None:
    """Though its name is the end of another's, and both fail for the same reason."""
    lines = ["big-cup.jpg: is 0", "cup.jpg: is 0", "a/x.jpg: is 0", "x.jpg: is 0"]
    assert untold(lines, "holds for 0 of 4 cases; big-cup.jpg: is 0") == lines[1:]
    assert untold(lines, "holds for 0 of 4 cases; cup.jpg: is 0") == [lines[0], *lines[2:]]
    assert untold(lines, "0.5, at least 0.9 needed") == lines
