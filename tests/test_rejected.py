"""Every mistake in `rejected/` is told in exactly these words: read them as their author would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.validate import command
from runner.text.masking import KEY

HERE = Path(__file__).resolve().parent / "rejected"
RUNNER = HERE.parents[1] / "runner"

ELSEWHERE = {
    "W114": "a file of more than a million bytes or values: tests/text",
    "W126": "what no file is known to do: tests/text",
    "W317": "an option of the command line: tests/workflow/test_variables.py",
    "W318": "an option of the command line: tests/workflow/test_variables.py",
    "W453": "a package that is not installed: tests/sources/test_parquet.py",
    "W441": "the workflow file itself is missing: tests/workflow/test_extends.py",
}
"""Codes that no file here can show."""


def workflows() -> Iterator[Path]:
    """Every workflow that is named after a mistake; the others are companions."""
    for path in sorted(HERE.rglob("*.workflow.yaml")):
        name = path.name.removesuffix(".workflow.yaml")
        if path.parent in (HERE, HERE / name):
            yield path.relative_to(HERE)


@pytest.mark.parametrize("path", list(workflows()), ids=lambda path: path.name.partition(".")[0])
def test_a_mistake_is_told_like_this(
    path: Path, accepted: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`askpix validate` prints exactly the text that stands beside the file."""
    monkeypatch.chdir(HERE)
    result = CliRunner().invoke(command, [path.as_posix()])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    printed = f"{result.stdout}{result.stderr}"
    expected = HERE / path.with_name(path.name.replace(".workflow.yaml", ".txt"))
    accepted(expected, printed)
    assert result.exit_code == (2 if "error[" in printed else 0)


def test_an_api_key_is_told_without_being_printed() -> None:
    """Not even in the line that is shown."""
    files = [path for path in HERE.rglob("*") if path.relative_to(HERE).parts[0][:4] == "W130"]
    texts = {path: path.read_text("utf-8", "replace") for path in files if path.is_file()}
    keys = {key for text in texts.values() for key in KEY.findall(text)}
    assert len(keys) > 1
    printed = "".join(
        text for path, text in texts.items() if path.suffix == ".txt" and path.name[:4] == "W130"
    )
    assert printed
    assert [key for key in (*keys, "not-a-real-token-01234") if key in printed] == []


@pytest.mark.parametrize("path", list(workflows()), ids=lambda path: path.name.partition(".")[0])
def test_a_file_is_named_after_its_first_code(path: Path) -> None:
    """Whoever looks for a code finds the mistake that it tells."""
    printed = (HERE / path.with_name(path.name.replace(".workflow.yaml", ".txt"))).read_text(
        "utf-8"
    )
    code = path.name[:4]
    if re.fullmatch(r"W\d{3}", code):
        assert f"[{code}]" in printed


def test_every_code_has_a_file() -> None:
    """Each code that reading and loading can tell is shown by one of the files."""
    rooms = ("text", "workflow")
    sources = [path.read_text("utf-8") for room in rooms for path in (RUNNER / room).glob("*.py")]
    known = {code for source in sources for code in re.findall(r'"(W\d{3})"', source)}
    shown = {
        code
        for path in HERE.rglob("*.txt")
        for code in re.findall(r"\[(W\d{3})\]", path.read_text("utf-8"))
    }
    assert sorted(known - shown - set(ELSEWHERE)) == []


def test_no_accepted_text_stands_alone() -> None:
    """Every `.txt` belongs to a workflow that prints it."""
    expected = {
        (HERE / path).with_name(path.name.replace(".workflow.yaml", ".txt")) for path in workflows()
    }
    texts = {path for path in HERE.rglob("*.txt") if re.match(r"W\d{3}-|many-", path.name)}
    assert texts == expected
