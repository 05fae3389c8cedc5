"""Annotations reach GitHub as they are meant: one line each, at the right file, the worst first."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.github import Annotation, commands
from runner.values.problem import Place

ROOT = Path("/repository")


def command(annotation: Annotation, root: Path = ROOT) -> str:
    (line,) = commands([annotation], root)
    return line


def read(line: str) -> tuple[str, dict[str, str], str]:
    """As GitHub's runner reads a command (ActionCommand.cs): name, properties, message."""
    assert line.startswith("::")
    info, _, data = line[2:].partition("::")
    name, _, listed = info.partition(" ")
    pairs = (each.split("=", 1) for each in listed.split(",") if each)
    properties = {key: _unescaped(value, ":", ",") for key, value in pairs}
    return name, properties, _unescaped(data)


def _unescaped(text: str, *more: str) -> str:
    for char in ("\r", "\n", *more, "%"):
        text = text.replace(f"%{ord(char):02X}", char)
    return text


@given(st.text(alphabet="ab%:,=\r\n #[]0AD25;", max_size=20), st.text(alphabet="a%:,=\n2C"))
def test_any_text_arrives_as_it_is(message: str, title: str) -> None:
    """In one line, whatever GitHub's marks are in it."""
    line = command(Annotation("error", f"t{title}", message))
    assert len(line.splitlines()) == 1
    assert read(line) == ("error", {"title": f"t{title}"}, message)


def test_what_is_hidden_is_shown() -> None:
    """A control character in a message neither colours a log nor turns a line around."""
    assert (
        command(Annotation("error", "a", "b\x1b[2J\u202e")) == "::error title=a::b\\x1b[2J\\u202e"
    )


@pytest.mark.parametrize(
    ("here", "file", "named"),
    [
        (".", "a.yaml", "a.yaml"),
        ("sub", "a.yaml", "sub/a.yaml"),
        ("sub", "../b/a,b:c.yaml", "b/a,b:c.yaml"),
        ("sub", "{root}/sub/a.yaml", "sub/a.yaml"),
    ],
)
def test_a_file_is_named_from_the_root_of_the_repository(
    here: str, file: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the step works, and however the command line names it."""
    (tmp_path / here).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / here)
    place = Place(file.format(root=tmp_path), 4, 7, 9)
    _, properties, _ = read(command(Annotation("warning", "t", "m", place), tmp_path))
    at = {"file": named, "line": "4", "col": "7", "endLine": "4", "endColumn": "9"}
    assert properties == at | {"title": "t"}


def test_a_repository_may_be_reached_by_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner's folder often is one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "real")
    line = command(Annotation("error", "t", "m", Place("a.yaml", 1, 1)), tmp_path / "link")
    assert read(line)[1]["file"] == "a.yaml"


@pytest.mark.parametrize(
    ("errors", "warnings", "names", "last"),
    [
        (2, 1, ["error"] * 2 + ["warning"], "w0"),
        (10, 10, ["error"] * 10 + ["warning"] * 10, "w9"),
        (11, 0, ["error"] * 10, "and 2 more errors"),
        (0, 12, ["warning"] * 10, "and 3 more warnings"),
    ],
)
def test_github_shows_ten_of_a_kind(
    errors: int, warnings: int, names: list[str], last: str
) -> None:
    """It drops what is beyond without a word: so the tenth says how many there are."""
    found = [Annotation("warning", "t", f"w{n}") for n in range(warnings)]
    found += [Annotation("error", "t", f"e{n}") for n in range(errors)]
    told = [read(line) for line in commands(found, ROOT)]
    assert [name for name, _, _ in told] == names
    assert told[-1][2] == last
