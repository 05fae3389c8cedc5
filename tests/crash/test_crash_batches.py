"""A run in batches that is killed goes on, wherever it was: no batch is created a second time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and fork are of Unix")


@pytest.mark.parametrize(
    "step", [pytest.param(1, marks=pytest.mark.slow), 9], ids=["every event", "every ninth event"]
)
def test_a_crash_changes_nothing_and_buys_nothing_twice(tmp_path: Path, step: int) -> None:
    """Before and after each line that the journal knows of a batch, each request to the service, each
    answer; then the same command again. What is left behind is what a calm run leaves."""
    script = Path(__file__).with_name("every_batch_event.py")
    told = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(step)],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    found = json.loads(told.stdout)
    assert (found["broken"], told.stderr) == ([], "")
    assert found["events"] > 60
    between = {"after POST models", "before mark in the book", "before answered in the book"}
    assert between <= set(found["kinds"])
