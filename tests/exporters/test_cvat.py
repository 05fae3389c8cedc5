"""CVAT files hold what was found, by the rules of CVAT's own page; datumaro reads them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest


def shapes(path: Path) -> list[tuple[str, ET.Element]]:
    return [(each.tag, each) for image in ET.parse(path).getroot().iter("image") for each in image]


def test_a_file_says_what_the_format_has(scene, cat, leaf, tip) -> None:  # type: ignore[no-untyped-def]
    """Version, labels with their attributes, images with and without things."""
    results = [scene.result("photos/a.jpg", (cat, leaf, tip)), scene.result("b.jpg", (), "empty")]
    root = ET.parse(scene.write("cvat", results)).getroot()
    assert root.findtext("version") == "1.1"
    labels = {
        label.findtext("name"): [name.text for name in label.iterfind("attributes/attribute/name")]
        for label in root.iter("label")
    }
    assert labels == {"cat": ["score", "age", "wild"], "leaf": [], "tip": []}
    assert [image.attrib for image in root.iter("image")] == [
        {"id": "0", "name": "photos/a.jpg", "width": "64", "height": "48"},
        {"id": "1", "name": "b.jpg", "width": "64", "height": "48"},
    ]
    (_, box), (_, polygon), (_, points) = shapes(scene.write("cvat", results))
    edges = [box.get(edge) for edge in ("xtl", "ytl", "xbr", "ybr")]
    assert edges == ["1.5", "2", "30.25", "40"]
    assert {each.get("name"): each.text for each in box} == {
        "score": "0.9", "age": "3", "wild": "true"
    }  # fmt: skip
    assert polygon.get("points") == "5,5;20.5,6;18,22.25;4,18"
    assert points.get("points") == "12.5,7"


@pytest.mark.parametrize("first", [0, 1])
def test_a_mask_is_run_lengths_of_its_box_row_by_row(
    first, scene, ring, ring_bits, mask_of
) -> None:  # type: ignore[no-untyped-def]
    """Background first, also where the first pixel of the box belongs to the thing."""
    ring_bits[10, 2] = first
    one = replace(ring, mask=mask_of(ring_bits))
    ((kind, mask),) = shapes(scene.write("cvat", [scene.result("a.jpg", (one,))]))
    counts = [int(word) for word in mask.get("rle", "").split(",")]
    names = ("left", "top", "width", "height")
    left, top, width, height = (int(mask.get(name, "")) for name in names)
    whole = np.zeros_like(ring_bits)
    values = np.repeat(np.arange(len(counts)) % 2, counts)
    whole[top : top + height, left : left + width] = values.reshape(height, width)
    assert (kind, counts[0] == 0) == ("mask", bool(first))
    assert (whole == ring_bits).all()


def test_no_label_and_no_field_breaks_the_xml(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Markup is text."""
    one = replace(cat, label='"><box label="x', fields={'a"b': "<i>&", "n\x01": None})
    ((_, box),) = shapes(scene.write("cvat", [scene.result("a.jpg", (one,))]))
    assert box.get("label") == '"><box label="x'
    assert {each.get("name"): each.text for each in box} == {
        "score": "0.9", 'a"b': "<i>&", "n\\x01": "null"
    }  # fmt: skip


def test_datumaro_reads_the_file(scene, cat, leaf, ring, ring_bits, tip, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The toolkit that CVAT itself was built with, where it is installed: it brings OpenCV and pandas."""
    base = pytest.importorskip(
        "datumaro.plugins.data_formats.cvat.base", reason="datumaro is large"
    )
    results = [
        scene.result("photos/a.jpg", (cat, leaf, ring, tip)),
        scene.result("b.jpg", (), "empty"),
    ]
    path = scene.write("cvat", results)
    monkeypatch.chdir(scene.folder)  # it looks for the images from here
    items = {item.id: item for item in base.CvatBase(str(path))}
    box, polygon, mask, points = items["photos/a"].annotations
    assert items["b"].annotations == []
    assert (box.x, box.y, box.w, box.h) == (1.5, 2.0, 28.75, 38.0)
    assert polygon.points == [5, 5, 20.5, 6, 18, 22.25, 4, 18]
    assert (np.asarray(mask.image) == ring_bits).all()
    assert points.points == [12.5, 7]
    assert float(box.attributes["score"]) == 0.9
