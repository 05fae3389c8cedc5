"""F314: a decoder that ends its process. A real one, in a real run of its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.skipif(os.name == "nt", reason="aborts are told by signals of Unix")

ROOT = Path(__file__).parents[2]
MAGIC = (66, 6, 6)
"""The colour of the image that crashes its decoder."""

BROKEN_DECODER = f"""\
# Python loads this when it starts: Pillow's reader of BMP files, which now aborts at some pixels.
import os
from PIL.BmpImagePlugin import BmpImageFile

load = BmpImageFile.load

def load_or_crash(image):
    access = load(image)
    if access[0, 0] == {MAGIC}:
        os.abort()
    return access

BmpImageFile.load = load_or_crash
"""
CONVERTED = """\
version: 1
images: "*.bmp"
convert: png
steps: [{id: find, prompt: Find every box., schema: boxes, provider: simulator}]
outputs: [{save: find.boxes, as: overlay, to: overlays}]
run: {cache: off}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images, of which the third crashes its decoder."""
    for number in range(5):
        colour = MAGIC if number == 2 else (40 * number, 200, 99)
        image = Image.new("RGB", (200, 150), colour)
        image.paste((250, 20, 20), (60, 40, 120, 100))
        image.save(tmp_path / f"{number}.bmp")
    (tmp_path / "crash.workflow.yaml").write_text(CONVERTED)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BROKEN_DECODER)
    return tmp_path


def askpix(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    search = os.pathsep.join([str(folder / "site"), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-c", "from runner.cli import main; main()", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": search, "GEMINI_API_KEY": "AIzaNone"},
        capture_output=True,
        text=True,
        timeout=100,
    )


def results(folder: Path) -> list[dict[str, Any]]:
    (file,) = folder.glob("runs/*/results.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_F314_an_image_that_crashes_its_decoder_fails_alone(folder: Path) -> None:
    """It fails with the reason, all others are answered; when it is tried again, so again."""
    told = askpix(folder, "run", "crash.workflow.yaml", "--quiet")
    assert told.returncode == 3, told.stderr
    lines = results(folder)
    assert [line["status"] for line in lines] == ["ok", "ok", "failed", "ok", "ok"]
    assert "2.bmp: the image crashed its decoder (SIGABRT)" in json.dumps(lines[2])
    assert "the image crashed its decoder" in told.stdout + told.stderr
    assert "Traceback" not in told.stdout + told.stderr
    drawn = {path.name for path in folder.glob("runs/*/outputs/overlays/*.jpg")}
    assert drawn == {f"{number}.bmp.jpg" for number in (0, 1, 3, 4)}
    again = askpix(folder, "run", "crash.workflow.yaml", "--quiet", "--retry-failed")
    assert again.returncode == 3, again.stderr
    assert results(folder) == lines


def test_F314_an_image_that_crashes_when_it_is_drawn_on_is_answered(
    folder: Path, service: Any
) -> None:
    """It is sent as it is; only its overlay is missing, which is told where the overlays are."""
    for file in folder.glob("*.bmp"):
        Image.open(file).save(file.with_suffix(".png"))
    plugin = folder / "site" / "sitecustomize.py"
    plugin.write_text(BROKEN_DECODER.replace("Bmp", "Png"))
    steps = CONVERTED.replace("*.bmp", "*.png").replace("convert: png\n", "")
    (folder / "crash.workflow.yaml").write_text(steps.replace(", provider: simulator", ""))
    service.says('[{"box_2d": [100, 100, 500, 500], "label": "square"}]')
    told = askpix(folder, "run", "crash.workflow.yaml", "--quiet", "--base-url", service.url)
    assert told.returncode == 0, told.stderr
    assert [line["status"] for line in results(folder)] == ["ok"] * 5
    (overlays,) = folder.glob("runs/*/outputs/overlays")
    drawn = {path.name for path in overlays.glob("*.jpg")}
    assert drawn == {f"{number}.png.jpg" for number in (0, 1, 3, 4)}
    why = (overlays / "not-drawn.txt").read_text(encoding="utf-8")
    assert "2.png: cannot be drawn on: the image crashed its decoder (SIGABRT)" in why
