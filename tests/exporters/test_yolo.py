"""YOLO labels are read as what was found: by the rules of Ultralytics, by supervision, and by us."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from runner.postprocess.polygons import rasterised
from runner.postprocess.rle import decode, encode
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.numbers import ring
from runner.sources.truth.yolo import Yolo as Truth
from runner.values.geometry import Box, Size
from runner.values.result import Detection


def read_like_ultralytics(image: Path, classes: int) -> list[tuple[int, list[float]]]:
    """The label rows of an image, or AssertionError, by the rules that its reader states.

    Labels lie where the last `/images/` of the path is `/labels/`; a file has only rows of five
    numbers (boxes) or only longer ones of odd length (outlines); numbers lie in 0–1, with one
    percent of tolerance; classes are whole and below the count. Source: docs.ultralytics.com/datasets
    and ultralytics/data/utils.py of version 8.4, which needs PyTorch and so is not installed here.
    """
    before, after = str(image).rsplit("/images/", 1)
    file = Path(f"{before}/labels/{after}").with_suffix(".txt")
    rows = [line.split() for line in file.read_text(encoding="utf-8-sig").splitlines() if line]
    lengths = {len(row) for row in rows}
    assert lengths <= {5} or (5 not in lengths and all(n % 2 for n in lengths))
    numbers = [[float(word) for word in row] for row in rows]
    for kind, *shares in numbers:
        assert kind == int(kind) < classes
        assert min(shares) >= 0
        assert max(shares) <= 1.01
    assert len({tuple(row) for row in rows}) == len(rows)  # of duplicates one is dropped
    return [(int(kind), shares) for kind, *shares in numbers]


def test_boxes_are_read_by_the_rules_of_ultralytics(scene, cat, dog) -> None:  # type: ignore[no-untyped-def]
    """Shares of the sides, middle first; classes count from 0 in alphabetical order."""
    results = [scene.result("photos/a b.jpg", (dog, cat)), scene.result("c.png", (), "empty")]
    folder = scene.write("yolo", results, images=True)
    data = yaml.safe_load((folder / "data.yaml").read_text())
    assert data == {
        "train": "images", "val": "images", "nc": 2, "names": {0: "cat", 1: "dog"}
    }  # fmt: skip
    rows = read_like_ultralytics(folder / "images/photos/a b.jpg", data["nc"])
    assert [kind for kind, _ in rows] == [1, 0]
    assert rows[0][1] == pytest.approx([57 / 64, 10 / 48, 14 / 64, 20 / 48])
    assert rows[1][1] == pytest.approx([15.875 / 64, 21 / 48, 28.75 / 64, 38 / 48])
    assert read_like_ultralytics(folder / "images/c.png", data["nc"]) == []
    copied = (folder / "images/photos/a b.jpg").read_bytes()
    assert copied == (scene.folder / "photos/a b.jpg").read_bytes()


def test_supervision_reads_the_same_boxes(scene, cat, dog, sv) -> None:  # type: ignore[no-untyped-def]
    """To a thousandth of a pixel: it computes in 32 bits."""
    folder = scene.write("yolo", [scene.result("a.jpg", (cat, dog))], images=True)
    dataset = sv.DetectionDataset.from_yolo(
        str(folder / "images"), str(folder / "labels"), str(folder / "data.yaml")
    )
    ((_, _, found),) = list(dataset)
    assert dataset.classes == ["cat", "dog"]
    assert found.class_id.tolist() == [0, 1]
    assert found.xyxy == pytest.approx(np.array([[1.5, 2, 30.25, 40], [50, 0, 64, 20]]), abs=1e-3)


def test_a_mask_stays_one_line_with_all_of_its_pixels(scene, ring, leaf, cat) -> None:  # type: ignore[no-untyped-def]
    """Its parts and holes are joined without width; with it, boxes become outlines of four corners."""
    folder = scene.write("yolo", [scene.result("a.jpg", (ring, leaf, cat))], images=True)
    rows = read_like_ultralytics(folder / "images/a.jpg", 3)
    assert [kind for kind, _ in rows] == [0, 2, 1]
    size = Size(64, 48)
    pixels = [share * side for share, side in zip(rows[0][1], [64, 48] * 999, strict=False)]
    assert encode(rasterised((ring_of(pixels),), size)) == encode(decode(ring.mask.rle))
    assert rows[1][1] == pytest.approx(
        [each for x, y in ((5, 5), (20.5, 6), (18, 22.25), (4, 18)) for each in (x / 64, y / 48)]
    )
    assert rows[2][1] == pytest.approx(
        [1.5 / 64, 2 / 48, 30.25 / 64, 2 / 48, 30.25 / 64, 40 / 48, 1.5 / 64, 40 / 48]
    )


def ring_of(pixels: list[float]):  # type: ignore[no-untyped-def]
    return ring([round(value, 5) for value in pixels])


def test_our_own_reader_takes_it_as_truth(scene, cat, dog) -> None:  # type: ignore[no-untyped-def]
    """With the labels of `data.yaml`."""
    result = scene.result("photos/a.jpg", (cat, dog))
    folder = scene.write("yolo", [result])
    names = yaml.safe_load((folder / "data.yaml").read_text())["names"]
    with closing(Truth(folder / "labels", names).open(Flaws())) as truth:
        found = truth.of("photos/a.jpg", result.images).truth.found  # type: ignore[union-attr]
    assert [one.label for one in found] == ["cat", "dog"]
    assert found[0].box.as_list() == pytest.approx(cat.box.as_list(), abs=1e-6)


def test_labels_of_any_letters_stay_in_their_line_of_yaml(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Nothing that a model writes becomes a key, a tag or another class."""
    labels = ["a: b", "x\nnc: 7", '"', "\\", "- !!python/object", "Löffel", "😀", "\u2028", "no"]
    things = [replace(cat, label=label, at=f"b[{n}]") for n, label in enumerate(labels)]
    folder = scene.write("yolo", [scene.result("a.jpg", things)])
    data = yaml.safe_load((folder / "data.yaml").read_text(encoding="utf-8"))
    assert data["nc"] == len(labels)
    assert sorted(data["names"].values()) == sorted(label.strip() or "object" for label in labels)


def test_images_that_differ_in_their_ending_have_files_of_their_own(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Labels are found by the name without the ending: the second image and its labels get another."""
    results = [scene.result("a.jpg", (cat,)), scene.result("a.png", (), "empty")]
    folder = scene.write("yolo", results, images=True)
    labels = sorted(path.stem for path in (folder / "labels").iterdir())
    images = sorted(path.stem for path in (folder / "images").iterdir())
    assert labels == images
    assert len(labels) == 2


def test_points_and_failures_are_told(scene, cat, tip) -> None:  # type: ignore[no-untyped-def]
    """An image whose answer failed has no label file: nobody knows that it is empty."""
    folder = scene.write(
        "yolo", [scene.result("a.jpg", (tip,)), scene.result("b.jpg", (), "refused")]
    )
    assert [path.name for path in (folder / "labels").iterdir()] == ["a.txt"]
    assert (folder / "not-written.txt").read_text() == (
        "b.jpg: refused: SAFETY\na.jpg: ok: a.jpg: points[0]: a point is neither box nor outline\n"
    )


def test_a_box_at_the_edge_is_inside(scene) -> None:  # type: ignore[no-untyped-def]
    """No share is below 0 or above 1."""
    whole = Detection("b", "x", Box(-5, -5, 99, 99))
    folder = scene.write("yolo", [scene.result("a.jpg", (whole,))])
    assert (folder / "labels/a.txt").read_text() == "0 0.5 0.5 1 1\n"
