"""The results of a run, read from its folder."""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tracemalloc
import warnings
from pathlib import Path

import pytest

import runner

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it wishes for OpenCV
    pytest.importorskip("supervision")


@pytest.fixture
def run(folder: Path) -> runner.Run:
    """A finished run of two images and two steps."""
    return runner.run("shapes.workflow.yaml", provider="simulator")


def test_results_are_in_the_order_of_the_plan(run: runner.Run) -> None:
    """All of them, or those of a step; with their image and everything in pixels."""
    assert [(each.case, each.step) for each in run] == [
        ("a.png", "find"), ("a.png", "say"), ("b.png", "find"), ("b.png", "say"),
    ]  # fmt: skip
    found = list(run["find"])
    assert [each.image and each.image.name for each in found] == ["a.png", "b.png"]
    boxes = [one.box for one in found[0].detections]
    assert [found[0].answer["boxes"][n]["box"] for n in range(len(boxes))] == [  # type: ignore[index]
        box and box.as_list() for box in boxes
    ]


def test_a_run_says_what_became_of_it(run: runner.Run) -> None:
    """As run.json and checks.json do."""
    assert (run.name, run.status, run.why, run.steps) == ("shapes", "done", None, ("find", "say"))
    assert (run.counts, run.is_fine, run.is_simulated) == ({"ok": 4}, True, True)
    assert run.cost_usd == json.loads((run.folder / "run.json").read_text())["cost_usd"] > 0
    ((name, outcome, why),) = [(each.name, each.outcome, each.why) for each in run.checks]
    assert (name, outcome, why) == ("finds some", "passed", "holds for 2 of 2 cases")
    assert repr(run) == f"<Run shapes: done; 4 ok; {run.folder}>"
    assert repr(run["find"]) == f"<Results of find in {run.folder}>"


def test_a_run_that_is_there_is_opened(run: runner.Run, folder: Path) -> None:
    """By `last`, by its folder, by its name; an unfinished one gives what it has."""
    for name in ("last", run.folder, run.folder.name):
        assert runner.open_run(name).folder.samefile(run.folder)
    manifest = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps({**manifest, "status": "running"}))
    (run.folder / "results.jsonl").unlink()
    killed = runner.open_run()
    assert (killed.status, killed.is_fine, len(list(killed["say"]))) == ("running", False, 2)
    with pytest.raises(runner.Rejected, match="error: there is no run `lsat` here or in runs; did"):
        runner.open_run("lsat")


def test_dicts_are_the_lines_of_the_file(run: runner.Run) -> None:
    """Nothing is lost."""
    lines = (run.folder / "results.jsonl").read_text().splitlines()
    assert list(run.to_dicts()) == [json.loads(line) for line in lines]


def test_the_table_is_that_of_csv(run: runner.Run) -> None:
    """The same columns and cells, each column in one type."""
    table = run["find.boxes"].to_pandas()
    (file,) = run["find.boxes"].save("csv", "boxes.csv")
    with file.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert list(table.columns) == list(rows[0])
    assert [str(cell) for cell in table["label"]] == [row["label"] for row in rows]
    assert [float(row["x_min"]) for row in rows] == list(table["x_min"])
    types = {name: str(kind) for name, kind in table.dtypes.items()}
    assert (types["n"], types["x_min"], types["label"]) == ("Int64", "float64", "string")


@pytest.mark.parametrize(
    ("package", "method"), [("pandas", "to_pandas"), ("supervision", "to_supervision")]
)
def test_a_package_that_is_missing_is_named(
    package: str, method: str, run: runner.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to install."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(runner.Rejected) as rejected:
        list(getattr(run["find"], method)())
    assert str(rejected.value) == f"error: {package} is not installed\n  pip install {package}"


def test_supervision_counts_labels_over_all_results(run: runner.Run) -> None:
    """One number is one label in every image."""
    made = [detections for _, detections in run["find"].to_supervision()]
    named = {
        (int(number), str(name))
        for one in made
        for number, name in zip(one.class_id, one.data["class_name"], strict=True)
    }
    assert len(named) == len({number for number, _ in named}) == len({name for _, name in named})
    result = next(iter(run["find"]))
    assert runner.to_supervision(result, "boxes").xyxy.tolist() == [
        one.box.as_list() for one in result.detections if one.box
    ]
    with pytest.raises(runner.Rejected, match="is not in `labels`"):
        runner.to_supervision(result, "boxes", ["no such thing"])


def test_saving_is_the_export_of_the_command_line(run: runner.Run, folder: Path) -> None:
    """All files or none, and nothing is replaced unless that is said."""
    (file,) = run["find"].save("coco", "out/boxes.json")
    assert len(json.loads(file.read_text())["images"]) == 2
    with pytest.raises(runner.Rejected, match=r"error: out/boxes\.json exists.* force=True"):
        run["find"].save("coco", "out/boxes.json")
    assert run["find"].save("coco", "out/boxes.json", force=True) == (file,)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda run: run["fnd"], "has no step `fnd`; did you mean `find`?"),
        (lambda run: run[0], 'write a step, run["find"], or list(run)[0]'),
        (lambda run: run["find.bxes"].to_pandas(), "has `find.bxes`; did you mean `find.boxes`?"),
        (lambda run: run["find.boxes.labl"].save("csv", "x"), "did you mean `find.boxes.label`?"),
        (lambda run: run["say.words"].save("text", "x"), "no answer has `say.words`; there are: "),
        (lambda run: run.to_pandas(), 'has results of 2 steps; take ["find"] or ["say"]'),
        (lambda run: run["find"].save("koko", "x"), "as: there is no format `koko`"),
        (lambda run: run["say"].save("coco", "x.json"), "`say` holds no boxes, points or outlines"),
        (lambda run: run["find"].save("csv", "x.csv", padding=3), "padding: it has no meaning for"),
        (lambda run: run["find"].save("csv", "photos/a.png/x"), "cannot write photos/a.png/x"),
    ],
)
def test_a_mistake_is_told(mistake, message: str, run: runner.Run) -> None:  # type: ignore[no-untyped-def]
    """As `Rejected`, with what to write instead."""
    with pytest.raises(runner.Rejected) as rejected:
        mistake(run)
    assert message in str(rejected.value)


def test_a_result_is_drawn_on_its_image(run: runner.Run, folder: Path) -> None:
    """Boxes stand where they are; an image that is gone or another one is told."""
    result = next(iter(run["find"]))
    drawn = run.overlay(result)
    assert (drawn.mode, drawn.width / drawn.height) == ("RGB", 400 / 300)
    shutil.copy("photos/b.png", "photos/a.png")
    with pytest.raises(runner.Rejected, match="the image is not on this machine"):
        run.overlay(result)


def test_a_failure_is_not_drawn_as_nothing_found(run: runner.Run) -> None:
    """It says why there is nothing to draw."""
    from dataclasses import replace

    refused = replace(next(iter(run)), status="refused", error="SAFETY", detections=())
    with pytest.raises(runner.Rejected, match=r"a\.png: refused: SAFETY"):
        run.overlay(refused)


def test_a_long_run_is_never_in_memory(run: runner.Run) -> None:
    """A file of fifty megabytes is gone through in less than one."""
    line = (run.folder / "results.jsonl").read_text().splitlines()[0] + "\n"
    with (run.folder / "results.jsonl").open("w") as file:
        for _ in range(3000):
            file.write(line)
    size = (run.folder / "results.jsonl").stat().st_size
    tracemalloc.start()
    try:
        count = sum(1 for _ in run["find"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 3000
    assert peak < size / 4


def test_a_file_that_is_damaged_is_told(run: runner.Run) -> None:
    """Not a traceback, and not fewer results."""
    with (run.folder / "results.jsonl").open("a") as file:
        file.write("{broken\n")
    with pytest.raises(runner.Rejected, match=r"the results of .* cannot be read"):
        list(run)
