"""What a CI service hears of a run: annotations at the lines of the workflow, and a summary."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from runner.cli import group

WORKFLOW = """\
version: 1
images: photos/*.png
steps:
  - {id: find, prompt: Find every shape., schema: boxes}
checks:
  - {that: find.boxes.count, at_least: 90, name: many}
  - that: find.boxes.count
    at_least: 80
    level: warning
    name: quite many
"""
EVIL = "::set-output name=a::b.png"
LEGACY = "##[add-path]x.png"
"""Names of files that GitHub's runner would take for commands, the second one anywhere in a line."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository; the workflow is in its folder `tests`, where the step works."""
    (tmp_path / "tests/photos").mkdir(parents=True)
    for name in (EVIL, LEGACY):
        Image.new("RGB", (40, 30), "red").save(tmp_path / "tests/photos" / name)
    (tmp_path / "tests/shapes.workflow.yaml").write_text(WORKFLOW)
    (tmp_path / "summary.md").write_text("of another command\n")
    monkeypatch.chdir(tmp_path / "tests")
    return tmp_path


def askpix(folder: Path, *words: str, github: bool = True) -> Result:
    """A step that works in `tests`; what it prints is in one stream, as GitHub's runner reads it."""
    env = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(folder)}
    env |= {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    return CliRunner(env=env if github else {}).invoke(
        group, words, prog_name="askpix", catch_exceptions=False
    )


def run(folder: Path, *options: str, github: bool = True) -> Result:
    words = ("shapes.workflow.yaml", "--provider", "simulator", "-q", *options)
    return askpix(folder, "run", *words, github=github)


KNOWN = ("error", "warning", "add-path", "set-output", "stop-commands")


def obeyed(output: str) -> Iterator[str]:
    """The commands that GitHub's runner obeys (ActionCommandManager.cs): at the start of a line, or in
    the older form anywhere; and none between `stop-commands` and its token."""
    token = None
    for line in output.splitlines():
        if token is not None:
            token = None if line.strip() == f"::{token}::" else token
            continue
        newer = re.match(r"\s*::([a-z-]+)[^:]*::(.*)", line)
        older = re.search(r"##\[([a-z-]+)[^\]]*\](.*)", line)
        found = newer or older
        if found is None or found[1] not in KNOWN:
            continue
        if found[1] == "stop-commands":
            token = found[2]
        else:
            yield line.strip()


def test_a_check_that_fails_is_marked_at_its_line(folder: Path) -> None:
    """An error, or a warning where the check is one; in the file as the repository knows it."""
    done = run(folder)
    assert done.exit_code == 1
    first, second = obeyed(done.output)
    assert first.startswith(
        "::error file=tests/shapes.workflow.yaml,line=6,col=12,endLine=6,endColumn=28,"
        "title=shapes%3A many::holds for 0 of 2 cases (0%25), needed 100%25; "
    )
    assert second.startswith(
        "::warning file=tests/shapes.workflow.yaml,line=7,col=11,endLine=7,endColumn=27,"
        "title=shapes%3A quite many::holds for 0 of 2 cases"
    )


def test_names_of_files_are_no_commands(folder: Path) -> None:
    """They are shown to a person, and the runner is told to look away; without that it would obey."""
    done = run(folder)
    assert EVIL in done.output
    assert LEGACY in done.output
    assert [line.partition(" ")[0] for line in obeyed(done.output)] == ["::error", "::warning"]
    heard = list(obeyed(re.sub(r"::stop-commands::.*", "", done.output)))
    assert any(line.startswith((EVIL, "✗")) for line in heard)


def test_the_summary_follows_what_is_there(folder: Path) -> None:
    """GitHub's file, and one of the person's."""
    run(folder, "--summary", "mine.md")
    mine = (folder / "tests/mine.md").read_text()
    assert (folder / "summary.md").read_text() == f"of another command\n{mine}"
    assert mine.startswith("### ❌ shapes: 1 of 2 checks failed\n\n| | check | result |\n")
    run(folder, "--summary", "mine.md")
    assert (folder / "tests/mine.md").read_text() == mine


def test_a_full_summary_is_not_made_too_large(folder: Path) -> None:
    """GitHub takes nothing of a summary that is larger than 1 MiB."""
    (folder / "summary.md").write_bytes(b"x" * ((1 << 20) - 300))
    run(folder)
    written = (folder / "summary.md").read_bytes()
    assert len(written) <= 1 << 20
    assert b"1 of 2 checks failed" in written
    assert b"More does not fit here" in written


@pytest.mark.parametrize(
    ("options", "github", "heard"),
    [
        ((), False, False),
        (("--annotations", "github"), False, True),
        (("--annotations", "none"), True, False),
        (("--log-format", "json"), True, False),
    ],
)
def test_annotations_are_for_github(
    folder: Path, options: tuple[str, ...], github: bool, heard: bool
) -> None:
    """There they are the default; anywhere else, and in a log for programs, there are none."""
    done = run(folder, *options, github=github)
    assert ("::error file=" in done.output) is heard
    assert done.exit_code == 1


def test_a_log_for_programs_holds_no_command(folder: Path) -> None:
    """So both together are a mistake, which is told."""
    done = run(folder, "--log-format", "json", "--annotations", "github")
    assert done.exit_code == 2
    assert "exclude each other" in done.output


def test_a_mistake_in_the_file_is_marked(folder: Path) -> None:
    """Nothing ran, and the line says why; a person reads it as ever."""
    file = folder / "tests/shapes.workflow.yaml"
    file.write_text(file.read_text().replace("at_least: 80", "at_leest: 80"))
    done = run(folder)
    assert done.exit_code == 2
    assert " --> shapes.workflow.yaml:8:5" in done.output
    (first,) = obeyed(done.output)
    assert first.startswith("::error file=tests/shapes.workflow.yaml,line=8,col=5,")
    summary = (folder / "summary.md").read_text()
    assert "### ❌ nothing ran: 1 mistake\n\n- shapes.workflow.yaml:8:5: unknown key" in summary


def test_a_test_that_cannot_begin_says_why_in_the_summary(folder: Path) -> None:
    """Without a baseline `--locked` runs nothing."""
    done = askpix(folder, "test", "shapes.workflow.yaml", "--provider", "simulator", "--locked")
    assert done.exit_code == 2
    (first,) = obeyed(done.output)
    assert first.startswith(
        "::error file=tests/shapes.workflow.yaml,line=1,col=1,title=shapes%3A nothing ran::"
        "there is no shapes.baseline.json"
    )
    summary = (folder / "summary.md").read_text()
    assert "### ❌ shapes: nothing ran\n\n> there is no shapes.baseline.json" in summary


def test_what_is_worse_says_how_to_accept_it(folder: Path) -> None:
    """Seven images, so that chance does not explain it."""
    file = folder / "tests/shapes.workflow.yaml"
    shutil.rmtree(folder / "tests/photos")
    (folder / "tests/photos").mkdir()
    for number in range(7):
        image = Image.new("RGB", (400 + number, 300), "white")
        image.paste("red", (40, 60, 120, 200))
        image.paste("blue", (200, 100, 320, 220))
        image.save(folder / f"tests/photos/{number}.png")
    few = "version: 1\nimages: photos/*.png\nsteps:\n  - {id: find, prompt: Find.NOT, schema: boxes}\n"
    checks = "checks:\n  - {that: find.boxes.count, at_least: 2, pass_rate: 0, name: some}\n"
    file.write_text(few.replace("NOT", "") + checks)
    assert run(folder, github=False).exit_code == 0
    assert askpix(folder, "accept", "last", github=False).exit_code == 0
    file.write_text(few.replace("Find.NOT", '"Find. [[simulate: single-object]]"') + checks)
    done = askpix(
        folder, "test", "shapes.workflow.yaml", "--provider", "simulator", "-q", "--fresh"
    )
    assert done.exit_code == 1, done.output
    assert "### ❌ shapes: 1 of 2 checks failed" in (folder / "summary.md").read_text()
    assert "commit <code>shapes.baseline.json</code>" in (folder / "summary.md").read_text()
    (first,) = obeyed(done.output)
    assert "line=6,col=12" in first


def test_a_summary_replaces_no_table(folder: Path) -> None:
    """A name that does not end as Markdown does is hardly meant."""
    (folder / "mine.csv").write_text("a,b")
    done = run(folder, "--summary", "mine.csv")
    assert done.exit_code == 2
    assert "--summary writes Markdown: mine.csv → write mine.md" in done.output
    assert (folder / "mine.csv").read_text() == "a,b"


def test_a_summary_that_cannot_be_written_is_told_before_anything_is_asked(folder: Path) -> None:
    """As a mistake on the command line."""
    done = run(folder, "--summary", "nowhere/mine.md")
    assert done.exit_code == 2
    assert "--summary: cannot write" in done.output
    assert not (folder / "tests/runs").exists()


def test_a_check_of_an_extended_file_is_marked_there(folder: Path) -> None:
    """The line that has to be read stands in the part, not in the file that extends it."""
    file = folder / "tests/shapes.workflow.yaml"
    part = file.read_text().replace("images: photos/*.png", "partial: true")
    (folder / "tests/part.workflow.yaml").write_text(part)
    file.write_text("version: 1\nextends: part.workflow.yaml\nimages: photos/*.png\n")
    first, _ = obeyed(run(folder).output)
    assert first.startswith("::error file=tests/part.workflow.yaml,line=6,col=12,")
