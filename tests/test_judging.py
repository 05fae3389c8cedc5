"""A run over real photographs is judged by the truth: on the terminal, as data, in junit.xml."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from runner.cli import group
from runner.store.folder import RunFolder

PHOTOS = Path(__file__).parents[1] / "examples"

FIND = """\
version: 1
images: photos/*
steps:
  - {id: find, prompt: "Find everything. [[simulate: DOES]]", schema: boxes}
"""

JUDGE = """\
truth: {boxes: boxes.csv}
checks:
  - {that: find.boxes, same_as: truth.boxes, iou: 0.5, pass_rate: 50%}
  - {metric: recall, of: find.boxes, against: truth.boxes, at_least: 0.9, max_drop: 1%}
  - {metric: mean_iou, of: find.boxes, against: truth.boxes, iou: 0.5, at_least: 0.9}
  - {name: exact, metric: f1, of: find.boxes, against: truth.boxes, iou: 0.99, per: image, at_least: 0.9}
  - {metric: cost_usd, at_most: 1}
  - {metric: seconds_p95, at_most: 600}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three photographs, and a truth of which a third begins a tenth of the width too late."""
    photos = tmp_path / "photos"
    shutil.copytree(PHOTOS / "01-first-boxes/photos", photos)
    shutil.copy(PHOTOS / "02-count-coins/photos/coins.png", photos)
    monkeypatch.chdir(tmp_path)
    simulated(tmp_path, FIND.replace("DOES", "fence"))
    with (tmp_path / "boxes.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("image", "label", "x_min", "y_min", "x_max", "y_max"))
        for result in newest(tmp_path).results():
            for number, found in enumerate(result.detections):
                assert found.box
                x = found.box.width / 10 if number % 3 == 0 else 0.0
                left, *edges = found.box.as_list()
                rows.writerow((result.images[0].path, found.label, left + x, *edges))
    return tmp_path


def simulated(folder: Path, workflow: str, *options: str) -> Result:
    (folder / "find.workflow.yaml").write_text(workflow)
    words = ["run", "find.workflow.yaml", "--provider", "simulator", "--fresh", *options]
    return CliRunner().invoke(group, words, prog_name="askpix", catch_exceptions=False)


def newest(folder: Path) -> RunFolder:
    return RunFolder(max((folder / "runs").iterdir(), key=lambda path: path.stat().st_mtime_ns))


def test_the_numbers_of_a_run_are_those_of_its_boxes(folder: Path) -> None:
    """A tenth less is an overlap of 0.9; so it is for every third box."""
    told = simulated(folder, FIND.replace("DOES", "fence") + JUDGE)
    assert told.exit_code == 1, told.output
    results = list(newest(folder).results())
    all_boxes = sum(len(result.detections) for result in results)
    moved = sum((len(result.detections) + 2) // 3 for result in results)
    mean = (all_boxes - moved + moved * 0.9) / all_boxes
    data = json.loads((newest(folder).path / "metrics.json").read_text())
    assert data["values"]["recall of find.boxes at least 0.9, max drop 1%"] == 1.0
    by_metric: dict[str, Any] = {each["metric"]: each for each in data["metrics"]}
    assert by_metric["mean_iou"]["value"] == pytest.approx(mean, abs=1e-6)
    assert by_metric["f1"]["value"] == pytest.approx(1 - moved / all_boxes)
    assert by_metric["cost_usd"]["unit"] == "USD"
    assert {each["outcome"] for each in data["metrics"]} == {"passed", "failed"}
    lines = (newest(folder).path / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 5 * 3
    assert "✗ exact: " in told.stderr
    assert "3 of 3 images fail" in told.stderr
    assert told.stderr.count("`max_drop` is judged by `askpix test`") == 1


def test_metrics_are_told_to_programs_and_to_ci(folder: Path) -> None:
    """In the summary for scripts, and as test cases that fail as the exit code says."""
    told = simulated(folder, FIND.replace("DOES", "fence") + JUDGE, "--format", "json")
    summary = json.loads(told.stdout)
    written = json.loads((newest(folder).path / "metrics.json").read_text())["metrics"]
    assert summary["metrics"] == written
    cases = ElementTree.parse(newest(folder).path / "junit.xml").findall(".//testcase")
    failed = [each.get("name") for each in cases if each.find("failure") is not None]
    assert failed == ["exact"]
    failure = next(each.find("failure") for each in cases if each.get("name") == "exact")
    assert failure is not None
    assert len((failure.text or "").splitlines()) == 3


def test_refused_answers_count_as_missed(folder: Path) -> None:
    """They are no empty answers, and nobody overlooks them."""
    told = simulated(folder, FIND.replace("DOES", "blocked-status") + JUDGE)
    assert told.exit_code == 3
    data = json.loads((newest(folder).path / "metrics.json").read_text())
    by_metric = {each["metric"]: each for each in data["metrics"]}
    assert (by_metric["recall"]["value"], by_metric["recall"]["lacking"]) == (0.0, 3)
    assert by_metric["mean_iou"]["value"] is None
    assert by_metric["mean_iou"]["not_judged"] == {"no usable answer": 3}
    assert "3 without a usable answer counted as wrong" in told.stderr


def test_without_metrics_there_are_no_files_of_metrics(folder: Path) -> None:
    """Nothing empty lies around."""
    assert not (newest(folder).path / "metrics.json").exists()
    assert not (newest(folder).path / "metrics.jsonl").exists()
