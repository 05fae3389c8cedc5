"""`askpix schema` and `askpix library` show what is shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner import library
from runner.cli import group


def call(*words: str) -> Result:
    return CliRunner().invoke(group, list(words), standalone_mode=False)


def test_the_schema_goes_to_stdout() -> None:
    """The very file that editors use."""
    outcome = call("schema")
    assert outcome.return_value == 0
    shipped = library.schema_file("workflow").read_text(encoding="utf-8")
    assert json.loads(outcome.stdout) == json.loads(shipped)


def test_the_schema_is_written_for_an_editor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once; an older one is replaced, since it is ours."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "workflow.schema.json"
    first = "First line for your workflows: # yaml-language-server: $schema=workflow.schema.json\n"
    assert call("schema", "--write").stderr == f"wrote workflow.schema.json\n{first}"
    assert path.read_bytes() == library.schema_file("workflow").read_bytes()
    assert call("schema", "--write").stderr == f"workflow.schema.json is up to date\n{first}"
    path.write_text("{}")
    assert call("schema", "--write").stderr == f"updated workflow.schema.json\n{first}"
    assert path.read_bytes() == library.schema_file("workflow").read_bytes()


def test_a_schema_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of that name is in the way."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflow.schema.json").mkdir()
    outcome = call("schema", "--write")
    assert outcome.return_value == 2
    assert outcome.stderr == "error: cannot write workflow.schema.json: Is a directory\n"


def test_the_library_lists_every_workflow_and_every_shape() -> None:
    """Each with a line about it."""
    outcome = call("library")
    assert outcome.return_value == 0
    for name in (*library.workflows(), *library.response_schemas()):
        (line,) = [line for line in outcome.stdout.splitlines() if line.startswith(f"  {name} ")]
        assert len(line.split()) > 3


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("detect/boxes", library.folder("workflows") / "detect/boxes.workflow.yaml"),
        ("lib:detect/boxes", library.folder("workflows") / "detect/boxes.workflow.yaml"),
        ("boxes", library.folder("schemas") / "responses/boxes.schema.json"),
    ],
)
def test_a_shipped_file_is_printed_as_it_is(name: str, path: Path) -> None:
    """To be read, or to be piped into a file of one's own."""
    assert call("library", name).stdout == path.read_text(encoding="utf-8")


def test_an_unknown_name_gets_the_close_one() -> None:
    """On stderr, with exit code 2."""
    outcome = call("library", "detect/boxs")
    assert (outcome.return_value, outcome.stdout) == (2, "")
    assert outcome.stderr == "error: there is no `detect/boxs`; did you mean `detect/boxes`?\n"
