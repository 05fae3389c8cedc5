"""The wheel is whole: what is shipped is there when only the wheel is installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]

WORKFLOW = """\
version: 1
extends: lib:detect/boxes
images: shapes.png
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_alone_runs_a_shipped_workflow(tmp_path: Path) -> None:
    """Built, installed into a new environment, run from an empty folder: the library is there.

    The packages that askpix needs are lent by this environment, so that no network is needed.
    """
    pytest.importorskip("build", reason="needs the package `build`")
    wheels, empty, home = tmp_path / "wheels", tmp_path / "empty", tmp_path / "env"
    run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, ROOT,
        cwd=tmp_path,
    )  # fmt: skip
    (wheel,) = wheels.glob("askpix-*.whl")
    venv.create(home, with_pip=True)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    lent = Path(
        run(
            python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path
        ).strip()
    )
    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=tmp_path)
    (lent / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    empty.mkdir()
    typed = "import runner, pathlib; print(pathlib.Path(runner.__file__).with_name('py.typed').exists())"
    assert run(python, "-c", typed, cwd=empty).strip() == "True"
    where = run(python, "-c", "import runner; print(runner.__file__)", cwd=empty).strip()
    assert Path(where).is_relative_to(home)
    image = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(image).ellipse((60, 60, 160, 160), fill="green")
    image.save(empty / "shapes.png")
    (empty / "shapes.workflow.yaml").write_text(WORKFLOW)
    askpix = python.with_name("askpix")
    run(askpix, "run", "shapes.workflow.yaml", "--provider", "simulator", cwd=empty)
    assert [path.name for path in empty.glob("runs/*/results.jsonl")] == ["results.jsonl"]
    listed = run(askpix, "library", cwd=empty)
    assert "detect/boxes" in listed
    assert run(askpix, "schema", cwd=empty) == (ROOT / "schemas/workflow.schema.json").read_text(
        encoding="utf-8"
    )
