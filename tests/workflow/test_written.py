"""Where a setting is written in a workflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.values.problem import Place
from runner.workflow.written import place_of

TEXT = """\
version: 1
images: photos/*
vars:
  how: all
steps:
  - {id: find, prompt: Find.}
  - id: look
    prompt: Look.
    fields: {colour: [red, green]}
matrix:
  vars.how: [all, few]
"""


@pytest.mark.parametrize(
    ("setting", "line", "column"),
    [
        ("images", 2, 1),
        ("vars.how", 4, 3),
        ("steps.find.prompt", 6, 16),
        ("steps.look.prompt", 8, 5),
        ("steps.look.fields.colour.2", 9, 28),
        ("steps.look.thinking", 7, 5),
        ("matrix.vars.how.2", 11, 19),
        ("defaults.thinking", 1, 1),
    ],
)
def test_a_setting_is_found_where_it_is_written(
    tmp_path: Path, setting: str, line: int, column: int
) -> None:
    """Steps go by their ids, entries of lists by their numbers; what is not there by what would hold it."""
    file = tmp_path / "a.yaml"
    file.write_text(TEXT)
    place = place_of(file, setting)
    assert (place.file, place.line, place.column) == (str(file), line, column)


def test_a_file_that_is_gone_has_a_first_line(tmp_path: Path) -> None:
    """An annotation needs a place in any case."""
    assert place_of(tmp_path / "a.yaml", "images") == Place(str(tmp_path / "a.yaml"), 1, 1)
