"""`truth:` is read into typed values: what it is, what its classes are called, where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.values.problem import Rejected
from runner.workflow.load import load
from runner.workflow.spec import TruthSpec, Workflow

HEAD = "image,label,x_min,y_min,x_max,y_max\n"

FILES: Mapping[str, str] = {
    "photos/a.png": "",
    "boxes.csv": HEAD,
    "boxes.jsonl": "",
    "coco.json": "{}",
    "run/results.jsonl": "",
    "yolo/labels/train/a.txt": "",
    "yolo/data.yaml": "nc: 2\nnames:\n  0: cat\n  1: no\n",
    "listed/a.txt": "",
    "listed/classes.txt": "cat\n\ndog\n",
    "bare/a.txt": "",
    "masks/a.png": "",
    "flow.yaml": "names: {0: cat, 7: dog}\n",
    "t.csv": "photo,kind\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def loaded(folder: Path, images: str) -> Workflow:
    path = folder / "x.workflow.yaml"
    path.write_text(f"version: 1\n{images}\nsteps: [{{id: look, prompt: Look.}}]\n")
    return load(path, environ={})


def one(folder: Path, written: str) -> TruthSpec:
    [spec] = loaded(folder, f"images: photos/a.png\ntruth: {{it: {written}}}").truths
    return spec


@pytest.mark.parametrize(
    ("written", "format"),
    [
        ("boxes.csv", "boxes"),
        ("{file: boxes.jsonl, format: boxes}", "boxes"),
        ("coco.json", "coco"),
        ("run/results.jsonl", "results"),
        ("yolo", "yolo"),
        ("listed/", "yolo"),
        ("masks", "masks"),
        ("{file: bare, format: masks}", "masks"),
    ],
)
def test_a_file_or_folder_tells_what_it_is(folder: Path, written: str, format: str) -> None:
    """By its ending, or by what lies in it; `format:` wins."""
    assert one(folder, written).format == format


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("yolo/labels", {0: "cat", 1: "no"}),
        ("yolo", {0: "cat", 1: "no"}),
        ("listed", {0: "cat", 2: "dog"}),
        ("bare", {}),
        ("masks", {}),
        ("{file: bare, classes: [cat, dog]}", {0: "cat", 1: "dog"}),
        ('{file: masks, classes: {"3": cat}}', {3: "cat"}),
        ("{file: masks, classes: flow.yaml}", {0: "cat", 7: "dog"}),
        ("{file: listed, classes: yolo/data.yaml}", {0: "cat", 1: "no"}),
    ],
)
def test_classes_are_called_by_their_names(
    folder: Path, written: str, labels: dict[int, str]
) -> None:
    """As the workflow says, or as tools write it beside labels; `no` is a word."""
    assert one(folder, written).labels == labels


def test_truth_stands_at_the_top_and_in_a_dataset(folder: Path) -> None:
    """Each name once."""
    dataset = "dataset: {file: t.csv, image_columns: photo, truth: {kind: {column: kind}}}"
    workflow = loaded(folder, f"{dataset}\ntruth: {{boxes: boxes.csv}}")
    assert [(spec.name, spec.format) for spec in workflow.truths] == [
        ("boxes", "boxes"),
        ("kind", "column"),
    ]
    with pytest.raises(Rejected, match=r"there are two truths `kind`"):
        loaded(folder, f"{dataset}\ntruth: {{kind: boxes.csv}}")


def test_what_the_truth_is_in_is_kept_with_a_run(folder: Path) -> None:
    """Files and lists of classes; the files of a folder stay where they are."""
    truth = "truth: {boxes: boxes.csv, shapes: yolo, masks: masks}"
    workflow = loaded(folder, f"images: photos/a.png\n{truth}")
    kept = [source.path.name for source in workflow.sources if source.role == "truth"]
    assert kept == ["boxes.csv", "data.yaml"]


def test_paths_of_an_extended_file_are_shown_from_the_file_itself(folder: Path) -> None:
    """`askpix show` prints what is loaded the same in its place."""
    (folder / "yolo" / "team.workflow.yaml").write_text(
        "version: 1\npartial: true\ntruth: {shapes: {file: labels, classes: data.yaml}, more: labels}\n"
    )
    workflow = loaded(folder, "extends: yolo/team.workflow.yaml\nimages: photos/a.png")
    assert workflow.resolved["truth"] == {
        "shapes": {"file": "yolo/labels", "classes": "yolo/data.yaml"},
        "more": "yolo/labels",
    }


def test_an_unknown_column_is_no_truth(folder: Path) -> None:
    """With the name that was meant."""
    truth = "truth: {kind: {column: knd}}"
    with pytest.raises(Rejected) as rejected:
        loaded(folder, f"dataset: {{file: t.csv, image_columns: photo, {truth}}}")
    [problem] = rejected.value.problems
    assert (problem.code, problem.fix) == ("W313", "did you mean `kind`?")
