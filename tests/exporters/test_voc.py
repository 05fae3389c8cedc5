"""Pascal VOC files are read by supervision as the pixels of the boxes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from runner.values.geometry import Box


def test_supervision_reads_whole_pixels_that_count_from_one(scene, cat, dog, sv) -> None:  # type: ignore[no-untyped-def]
    """Half-open edges, rounded half up, come back: what it reads is `box_px`."""
    thin = replace(cat, box=Box(5.0, 6.1, 5.2, 6.2), at="b[9]")
    results = [scene.result("a.jpg", (cat, dog, thin)), scene.result("b.jpg", (), "empty")]
    folder = scene.write("voc", results, images=True)
    dataset = sv.DetectionDataset.from_pascal_voc(
        str(folder / "JPEGImages"), str(folder / "Annotations")
    )
    (_, _, first), (_, _, second) = list(dataset)
    assert dataset.classes == ["cat", "dog"]
    assert first.xyxy.tolist() == [[2, 2, 30, 40], [50, 0, 64, 20], [5, 6, 6, 7]]
    assert first.xyxy.tolist() == [
        each.box.on_pixels(results[0].images[0].size).as_list() for each in (cat, dog, thin)
    ]
    assert len(second) == 0


def test_a_file_says_what_the_format_has(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """The first pixel is 1, the last one is included."""
    whole = replace(cat, box=Box(0, 0, 64, 48))
    folder = scene.write("voc", [scene.result("photos/a b.jpg", (whole,), simulated=True)])
    assert (folder / "Annotations/photos/a b.xml").read_text() == (
        "<annotation>\n"
        "  <folder>photos</folder>\n"
        "  <filename>a b.jpg</filename>\n"
        "  <path>photos/a b.jpg</path>\n"
        "  <source><database>askpix, simulated</database></source>\n"
        "  <size><width>64</width><height>48</height><depth>3</depth></size>\n"
        "  <segmented>0</segmented>\n"
        "  <object><name>cat</name>\n"
        "    <pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>\n"
        "    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>64</xmax><ymax>48</ymax></bndbox>\n"
        "  </object>\n"
        "</annotation>\n"
    )


def test_no_label_breaks_the_xml(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Markup is text, and what XML cannot hold is written out in letters."""
    labels = ["<b>&amp;", "]]>", "a\x00b", "a\rb", "\ufffe", "</name><name>x"]
    things = [replace(cat, label=label) for label in labels]
    folder = scene.write("voc", [scene.result("a.jpg", things)])
    root = ET.parse(folder / "Annotations/a.xml").getroot()
    said = [found.findtext("name") for found in root.findall("object")]
    assert said == ["<b>&amp;", "]]>", "a\\x00b", "a\rb", "\\ufffe", "</name><name>x"]


def test_a_mask_is_the_box_around_it(scene, ring, tip) -> None:  # type: ignore[no-untyped-def]
    """A point is no box, and told."""
    folder = scene.write("voc", [scene.result("a.jpg", (replace(ring, box=None), tip))])
    root = ET.parse(folder / "Annotations/a.xml").getroot()
    assert [edge.text for edge in root.find("object/bndbox") or ()] == ["3", "11", "44", "38"]
    assert (folder / "not-written.txt").read_text() == (
        "a.jpg: ok: a.jpg: points[0]: a point is no box\n"
    )
