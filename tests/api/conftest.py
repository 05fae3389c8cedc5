"""Workflows for the tests of the Python API, and a person's folder with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

WORKFLOW = """\
version: 1
name: shapes
images: photos/*.png
vars: {thing: shape}
steps:
  - {id: find, prompt: "Find every {{ vars.thing }}.", schema: boxes}
  - {id: say, prompt: Describe the image.}
checks:
  - {that: find.boxes.count, at_least: 1, name: finds some}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photographs and `shapes.workflow.yaml`; the tests stand in it."""
    (tmp_path / "photos").mkdir()
    for name, colour in (("a", "red"), ("b", "green")):
        image = Image.new("RGB", (400, 300), "white")
        pen = ImageDraw.Draw(image)
        pen.rectangle((40, 60, 119, 199), fill=colour)
        pen.ellipse((200, 100, 319, 219), fill="blue")
        image.save(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "shapes.workflow.yaml").write_text(WORKFLOW)
    monkeypatch.chdir(tmp_path)
    return tmp_path
