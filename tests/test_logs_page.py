"""docs/logs.md says what is logged and summed up, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli import group
from runner.values.event import FIELDS

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/logs.md").read_text()
EXAMPLE = ROOT / "examples/01-first-boxes/first-boxes.workflow.yaml"


def rows(header: str) -> list[list[str]]:
    """The rows of the table that begins with this column."""
    table = PAGE.split(f"| {header} |", 1)[1].split("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def test_the_page_names_every_event_with_its_fields() -> None:
    """In the order in which a line has them."""
    told = {cells[0].strip("`"): tuple(re.findall(r"`(\w+)`", cells[2])) for cells in rows("event")}
    assert told == dict(FIELDS)


def test_the_page_names_every_key_of_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order in which they are printed."""
    monkeypatch.chdir(tmp_path)
    words = ["run", str(EXAMPLE), "--provider", "simulator", "--quiet", "--format", "json"]
    done = CliRunner().invoke(group, words, catch_exceptions=False)
    summary = json.loads(done.stdout)
    assert [cells[0].strip("`") for cells in rows("key")] == list(summary)
    for key in ("answers", "requests"):
        told = next(cells[1] for cells in rows("key") if cells[0] == f"`{key}`")
        assert re.findall(r"`(\w+)`", told) == list(summary[key])
    assert all(Path(path).is_file() for paths in summary["outputs"].values() for path in paths)


def test_every_line_of_a_log_has_the_fields_that_the_page_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run as it is."""
    monkeypatch.chdir(tmp_path)
    words = ["run", str(EXAMPLE), "--provider", "simulator", "--quiet"]
    CliRunner().invoke(group, words, catch_exceptions=False)
    (log,) = tmp_path.glob("runs/*/log.jsonl")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["event"] == "run_started"
    assert lines[-1]["event"] == "run_ended"
    for line in lines:
        assert tuple(line) == ("time", "seconds", "event", *FIELDS[line["event"]])
