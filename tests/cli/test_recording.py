"""`--record` and `--replay` as people use them: on the command line, from folder to folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageDraw

from runner.cli import group

WORKFLOW = """\
version: 1
name: shapes
images: photos/*.png
defaults: {temperature: 0.5}
steps:
  - id: find
    prompt: Find every shape in the image.
    schema: boxes
run: {repeat: 2}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "photos").mkdir()
    for name, colour in (("a", "red"), ("b", "blue")):
        image = Image.new("RGB", (200, 150), "white")
        ImageDraw.Draw(image).rectangle((40, 60, 119, 109), fill=colour)
        image.save(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "shapes.workflow.yaml").write_text(WORKFLOW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*options: str) -> Result:
    """`askpix run` with these options, each time into another folder."""
    out = f"runs-{'-'.join(option.strip('-') for option in options)}"
    words = ["run", "shapes.workflow.yaml", "--out", out, *options]
    return CliRunner().invoke(group, words, catch_exceptions=False)


def results(*options: str) -> bytes:
    out = f"runs-{'-'.join(option.strip('-') for option in options)}"
    (file,) = Path(out).glob("*/results.jsonl")
    return file.read_bytes()


RECORD = ("--provider", "simulator", "--record", "kept")
REPLAY = ("--replay", "kept")


def test_a_replay_needs_no_key_and_gives_the_same_results(folder: Path, no_socket: None) -> None:
    """Byte for byte, also of requests that were repeated; and it says where they came from."""
    recorded = run(*RECORD)
    assert recorded.exit_code == 0, recorded.output
    assert "  kept: 4 recorded\n" in recorded.stderr
    replayed = run(*REPLAY)
    assert replayed.exit_code == 0, replayed.output
    assert "  kept: 4 answered from it\n" in replayed.stderr
    assert "simulated: no model looked at these images" in replayed.stderr
    assert results(*REPLAY) == results(*RECORD)


def test_recording_again_asks_only_what_is_new(folder: Path) -> None:
    """`new` is the mode when none is named."""
    run(*RECORD)
    (folder / "photos/b.png").rename(folder / "photos/c.png")
    image = Image.new("RGB", (200, 150), "white")
    image.save(folder / "photos/b.png")
    assert "  kept: 4 answered from it, 2 recorded\n" in run(*RECORD, "--parallel", "1").stderr


@pytest.mark.parametrize(
    ("mode", "told", "code"),
    [
        ("once", "nothing in it was asked for", 3),
        ("new", "4 recorded", 0),
        ("all", "4 recorded", 0),
    ],
)
def test_the_modes(mode: str, told: str, code: int, folder: Path) -> None:
    """What becomes of questions that are not in a folder with recordings."""
    run(*RECORD)
    file = folder / "shapes.workflow.yaml"
    file.write_text(WORKFLOW.replace("every shape", "every thing"))
    outcome = run(*RECORD, "--record-mode", mode)
    assert (outcome.exit_code, f"  kept: {told}\n" in outcome.stderr) == (code, True)


def test_a_replay_of_another_question_says_what_differs(folder: Path) -> None:
    """On the terminal and in the results; the run goes on to its end: exit code 3."""
    run(*RECORD)
    file = folder / "shapes.workflow.yaml"
    file.write_text(WORKFLOW.replace("0.5", "0.2"))
    outcome = run(*REPLAY)
    why = (
        "this request is not recorded; the nearest is kept/recordings.jsonl:N:"
        " `temperature` is 0.2, recorded 0.5"
    )
    assert outcome.exit_code == 3
    assert why in re.sub(r"jsonl:\d:", "jsonl:N:", outcome.stderr)
    lines = [json.loads(line) for line in results(*REPLAY).splitlines()]
    told = [(line["status"], re.sub(r"jsonl:\d:", "jsonl:N:", line["error"])) for line in lines]
    assert told == [("failed", why)] * 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--replay", "missing"), "error: missing: nothing is recorded here\n  make it with:"),
        (("--replay", "photos"), "error: photos: nothing is recorded here\n"),
        (("--replay", "a", "--record", "b"), "Error: --record and --replay exclude each other"),
        (("--record-mode", "all"), "Error: --record-mode needs --record DIR"),
        (("--record", "shapes.workflow.yaml"), "error: shapes.workflow.yaml: file exists"),
    ],
)
def test_options_that_make_no_sense_are_told(
    options: tuple[str, ...], message: str, folder: Path
) -> None:
    """Nothing runs: exit code 2."""
    outcome = run(*options)
    assert (outcome.exit_code, message in outcome.stderr) == (2, True), outcome.stderr


@pytest.mark.parametrize("options", [REPLAY, RECORD])
def test_damaged_recordings_stop_the_run_before_it_begins(
    options: tuple[str, ...], folder: Path
) -> None:
    """File and line are named; nothing is recorded over them."""
    run(*RECORD)
    file = folder / "kept/recordings.jsonl"
    damaged = file.read_bytes().replace(b"red region", b"tan region", 1)
    file.write_bytes(damaged)
    outcome = run(*options, "--limit", "1")
    assert outcome.exit_code == 2
    assert "error: kept/recordings.jsonl:" in outcome.stderr
    assert "this line was changed or damaged after it was recorded" in outcome.stderr
    assert file.read_bytes() == damaged


def test_what_a_broken_recording_lost_is_said(folder: Path) -> None:
    """The rest of it is used."""
    run(*RECORD)
    kept = (folder / "kept/recordings.jsonl").read_bytes()
    (folder / "kept/recordings.jsonl").unlink()
    (folder / "kept/recordings.journal.jsonl").write_bytes(kept[:-5])
    outcome = run(*RECORD, "--parallel", "2")
    assert outcome.exit_code == 0
    assert "warning: kept/recordings.journal.jsonl:4: the last exchange was not" in outcome.stderr
    assert "  kept: 3 answered from it, 1 recorded\n" in outcome.stderr


def test_several_workflows_share_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`once` means once for the whole command."""
    other = WORKFLOW.replace("every shape", "every thing").replace("name: shapes", "name: things")
    (folder / "things.workflow.yaml").write_text(other)
    words: list[Any] = ["run", "shapes.workflow.yaml", "things.workflow.yaml"]
    recorded = CliRunner().invoke(group, [*words, *RECORD, "--record-mode", "once"])
    assert recorded.exit_code == 0, recorded.output
    assert "  kept: 8 recorded\n" in recorded.stderr
    replayed = CliRunner().invoke(group, [*words, *REPLAY, "--format", "json", "-q"])
    assert [one["by_status"] for one in json.loads(replayed.stdout)] == [{"ok": 4}, {"ok": 4}]


def test_two_workflows_that_ask_the_same_ask_once(folder: Path) -> None:
    """What the first of a command has recorded answers the second; in `once` this is no replay yet,
    so that what only the second asks is recorded, too."""
    (folder / "again.workflow.yaml").write_text(WORKFLOW.replace("repeat: 2", "repeat: 3"))
    words: list[Any] = ["run", "shapes.workflow.yaml", "again.workflow.yaml"]
    for mode in ("new", "once"):
        options = ["--provider", "simulator", "--record", mode, "--record-mode", mode]
        recorded = CliRunner().invoke(group, [*words, *options])
        assert recorded.exit_code == 0, recorded.output
        assert f"  {mode}: 4 answered from it, 6 recorded\n" in recorded.stderr
        assert len(Path(mode, "recordings.jsonl").read_bytes().splitlines()) == 6
