"""The command as a process: its ends, its pipes, and what it shows of a plan."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from runner.cli import group
from runner.cli.crash import explain

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

PLANNED = """\
version: 1
name: settings
images: photo.png
steps:
  - id: find
    prompt: Find every {{ vars.thing }}.
    schema: boxes
vars: {thing: cup}
matrix:
  thinking: [low, high]
  media_resolution: [low, high]
matrix_skip:
  - {thinking: high, media_resolution: high}
run: {repeat: 2, max_cost_usd: 0.01}
"""


def test_a_mistake_on_the_command_line_is_told_to_github(tmp_path: Path) -> None:
    """As an annotation and in the summary, unless they are turned off; the person reads the same."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "GITHUB_ACTIONS": "true"}
    environ["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
    words = [sys.executable, "-m", "runner", "test", "a.workflow.yaml", "--locked"]
    for options, count in (["--annotations", "none"], 0), ([], 1):
        command = [*words, *options, "--record", "tapes"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
        assert done.returncode == 2
        assert "\nError: --locked asks nothing new" in done.stderr
        assert done.stderr.count("::error title=askpix test%3A nothing ran::--locked") == count
    summary = (tmp_path / "summary.md").read_text()
    assert "### ❌ askpix test: nothing ran\n\n> &#8203;--locked asks nothing new" in summary


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    Image.effect_noise((600, 400), 80).convert("RGB").save(tmp_path / "photo.png")
    (tmp_path / "w.workflow.yaml").write_text(PLANNED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(folder: Path, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line.replace("askpix", f"{sys.executable} -m runner")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_plan_is_told_whole(folder: Path, accepted: object) -> None:
    """Combinations, requests, tokens, cost, what the limit means, and the first request."""
    told = CliRunner().invoke(group, ["plan", "w.workflow.yaml"], catch_exceptions=False)
    size = (folder / "photo.png").stat().st_size
    accepted(HERE / "plan.txt", told.stdout.replace(f"{size:,} bytes", "SIZE bytes"))  # type: ignore[operator]


def test_the_plan_shows_where_the_request_would_go(folder: Path) -> None:
    """The address and version of the command line or the environment, as a run would use them."""
    arguments = [
        "plan",
        "w.workflow.yaml",
        "--base-url",
        "http://127.0.0.9:1",
        "--api-version",
        "v1",
    ]
    told = CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert '"url": "http://127.0.0.9:1/v1/interactions"' in told.stdout


def test_what_show_prints_asks_the_same(folder: Path) -> None:
    """The resolved file loads, and its plan has the hash of the original's."""
    shown = CliRunner().invoke(group, ["show", "w.workflow.yaml"], catch_exceptions=False)
    (folder / "resolved.workflow.yaml").write_text(shown.stdout)
    plans = [
        CliRunner().invoke(group, ["plan", name, "--format", "json"], catch_exceptions=False).stdout
        for name in ("w.workflow.yaml", "resolved.workflow.yaml")
    ]
    assert plans[0] == plans[1]


def test_a_closed_pipe_is_no_mistake(folder: Path) -> None:
    """`askpix plan … | true` ends with 0 and without a word."""
    done = shell(folder, "set -o pipefail; askpix plan w.workflow.yaml 2>/dev/null | true")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
def test_a_full_output_is_the_machines_trouble(folder: Path) -> None:
    """Exit code 5 and a sentence, not an apology."""
    done = shell(folder, "askpix models > /dev/full")
    assert done.returncode == 5
    assert done.stderr == "error: no space left on device: the output could not be written\n"


def test_a_disk_that_is_full_from_the_start_is_found_before_anything_is_asked(
    folder: Path,
) -> None:
    """Exit code 2 and a sentence; no traceback, no apology."""
    for number in range(30):
        Image.effect_noise((64, 64), number + 9).convert("RGB").save(folder / f"n{number}.png")
    workflow = PLANNED.split("matrix:")[0].replace("photo.png", "'n*.png'")
    (folder / "w.workflow.yaml").write_text(workflow)
    run = "askpix run w.workflow.yaml --provider simulator --quiet"
    # No cut-off bytecode of a module is left for those who come after.
    done = shell(folder, f"ulimit -f 12; {run}", PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 2, done.stderr
    assert "has no room for a run" in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


def test_a_folder_that_is_gone_ends_in_a_sentence(folder: Path) -> None:
    """No raw traceback when the current folder was deleted."""
    done = shell(folder, "mkdir gone && cd gone && rmdir ../gone && askpix run x.yaml")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_address_never_comes_from_a_file(folder: Path) -> None:
    """A `.env` that came with a workflow cannot send the key elsewhere."""
    (folder / ".env").write_text("GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9\n")
    told = CliRunner().invoke(group, ["plan", "w.workflow.yaml"], catch_exceptions=False)
    assert "127.0.0.1" not in told.stdout
    assert "generativelanguage.googleapis.com" in told.stdout


def test_a_bug_is_told_without_the_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A short apology; the traceback stands in a file, and no key in it."""
    key = "AIza" + "x" * 35
    (folder / ".env").write_text("GEMINI_API_KEY=secret-in-the-file\n")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert explain(ValueError(f"{key} and secret-in-the-file")) == 4
    (report,) = folder.glob("askpix-bug-*.txt")
    told = capsys.readouterr().err
    assert told == (
        "Sorry: this is a bug of askpix, not a mistake of yours.\n"
        f"What happened stands in {report}; please send it to us.\n"
    )
    assert report.read_text().endswith(f"ValueError: AIza{'…' * 35} and [key]\n")


def test_all_files_are_checked_before_the_first_is_asked(folder: Path) -> None:
    """A mistake in the second file means that nothing runs."""
    (folder / "bad.workflow.yaml").write_text(PLANNED.replace("photo.png", "none/*.png"))
    done = shell(folder, "askpix run w.workflow.yaml bad.workflow.yaml --provider simulator")
    assert done.returncode == 2
    assert not (folder / "runs").exists()
