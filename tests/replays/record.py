"""Records everything in this folder, and every example, anew: with the simulator, offline.

    python tests/replays/record.py             all of them
    python tests/replays/record.py 01-first-boxes detect-boxes

An example with a baseline gets a new one, of its new recordings. Afterwards `python -m pytest tests/test_replays.py --accept` writes down what the recordings lead
to. Read the difference before you commit it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def places() -> dict[str, Path]:
    """The folder of the workflow of every replay, by the name of its folder here."""
    names = sorted(path.name for path in HERE.iterdir() if path.is_dir() and path.name[0] != "_")
    example = ROOT / "examples"
    return {name: example / name if (example / name).exists() else HERE / name for name in names}


def record(folder: Path) -> None:
    """Runs the workflow of a folder on the simulator and writes its recordings."""
    (file,) = folder.glob("*.workflow.yaml")
    shutil.rmtree(folder / "recordings", ignore_errors=True)
    with TemporaryDirectory() as runs:
        options = ["--provider", "simulator", "--record", str(folder / "recordings")]
        options += ["--allow-outside", "--quiet", "--out", runs]
        command = [sys.executable, "-m", "runner", "run", str(file), *options]
        subprocess.run(command, cwd=ROOT, check=True)
    for baseline in folder.glob("*.baseline.json"):
        accept(file, baseline)


def accept(file: Path, baseline: Path) -> None:
    """Makes what the recordings lead to the baseline."""
    askpix = [sys.executable, "-m", "runner"]
    baseline.unlink()
    with TemporaryDirectory() as runs:
        run = ["run", file.name, "--replay", "recordings", "--quiet", "--out", runs]
        subprocess.run([*askpix, *run], cwd=file.parent, check=True)
        to = ["--runs", runs, "--to", baseline.name]
        subprocess.run([*askpix, "accept", "last", *to], cwd=file.parent, check=True)


if __name__ == "__main__":
    for name, folder in places().items():
        if name in sys.argv[1:] or not sys.argv[1:]:
            record(folder)
