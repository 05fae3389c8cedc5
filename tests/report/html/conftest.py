"""Two runs on real photographs: the second with another prompt, which keeps only large things."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli import group

EXAMPLES = Path(__file__).parents[3] / "examples"
HOSTILE = "</script><img src=x onerror=document.title=666>"
HOSTILE_NAME = "<!--<img src=x onerror=document.title=666> javascript:alert(1) &amp;.jpg"
PHOTOS = {
    "coffee.jpg": "01-first-boxes/photos/coffee.jpg",
    "rocket.heic": "04-read-and-classify/photos/rocket.heic",
    "turned.jpg": "03-segment/photos/coffee-turned.jpg",
    "coins.webp": "11-regression-in-ci/photos/rows-1-2.webp",
    HOSTILE_NAME: "01-first-boxes/photos/rocket.jpg",
}
WORKFLOW = """\
version: 1
name: look
images: photos/*
truth:
  right: right.csv
steps:
  - id: find
    prompt: |
      PROMPT
    list_of: {label: [cup, "HOSTILE"], box: box}
  - {id: keep, do: filter, boxes: find.boxes, min_area: LEAST}
  - id: cut
    prompt: Outline everything.
    schema: masks
checks:
  - {name: enough, that: keep.count, at_least: 4}
  - {name: few, that: keep.count, at_most: 12, level: warning}
  - {name: found, metric: recall, of: keep.boxes, against: truth.right, at_least: 10%}
"""
MATRIX = """\
version: 1
name: table
images: photos/*
steps:
  - {id: find, prompt: Find everything., schema: boxes}
  - {id: enough, do: compute, yes_no: "{{ find.boxes | length >= vars.least }}"}
vars: {least: 1}
matrix:
  vars.least: [1, 7]
  thinking: [low, high]
checks:
  - {name: enough, that: enough.yes_no, equals: true}
"""

CUT_OFF = """\
version: 1
name: cut
images: photos/co*
steps:
  - {id: find, prompt: "Find everything. [[simulate: truncated]]", schema: boxes}
  - {id: name, prompt: "What is it?", fields: {what: text}}
checks:
  - {name: some, that: find.boxes.count, at_least: 1}
"""


@dataclass(frozen=True)
class Place:
    """Where the runs are: `before` and `now`, one with a matrix, a later one of it that finds one thing
    in each image, and one whose answers are cut off."""

    path: Path
    before: Path
    now: Path
    matrix: Path
    matrix_now: Path
    cut: Path


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    here = tmp_path_factory.mktemp("reported")
    (here / "photos").mkdir()
    for name, source in PHOTOS.items():
        shutil.copy(EXAMPLES / source, here / "photos" / name)
    right = ["image,label,x_min,y_min,x_max,y_max", "photos/coffee.jpg,cup,170,15,410,210"]
    right += [
        f'photos/coffee.jpg,"{HOSTILE}",70,68,398,380',
        "photos/turned.jpg,cup,170,15,410,210",
    ]
    (here / "right.csv").write_text("\n".join(right) + "\n")
    prompts = {
        "before": ('Find every "thing" in the image.', "0.1%"),
        "now": (f'Find every large "{HOSTILE}" in the image.', "3%"),
    }
    runs = {
        name: _run(
            here,
            name,
            WORKFLOW.replace("PROMPT", prompt).replace("LEAST", least).replace("HOSTILE", HOSTILE),
        )
        for name, (prompt, least) in prompts.items()
    }
    matrix = _run(here, "matrix", MATRIX)
    fewer = MATRIX.replace("Find everything.", '"Find one. [[simulate: single-object]]"')
    return Place(
        here, runs["before"], runs["now"], matrix, _run(here, "matrix-now", fewer),
        _run(here, "cut", CUT_OFF),
    )  # fmt: skip


def _run(here: Path, name: str, workflow: str) -> Path:
    (here / f"{name}.workflow.yaml").write_text(workflow)
    words = ["run", str(here / f"{name}.workflow.yaml"), "--provider", "simulator", "-q"]
    done = CliRunner().invoke(group, [*words, "--out", str(here / name)])
    assert done.exit_code in (0, 1, 3), done.output
    return next((here / name).iterdir())
