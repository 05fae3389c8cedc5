"""A run is meant by its folder, by its name, or as the last one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.store.folder import FolderError
from runner.store.named_run import named_run

OLD, NEW = "2026-11-20T18-15-48Z_ripeness_4f2a9c1e", "2026-11-21T06-00-00Z_cats_aa3de0c2"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs, and a folder that is none."""
    for name in (NEW, OLD):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "run.json").write_text("{}")
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    return Path("runs")


@pytest.mark.parametrize(
    ("word", "path"),
    [("last", f"runs/{NEW}"), (OLD, f"runs/{OLD}"), (f"runs/{OLD}/", f"runs/{OLD}")],
)
def test_a_run_is_found(word: str, path: str, runs: Path) -> None:
    """The last one is the one that began last."""
    assert named_run(word, runs).path == Path(path)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("lats", "there is no run `lats` here or in runs; did you mean `last`?"),
        (NEW[:-1], f"there is no run `{NEW[:-1]}` here or in runs; did you mean `{NEW}`?"),
        ("zzz", f"there is no run `zzz` here or in runs; the last one is `{NEW}`"),
        ("photos", "photos is no folder of a run: it has no run.json"),
        (
            f"runs/{OLD}/run.json",
            f"runs/{OLD}/run.json is a file of a run; name its folder: runs/{OLD}",
        ),
    ],
)
def test_what_is_no_run_is_told(word: str, said: str, runs: Path) -> None:
    """With what there is instead."""
    with pytest.raises(FolderError) as error:
        named_run(word, runs)
    assert str(error.value) == said


def test_where_there_is_no_run_at_all(tmp_path: Path) -> None:
    """It says how to look elsewhere."""
    for word in ("last", "x"):
        with pytest.raises(FolderError, match="--runs DIR says where runs are kept"):
            named_run(word, tmp_path)


@pytest.mark.parametrize(
    ("name", "told"),
    {
        "a.baseline.json": "is a baseline, and no run; a run is held against it by `askpix diff ",
        "a.workflow.yaml": "is a workflow, and no run; run it (askpix run ",
        "a.txt": "is a file, and no run; name the folder of a run, or `last`",
    }.items(),
)
def test_a_file_that_is_no_run_is_called_what_it_is(tmp_path: Path, name: str, told: str) -> None:
    """It is there; so nobody is told that it is not."""
    (tmp_path / name).touch()
    with pytest.raises(FolderError, match=re.escape(f"{tmp_path / name} {told}")):
        named_run(str(tmp_path / name), tmp_path)
