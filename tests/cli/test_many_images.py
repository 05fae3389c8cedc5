"""Thousands of images in one request, over HTTP to the simulated service."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from runner.cli import group
from runner.providers.simulator.desk import Desk

ROOT = Path(__file__).parents[2]
MOST = 3600
DIFFERENT = 40
"""Contents among the images without a thing on them: the simulator looks at each of them once."""

WORKFLOW = """\
version: 1
images: {{pages: {{all: "pages/*.png"}}}}
upload: {upload}
steps:
  - id: find
    prompt: Find every thing. Say on which image it is, counted from 1.
    images: [{{image: pages, media_resolution: low}}]
    list_of: {{label: text, box: box, image: integer}}
outputs:
  - {{save: find, as: csv, to: found.csv}}
  - {{save: find, as: overlay, to: drawn/}}
run: {{cache: off}}
"""
MEASURED = """\
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""Runs a command and tells its greatest memory: a process begins with the peak of its parent."""


def pages(folder: Path, count: int) -> None:
    """So many small images, with a thing on the last but one."""
    (folder / "pages").mkdir(parents=True)
    for number in range(count):
        file = folder / f"pages/p{number:04}.png"
        if number < DIFFERENT:
            Image.new("RGB", (48, 32), (number * 5, 90, 120)).save(file)
        elif number != count - 2:
            os.link(folder / f"pages/p{number % DIFFERENT:04}.png", file)
    image = Image.new("RGB", (48, 32), (0, 90, 120))
    image.paste((255, 255, 0), (12, 8, 36, 24))
    last = folder / f"pages/p{count - 2:04}.png"
    last.unlink(missing_ok=True)
    image.save(last)


def most_memory(folder: Path, url: str, upload: str, *options: str) -> int:
    """The greatest memory of a run, in kilobytes."""
    (folder / "w.workflow.yaml").write_text(WORKFLOW.format(upload=upload))
    line = [sys.executable, "-m", "runner", "run", "w.workflow.yaml", "-q", "--yes"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GEMINI_API_KEY": "simulated"}
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED, *line, "--base-url", url, *options],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout.split()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is counted in other ways")
@pytest.mark.parametrize("upload", ["inline", "files"])
def test_a_request_may_have_3600_images(
    served: Callable[..., str], tmp_path: Path, upload: str
) -> None:
    """In their order: the box comes home to the image that it is on. Each content is uploaded once,
    and the memory is hardly more than for ten images."""
    memory = {}
    for count in (10, MOST):
        desk = Desk()
        folder = tmp_path / str(count)
        pages(folder, count)
        memory[count] = most_memory(folder, served(desk=desk), upload)
        (line,) = next(folder.glob("runs/*/results.jsonl")).read_text().splitlines()
        result = json.loads(line)
        assert (result["status"], len(result["images"])) == ("ok", count)
        (found,) = result["detections"]
        assert (found["image"], found["box"]) == (count - 2, [12, 8, 36, 24])
        assert result["answer"]["boxes"][0]["image"] == count - 1
        different = len({image["sha256"] for image in result["images"]})
        assert desk.files.started == (different if upload == "files" else 0)
        assert desk.ledger.billed.total() == 1
        table = next(folder.glob("runs/*/outputs/found.csv")).read_text()
        (row,) = csv.DictReader(table.splitlines())
        assert row["image"] == f"p{count - 2:04}.png"
        (drawn,) = folder.glob("runs/*/outputs/drawn/*.jpg")
        assert drawn.name == f"pages-{count - 1:03}-p{count - 2:04}.jpg"
    assert memory[MOST] < memory[10] + (32 << 10)


def test_no_request_has_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by `validate`, before anything is sent."""
    monkeypatch.chdir(tmp_path)
    pages(tmp_path, MOST + 1)
    Path("w.workflow.yaml").write_text(WORKFLOW.format(upload="inline"))
    said = CliRunner().invoke(group, ["validate", "w.workflow.yaml"], catch_exceptions=False)
    assert said.exit_code == 2
    assert "error[W456]: `all` names more than 3,600 images" in said.stderr


def test_a_table_makes_a_request_of_every_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draw: Any
) -> None:
    """A pattern in a cell names the pages of a document."""
    monkeypatch.chdir(tmp_path)
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png", "b/3.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(draw.encoded(draw.scene(), "PNG"))
    Path("documents.csv").write_text("title,pages\nfirst,a/*.png\nsecond,b/\n")
    Path("w.workflow.yaml").write_text(
        "version: 1\n"
        "dataset: {file: documents.csv, image_columns: pages, id_column: title}\n"
        "steps: [{id: say, prompt: 'What is {{ row.title }} about?'}]\n"
    )
    line = ["run", "w.workflow.yaml", "--provider", "simulator", "--quiet"]
    ended = CliRunner().invoke(group, line, catch_exceptions=False)
    assert ended.exit_code == 0, ended.stderr
    results = map(json.loads, next(Path("runs").glob("*/results.jsonl")).read_text().splitlines())
    found = [(one["case"], [image["path"] for image in one["images"]]) for one in results]
    assert found == [
        ("first", ["a/1.png", "a/2.png"]),
        ("second", ["b/1.png", "b/2.png", "b/3.png"]),
    ]


def test_what_is_found_on_many_images_is_cut_out_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the image that a box is on, also when a step names the images that it cuts from."""
    monkeypatch.chdir(tmp_path)
    pages(tmp_path, 5)
    image = Image.new("RGB", (48, 32), (9, 90, 120))
    image.paste((255, 0, 0), (2, 4, 22, 16))
    image.save("pages/p0001.png")
    text = WORKFLOW.format(upload="inline").partition("outputs:")[0]
    Path("w.workflow.yaml").write_text(
        f"{text}"
        "  - {id: cuts, do: crop, boxes: find.boxes}\n"
        "  - {id: named, do: crop, boxes: find.boxes, image: pages}\n"
    )
    line = ["run", "w.workflow.yaml", "--provider", "simulator", "--quiet"]
    ended = CliRunner().invoke(group, line, catch_exceptions=False)
    assert ended.exit_code == 0, ended.stderr
    lines = next(Path("runs").glob("*/results.jsonl")).read_text().splitlines()
    _, cuts, named = ([*_cut_out(json.loads(each))] for each in lines)
    assert cuts == [("p0001.png", [2, 4, 22, 16]), ("p0003.png", [12, 8, 36, 24])]
    assert named == cuts


def _cut_out(result: dict[str, Any]) -> Iterator[tuple[str, list[int]]]:
    """The image that each thing of a result is on, and its box in whole pixels."""
    for found in result["detections"]:
        yield result["images"][found["image"]]["name"], found["box_px"]
