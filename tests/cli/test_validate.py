"""`askpix validate` says everything that is wrong with a file, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli.validate import command

SOUND = """\
version: 1
images: "*.jpg"
steps:
  - id: caption
    model: gemini-3.5-flash
    prompt: Describe this picture.
"""
DOUBTFUL = SOUND.replace("picture.", "picture. # of a cat")
BROKEN = "version: 1\nimages: *.jpg\nsteps:\n  - prompt: {{ x }}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4, 4)).save("a.jpg")
    for name, text in (("sound", SOUND), ("doubtful", DOUBTFUL), ("broken", BROKEN)):
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def validate(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_a_sound_file_has_no_problems(folder: Path) -> None:
    """Exit code 0, and a line for people."""
    result = validate("sound.yaml")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "sound.yaml: no problems\n")


def test_a_broken_file_is_told_in_full(folder: Path) -> None:
    """Exit code 2, every mistake with its line; the sound one beside it is named."""
    result = validate("broken.yaml", "sound.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "sound.yaml: no problems\n"
        "error[W102]: a value may not start with * (YAML reads it as a link)\n"
        " --> broken.yaml:2:9\n"
        "  |\n"
        "2 | images: *.jpg\n"
        '  |         ^^^^^ write images: "*.jpg"\n'
        "\n"
        "error[W101]: a value that starts with {{ must be in quotes\n"
        " --> broken.yaml:4:13\n"
        "  |\n"
        "4 |   - prompt: {{ x }}\n"
        '  |             ^^^^^^^ write prompt: "{{ x }}"\n'
        "\n"
        "2 errors\n"
    )


def test_warnings_count_only_when_it_is_strict(folder: Path) -> None:
    """They are printed in both cases."""
    relaxed, strict = validate("doubtful.yaml"), validate("--strict", "doubtful.yaml")
    assert (relaxed.exit_code, strict.exit_code) == (0, 2)
    assert relaxed.stderr == strict.stderr
    assert relaxed.stderr.startswith("warning[W120]: ")
    assert relaxed.stderr.endswith("\n\n1 warning\n")


@pytest.mark.parametrize(("file", "errors", "code"), [("sound", 0, 0), ("broken", 2, 2)])
def test_programs_get_json(folder: Path, file: str, errors: int, code: int) -> None:
    """Always one object on stdout, and nothing on stderr."""
    result = validate(f"{file}.yaml", "--format", "json")
    assert (result.exit_code, result.stderr) == (code, "")
    assert json.loads(result.stdout)["errors"] == errors


def test_github_gets_commands(folder: Path) -> None:
    """On stdout, where it looks for them."""
    result = validate("broken.yaml", "--format", "github")
    assert result.exit_code == 2
    assert [line.split(",")[0] for line in result.stdout.splitlines()] == [
        "::error file=broken.yaml"
    ] * 2


def test_missing_images_are_told(folder: Path) -> None:
    """A pattern that matches nothing is found before anything runs."""
    (folder / "a.jpg").unlink()
    result = validate("sound.yaml")
    assert result.exit_code == 2
    assert "error[W401]" in result.stderr


def test_a_file_that_is_not_there_is_a_problem(folder: Path) -> None:
    """Not a traceback; the others are looked at all the same."""
    result = validate("sond.yaml", "sound.yaml")
    assert result.exit_code == 2
    assert "there is no file `sond.yaml`" in result.stderr
    assert "did you mean `sound.yaml`?" in result.stderr
    assert "sound.yaml: no problems" in result.stderr
