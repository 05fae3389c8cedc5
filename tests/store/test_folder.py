"""Results on their way to results.jsonl."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.store.folder import FolderError, RunFolder
from runner.text.result_line import to_line
from runner.values.result import Result

NOON = datetime(2026, 11, 20, 18, 15, 48, tzinfo=UTC)


def result(ordinal: int, step: str = "find", repeat: int = 1) -> Result:
    return Result(
        ordinal=ordinal,
        case=f"{ordinal // 2}.jpg",
        step=step,
        combination={"vars.thing": "cup"},
        repeat=repeat,
        images=(),
        status="ok",
        answer={"text": "naïve ✓ \u2028"},
    )


def test_results_come_back_whole(tmp_path: Path) -> None:
    """results.jsonl is written at once, and read back without any loss."""
    folder = RunFolder.create(tmp_path, "ripeness", "4f2a9c1e" + "0" * 56, NOON)
    results = [result(number) for number in range(300)]
    folder.write_results(map(to_line, results))
    assert list(folder.results()) == results
    assert [path.name for path in folder.path.iterdir()] == ["results.jsonl"]


def test_results_of_a_case_stand_together(tmp_path: Path) -> None:
    """Steps of one case, combination and repeat are one group, with the variables that held."""
    folder = RunFolder.create(tmp_path, "w", "k" * 8, NOON)
    steps = ["find", "describe"] * 3
    folder.write_results(to_line(result(number, step)) for number, step in enumerate(steps))
    groups = list(folder.case_results({"thing": "bottle", "market": "ours"}))
    assert [(group.case, list(group.steps)) for group in groups] == [
        (f"{case}.jpg", ["find", "describe"]) for case in range(3)
    ]
    assert groups[0].vars == {"thing": "cup", "market": "ours"}


def test_a_run_folder_is_named_by_time_workflow_and_plan(tmp_path: Path) -> None:
    """Two runs in one second get different folders; odd names cannot leave the parent."""
    names = [
        RunFolder.create(tmp_path, name, "4f2a9c1e" + "0" * 56, NOON).path.name
        for name in ("ripeness", "ripeness", "../../etc/pass wd", "…")
    ]
    assert names == [
        "2026-11-20T18-15-48Z_ripeness_4f2a9c1e",
        "2026-11-20T18-15-48Z_ripeness_4f2a9c1e-2",
        "2026-11-20T18-15-48Z_etc-pass-wd_4f2a9c1e",
        "2026-11-20T18-15-48Z_run_4f2a9c1e",
    ]


def test_a_parent_that_is_a_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    """The message names the folder and what to do."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(FolderError, match="choose another folder with --out"):
        RunFolder.create(tmp_path / "taken", "w", "k" * 8, NOON)


def test_a_file_of_the_folder_appears_whole(tmp_path: Path) -> None:
    """JSON is for people: indented, letters as they are, the old content replaced."""
    folder = RunFolder(tmp_path)
    folder.write_json("deep/run.json", {"b": 1})
    path = folder.write_json("deep/run.json", {"b": "ü", "a": [1]})
    assert path.read_text(encoding="utf-8") == '{\n  "b": "ü",\n  "a": [\n    1\n  ]\n}\n'
    assert json.loads(path.read_bytes()) == {"b": "ü", "a": [1]}
    assert [entry.name for entry in (tmp_path / "deep").iterdir()] == ["run.json"]
