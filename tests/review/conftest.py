"""A run on real photographs that a person is to look at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli import group
from runner.store.folder import RunFolder

EXAMPLES = Path(__file__).parents[2] / "examples"
PHOTOS = {
    "coffee.jpg": "01-first-boxes/photos/coffee.jpg",
    "rocket.heic": "04-read-and-classify/photos/rocket.heic",
    "turned.jpg": "03-segment/photos/coffee-turned.jpg",
}
WORKFLOW = """\
version: 1
images: photos/*
steps:
  - {id: find, prompt: Find everything., schema: boxes}
  - id: sort
    prompt: What is it?
    fields: {subject: [cup, rocket, other], outdoors: yes_no}
"""


@pytest.fixture(scope="session")
def _run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("reviewed")
    (place / "photos").mkdir()
    for name, source in PHOTOS.items():
        shutil.copy(EXAMPLES / source, place / "photos" / name)
    (place / "look.workflow.yaml").write_text(WORKFLOW)
    words = ["run", str(place / "look.workflow.yaml"), "--provider", "simulator", "-q"]
    done = CliRunner().invoke(group, [*words, "--out", str(place / "runs")])
    assert done.exit_code == 0, done.output
    return place


@pytest.fixture
def place(_run_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with the workflow, its photographs and the run; it is the current one."""
    shutil.copytree(_run_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    run = next((tmp_path / "runs").iterdir()) / "run.json"
    run.write_text(run.read_text().replace(str(_run_once), str(tmp_path)))
    return tmp_path


@pytest.fixture
def run(place: Path) -> RunFolder:
    """The run."""
    return RunFolder(next((place / "runs").iterdir()))
