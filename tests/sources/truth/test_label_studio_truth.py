"""What Label Studio exports is read with all that people do there."""

from __future__ import annotations

import json
from contextlib import closing
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from runner.sources.opening import Unreadable
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.label_studio import LabelStudio
from runner.sources.truth.told import Told
from runner.values.geometry import Size
from runner.values.result import ResultImage
from runner.values.truth import NoTruth, Things

IMAGE = ResultImage("a.jpg", "image", "photos/a.jpg", Size(200, 100), 1, None)
BOX = {"x": 10, "y": 20, "width": 5, "height": 10, "rectanglelabels": ["cat"]}


def region(value: dict[str, Any] = BOX, kind: str = "rectanglelabels", **more: Any) -> Any:
    about = {"original_width": 200, "original_height": 100}
    return {"id": "x", "type": kind, "value": value, **about, **more}


def task(*results: Any, image: str = "/data/local-files/?d=photos/a.jpg", **more: Any) -> Any:
    annotations = [{"result": result} for result in results]
    return {"id": 7, "data": {"image": image}, "annotations": annotations, **more}


def told(tasks: Any, folder: Path, flaws: Flaws | None = None) -> Told:
    path = folder / "export.json"
    path.write_text(json.dumps(tasks))
    with closing(LabelStudio(path).open(flaws or Flaws())) as truth:
        return truth.of("a.jpg", [IMAGE])


@pytest.mark.parametrize(
    "address",
    [
        "/data/local-files/?d=photos/a.jpg",
        "/data/upload/3/1a2b3c4d-a.jpg",
        "https://example.com/photos/a.jpg?token=x",
        "s3://bucket/photos/a.jpg",
        "photos/a.jpg",
    ],
)
def test_an_image_is_known_by_its_address(address: str, tmp_path: Path) -> None:
    """Local files, uploads with their prefix, web and cloud addresses."""
    found = told([task([region()], image=address)], tmp_path).truth
    assert isinstance(found, Things)
    assert [(one.label, one.box and one.box.as_list()) for one in found.found] == [
        ("cat", [20.0, 20.0, 30.0, 30.0])
    ]


def test_a_turned_box_is_an_outline(tmp_path: Path) -> None:
    """Turned clockwise about its first corner, in pixels and not in percent."""
    found = told([task([region({**BOX, "rotation": 45})])], tmp_path).truth
    assert isinstance(found, Things)
    half = 10 / sqrt(2)
    corners = [c for point in found.found[0].polygon[0].points for c in point.as_list()]
    assert corners == pytest.approx(
        [20, 20, 20 + half, 20 + half, 20, 20 + 2 * half, 20 - half, 20 + half]
    )


def test_labels_of_their_own_belong_to_the_region_of_their_id(tmp_path: Path) -> None:
    """Interfaces with `Rectangle` and `Labels` write two regions."""
    bare = {key: value for key, value in BOX.items() if key != "rectanglelabels"}
    regions = [region(bare, "rectangle"), region({**bare, "labels": ["dog"]}, "labels")]
    found = told([task(regions)], tmp_path).truth
    assert isinstance(found, Things)
    assert [one.label for one in found.found] == ["dog"]


def test_what_nobody_finished_is_no_truth(tmp_path: Path) -> None:
    """No annotation, a cancelled one; an empty one says that nothing is there."""
    cancelled = task(annotations=[{"result": [region()], "was_cancelled": True}])
    for tasks in ([task()], [cancelled]):
        assert isinstance(told(tasks, tmp_path).truth, NoTruth)
    assert told([task([])], tmp_path).truth == Things()


def test_of_several_annotations_the_marked_one_is_right(tmp_path: Path) -> None:
    """Without a mark nobody knows which."""
    two = task([region()], [])
    assert told([two], tmp_path).truth == NoTruth(
        "export.json: it was annotated 2 times; mark one of them as ground truth"
    )
    two["annotations"][1]["ground_truth"] = True
    assert told([two], tmp_path).truth == Things()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (region({"x": "a"}), "`x` is no number"),
        (region({**BOX, "width": 0}), "width and height must be above 0"),
        (region({"points": [[1, 2]]}, "polygonlabels"), "an outline has at least three corners"),
        (region({"format": "rle"}, "brushlabels"), "a brush has run lengths (`rle`)"),
        (
            region({"format": "rle", "rle": [1]}, "brushlabels"),
            "the brush strokes do not fill 200 × 100 pixels",
        ),
        (
            region({"x": 1, "y": 1, "radiusX": 3}, "ellipselabels"),
            "the type `ellipselabels` is not read",
        ),
        ({"type": "rectanglelabels"}, "it has no `value`"),
    ],
)
def test_a_region_that_cannot_be_used_is_told(wrong: Any, why: str, tmp_path: Path) -> None:
    """With its place; the others stay."""
    answer = told([task([wrong, region()])], tmp_path)
    assert answer.remarks == (f"export.json, task 1, region 1: {why}",)
    assert isinstance(answer.truth, Things)
    assert len(answer.truth.found) == 1


def test_what_is_said_about_the_whole_image_is_passed_over(tmp_path: Path) -> None:
    """Choices and texts are no places."""
    choice = region({"choices": ["sunny"]}, "choices")
    assert told([task([choice])], tmp_path) == Told(Things())


def test_an_image_of_another_size_is_not_judged(tmp_path: Path) -> None:
    """It was another one when it was drawn on."""
    other = region(original_width=100)
    assert told([task([other])], tmp_path).truth == NoTruth(
        "export.json: `a.jpg` has 200 × 100 pixels, and 100 × 100 in the file"
    )


def test_other_json_is_refused(tmp_path: Path) -> None:
    """An object, an empty list, JSON-MIN."""
    for tasks in ({}, []):
        with pytest.raises(Unreadable):
            told(tasks, tmp_path)
    flaws = Flaws()
    told([{"image": "a.jpg", "label": [BOX]}, {"data": {}}], tmp_path, flaws)
    assert flaws.first == [
        "export.json, task 1: it is no task; export as JSON, not as JSON-MIN",
        "export.json, task 2: its `data` names no image",
    ]
