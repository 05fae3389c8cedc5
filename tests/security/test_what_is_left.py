"""What others on the machine can see of a run, and whether the page about security says the truth."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from runner.cli import group

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_what_a_run_leaves_is_for_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: object
) -> None:
    """Answers may be personal: the folder of a run and the cache can be entered by nobody else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", "AIzaCANARY-0123456789")
    monkeypatch.setenv("ASKPIX_CACHE", str(tmp_path / "cache"))
    Image.new("RGB", (64, 48)).save("a.png")
    text = "version: 1\nimages: a.png\nsteps: [{id: say, prompt: What?}]\n"
    (tmp_path / "w.workflow.yaml").write_text(text)
    service.says("A picture.")  # type: ignore[attr-defined]
    line = ["run", "w.workflow.yaml", "--base-url", service.url]  # type: ignore[attr-defined]
    assert CliRunner().invoke(group, line, catch_exceptions=False).exit_code == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert (tmp_path / "cache").is_dir()
    for folder in (run, tmp_path / "cache"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_every_promise_of_the_security_page_names_a_test_that_exists() -> None:
    """In the last column of its table; and no promise stands without one."""
    tests = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    table = [
        line for line in (ROOT / "SECURITY.md").read_text("utf-8").splitlines() if line[:1] == "|"
    ]
    for line in table[2:]:
        proofs = re.findall(r"`([^`]+)`", line.split("|")[3])
        assert proofs, line
        for proof in proofs:
            is_there = f"def {proof}(" in tests or (ROOT / proof).is_file()
            assert is_there, proof
