"""How long a person waits for `--help` and `validate`: CPU seconds of the whole process.

Run it with:  python bench/startup.py
Each figure is the median of many runs, beside that of a bare interpreter: on a shared machine
compare the two, not the seconds. Targets on an idle core: 0.150 s for --help, 0.300 s for validate.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 15
ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = """\
version: 1
images: photo.png
steps:
  - id: find
    prompt: Find every {{ vars.thing }}.
    schema: boxes
vars: {thing: cup}
checks:
  - {that: find.boxes.count, at_least: 1}
"""


def cpu_seconds(command: list[str], folder: Path) -> float:
    """User and system time of one process, to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    environ = {**os.environ, "PYTHONPATH": path}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Prints a line for each command."""
    from PIL import Image

    commands = {
        "python -c pass": ["-c", "pass"],
        "askpix --help": ["-m", "runner", "--help"],
        "askpix validate": ["-m", "runner", "validate", "cats.workflow.yaml"],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cats.workflow.yaml").write_text(WORKFLOW)
        Image.new("RGB", (64, 48)).save(folder / "photo.png")
        times: dict[str, list[float]] = {name: [] for name in commands}
        for arguments in commands.values():  # once for the bytecode
            cpu_seconds([sys.executable, *arguments], folder)
        for _ in range(RUNS):
            for label, arguments in commands.items():
                times[label].append(cpu_seconds([sys.executable, *arguments], folder))
    bare = statistics.median(times["python -c pass"])
    for label, values in times.items():
        median = statistics.median(values)
        spread = f"{min(values):.3f}–{max(values):.3f}"
        print(f"{label:<18} {median:.3f} s CPU ({spread}), {median / bare:.1f} × python -c pass")


if __name__ == "__main__":
    main()
