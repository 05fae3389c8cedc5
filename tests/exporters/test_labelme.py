"""LabelMe files are read by supervision's reader, and hold what LabelMe's own needs."""

from __future__ import annotations

import json
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image


def test_supervision_reads_boxes_and_outlines(scene, cat, dog, sv) -> None:  # type: ignore[no-untyped-def]
    """In float pixels."""
    folder = scene.write("labelme", [scene.result("a.jpg", (cat, dog))], images=True)
    dataset = sv.DetectionDataset.from_labelme(str(folder), str(folder))
    ((_, _, found),) = list(dataset)
    assert dataset.classes == ["cat", "dog"]
    assert found.xyxy == pytest.approx(np.array([[1.5, 2, 30.25, 40], [50, 0, 64, 20]]))


def test_supervision_reads_an_outline(scene, leaf, sv) -> None:  # type: ignore[no-untyped-def]
    """As the box around it, and its pixels."""
    folder = scene.write("labelme", [scene.result("a.jpg", (leaf,))], images=True)
    dataset = sv.DetectionDataset.from_labelme(str(folder), str(folder))
    ((_, _, found),) = list(dataset)
    assert found.xyxy[0] == pytest.approx([4, 5, 20.5, 22.25], abs=0.5)


def test_a_mask_is_the_pixels_of_its_box(scene, ring, ring_bits) -> None:  # type: ignore[no-untyped-def]
    """As LabelMe puts it together: from the first pixel to the last one, both included."""
    folder = scene.write("labelme", [scene.result("photos/a.jpg", (ring,))])
    document = json.loads((folder / "photos/a.json").read_text())
    (shape,) = document["shapes"]
    (x1, y1), (x2, y2) = np.array(shape["points"]).astype(int)
    whole = np.zeros((document["imageHeight"], document["imageWidth"]), bool)
    with Image.open(BytesIO(b64decode(shape["mask"]))) as png:
        whole[y1 : y2 + 1, x1 : x2 + 1] = np.asarray(png).astype(bool)
    assert (whole == ring_bits).all()
    assert (shape["shape_type"], document["imagePath"]) == ("mask", "a.jpg")


def test_points_scores_and_fields_are_kept(scene, cat, tip) -> None:  # type: ignore[no-untyped-def]
    """The score and the fields as the description, which LabelMe shows."""
    result = scene.result("a.jpg", (cat, tip), simulated=True)
    document = json.loads((scene.write("labelme", [result]) / "a.json").read_text())
    one, two = document["shapes"]
    assert json.loads(one["description"]) == {"score": 0.9, "age": 3, "wild": True}
    assert (two["shape_type"], two["points"], two["description"]) == ("point", [[12.5, 7.0]], "")
    assert document["flags"] == {"simulated": True}


def test_an_image_without_things_has_a_file(scene) -> None:  # type: ignore[no-untyped-def]
    """One that was refused has none."""
    folder = scene.write(
        "labelme", [scene.result("a.jpg", (), "empty"), scene.result("b.jpg", (), "refused")]
    )
    assert json.loads((folder / "a.json").read_text())["shapes"] == []
    assert not (folder / "b.json").exists()


def test_labelme_itself_reads_the_files(scene, cat, leaf, ring, tip) -> None:  # type: ignore[no-untyped-def]
    """Where it is installed: it brings a desktop program (PyQt5) and models."""
    label_file = pytest.importorskip("labelme._label_file", reason="labelme needs PyQt5")
    folder = scene.write("labelme", [scene.result("a.jpg", (cat, leaf, ring, tip))], images=True)
    loaded = label_file.LabelFile(str(folder / "a.json"))
    kinds = [shape["shape_type"] for shape in loaded.shapes]
    assert kinds == ["rectangle", "polygon", "mask", "point"]
