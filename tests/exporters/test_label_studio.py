"""Label Studio tasks hold what was found, and come back corrected as truth."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from runner.sources.truth.flaws import Flaws
from runner.sources.truth.label_studio import LabelStudio as Truth
from runner.values.result import Result
from runner.values.truth import NoTruth, Things
from runner.values.truth import Truth as AnyTruth


def corrected(path: Path) -> Path:
    """The file as Label Studio exports it when somebody accepted every prediction."""
    tasks = json.loads(path.read_text())
    for task in tasks:
        result = task.pop("predictions")[0]["result"]
        task["annotations"] = [{"id": 1, "was_cancelled": False, "result": result}]
    path.write_text(json.dumps(tasks))
    return path


def truth_of(path: Path, result: Result, flaws: Flaws | None = None) -> AnyTruth:
    with closing(Truth(path).open(flaws or Flaws())) as truth:
        return truth.of(result.case, result.images).truth


def test_a_task_says_what_the_format_has(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Percent of the sides; the image by its path among local files; who predicted it."""
    result = scene.result("photos/a b.jpg", (replace(cat, fields={}),))
    (task,) = json.loads(scene.write("labelstudio", [result]).read_text())
    (prediction,) = task["predictions"]
    assert task["data"] == {
        "image": "/data/local-files/?d=photos/a%20b.jpg",
        "file_name": "photos/a b.jpg",
        "case": "photos/a b.jpg",
    }
    assert prediction["model_version"] == "gemini-x"
    assert prediction["score"] == 0.9
    (region,) = prediction["result"]
    assert region == {
        "id": "1",
        "type": "rectanglelabels",
        "from_name": "boxes",
        "to_name": "image",
        "original_width": 64,
        "original_height": 48,
        "image_rotation": 0,
        "value": {
            "x": 100 * 1.5 / 64,
            "y": 100 * 2 / 48,
            "width": 100 * 28.75 / 64,
            "height": 100 * 38 / 48,
            "rotation": 0,
            "rectanglelabels": ["cat"],
        },
        "score": 0.9,
    }


def test_what_was_corrected_is_truth_again(scene, cat, leaf, ring, tip) -> None:  # type: ignore[no-untyped-def]
    """Boxes, outlines and points to a billionth of a pixel, masks pixel by pixel, and nothing too."""
    first = scene.result("photos/a.jpg", (cat, leaf, ring, tip))
    second = scene.result("photos/b.jpg", (), "empty")
    path = corrected(scene.write("labelstudio", [first, second]))
    flaws = Flaws()
    truth = truth_of(path, first, flaws)
    assert flaws.count == 0
    assert isinstance(truth, Things)
    one, two, three, four = truth.found
    assert [each.label for each in truth.found] == ["cat", "leaf", "bolt", "tip"]
    assert one.box.as_list() == pytest.approx(cat.box.as_list(), abs=1e-9)
    assert [p for corner in two.polygon[0].points for p in corner.as_list()] == pytest.approx(
        [p for corner in leaf.polygon[0].points for p in corner.as_list()], abs=1e-9
    )
    assert three.mask.rle == ring.mask.rle
    assert four.point.as_list() == pytest.approx(tip.point.as_list(), abs=1e-9)
    assert truth_of(path, second) == Things()


def test_predictions_are_no_truth(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Nobody has looked at them yet."""
    result = scene.result("a.jpg", (cat,))
    path = scene.write("labelstudio", [result])
    assert isinstance(truth_of(path, result), NoTruth)


def test_the_interface_names_every_label(scene, cat, ring) -> None:  # type: ignore[no-untyped-def]
    """With a tag for each kind of place, and no label that breaks it."""
    things = (replace(cat, label='"/><b'), ring)
    path = scene.write("labelstudio", [scene.result("a.jpg", things)])
    view = ET.parse(path.with_name(f"{path.stem}.config.xml")).getroot()
    assert [(each.tag, each.get("name")) for each in view] == [
        ("Image", "image"),
        ("BrushLabels", "masks"),
        ("RectangleLabels", "boxes"),
    ]
    assert [label.get("value") for label in view.iter("Label")] == ['"/><b', "bolt"] * 2


def test_label_studio_takes_tasks_and_interface(scene, cat, leaf, ring, tip) -> None:  # type: ignore[no-untyped-def]
    """By its own check, where its package is installed: it brings OpenCV, pandas and NLTK."""
    interface = pytest.importorskip(
        "label_studio_sdk.label_interface", reason="label-studio-sdk is large"
    )
    path = scene.write("labelstudio", [scene.result("a.jpg", (cat, leaf, ring, tip))])
    view = interface.LabelInterface(path.with_name(f"{path.stem}.config.xml").read_text())
    (task,) = json.loads(path.read_text())
    view.validate()
    assert view.validate_task({"data": task["data"]})
    assert view.validate_prediction(task["predictions"][0], return_errors=True) == []
