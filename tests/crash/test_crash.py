"""A run that is killed goes on, wherever it was: nothing that arrived is lost or paid for again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = 20

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and fork are of Unix")


@pytest.mark.slow
def test_F302_a_crash_at_every_event_changes_nothing(tmp_path: Path) -> None:
    """One run ends at its first event, one at its second, …: intent, sending, bill, response, result,
    every file; then the same again while a run is resumed. Ledger and files are those of calm."""
    script = Path(__file__).with_name("every_event.py")
    told = _carried_out(script, tmp_path)
    found = json.loads(told.stdout)
    assert found["broken"] == []
    assert (told.returncode, told.stderr) == (0, "")
    assert min(found["events"], found["events of resumed"]) > 60
    assert {"after the intent", "billed", "before a new name"} <= set(found["kinds"])


def test_F301_runs_that_are_killed_at_random_moments_lose_nothing_and_pay_nothing_again() -> None:
    """A sample of `bench/kills.py`: real processes, `kill -9`, the same command again."""
    told = _carried_out(ROOT / "bench" / "kills.py", SAMPLE)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "broken promises" in told.stdout


def _carried_out(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, str(script), *map(str, arguments)]
    env = {"PYTHONPATH": str(ROOT), "PATH": "", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(line, env=env, capture_output=True, text=True, check=False, timeout=900)
