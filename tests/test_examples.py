"""Every example runs from its images to its files, offline, with the command in its README."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli import group
from runner.workflow.load import load

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
CASES = {
    "01-first-boxes": ["coffee.jpg", "rocket.jpg"],
    "02-count-coins": ["coins.png", "coins-top.png"],
    "03-segment": ["coffee-turned.jpg", "coins-bottom.webp"],
    "04-read-and-classify": ["cat.webp", "rocket.heic", "menu.jpg"],
    "05-compare-two": ["coffee.jpg", "coins.png"],
    "06-look-closer": ["coffee.jpg", "coins-top.png"],
    "07-quality-control": ["cat.webp", "coins.png"],
    "08-small-things": ["coins.png"],
    "09-whole-folder": ["photos"],
    "10-show-examples": ["coins-top.png"],
    "11-regression-in-ci": [
        *(f"row-{number}.webp" for number in range(1, 5)),
        *(f"rows-{first_last}.webp" for first_last in ("1-2", "2-3", "3-4", "1-4")),
    ],
}


def test_every_example_is_run_here() -> None:
    """An example that is added is run."""
    assert sorted(path.name for path in EXAMPLES.glob("[0-9]*")) == sorted(CASES)


@pytest.mark.parametrize("name", CASES)
def test_an_example_runs_offline_to_its_last_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the simulator: exit code 0, a line for each case and step, every output, all marked."""
    shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("runs"))
    monkeypatch.chdir(tmp_path / name)
    (file,) = (tmp_path / name).glob("*.workflow.yaml")
    workflow = load(file, environ={})
    (command,) = re.findall(r"^\$ askpix (.*)$", Path("README.md").read_text(), re.MULTILINE)

    outcome = CliRunner().invoke(group, shlex.split(command), catch_exceptions=False)

    assert outcome.exit_code == 0, outcome.output
    (manifest,) = (tmp_path / name).glob("runs/*/run.json")
    run = json.loads(manifest.read_text(encoding="utf-8"))
    lines = (manifest.parent / "results.jsonl").read_text(encoding="utf-8").splitlines()
    results = [json.loads(line) for line in lines]
    assert {(r["case"], r["step"]) for r in results} == {
        (case, step.id) for case in CASES[name] for step in workflow.steps
    }
    assert len(results) == len(CASES[name]) * len(workflow.steps)
    assert {r["status"] for r in results} <= {"ok", "empty", "skipped"}
    assert {r["simulated"] for r in results if r["model"]} == {True}
    assert (run["status"], run["simulated"]) == ("done", True)
    written = {
        output.to: _files(manifest.parent / "outputs" / output.to) for output in workflow.outputs
    }
    assert [to for to, files in written.items() if not files] == []


def _files(target: Path) -> list[Path]:
    """The files at this place that hold something."""
    found = [target] if target.is_file() else target.rglob("*")
    return [path for path in found if path.is_file() and path.stat().st_size > 0]
