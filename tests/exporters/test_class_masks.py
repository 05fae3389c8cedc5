"""A PNG for each image with the number, or the colour, of a label in each pixel."""

from __future__ import annotations

import csv
from contextlib import closing
from dataclasses import replace

import numpy as np
from PIL import Image

from runner.exporters.class_masks import colour
from runner.postprocess.rle import bits_in, decode
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.masks import MaskFiles
from runner.values.geometry import Size


def test_the_smaller_of_two_masks_is_on_top(scene, ring, ring_bits, mask_of) -> None:  # type: ignore[no-untyped-def]
    """Whatever comes first in the answer; a palette shows the numbers as colours."""
    small_bits = np.zeros_like(ring_bits)
    small_bits[12:17, 22:30] = 1
    small = replace(ring, label="nut", mask=mask_of(small_bits), box=None)
    results = [
        scene.result("photos/a.jpg", (small, ring), simulated=True),
        scene.result("b.jpg", (), "empty"),
    ]
    folder = scene.write("masks_indexed", results)
    expected = ring_bits.copy()
    expected[small_bits == 1] = 2
    with Image.open(folder / "photos/a.png") as image:
        assert image.mode == "P"
        assert (np.asarray(image) == expected).all()
        assert image.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]
        assert image.info["Comment"].startswith("simulated")
    with Image.open(folder / "b.png") as image:
        assert not np.asarray(image).any()
    assert (folder / "classes.txt").read_text() == "background\nbolt\nnut\n"


def test_colours_are_those_of_the_labels(scene, ring, ring_bits) -> None:  # type: ignore[no-untyped-def]
    """`classes.csv` tells them."""
    folder = scene.write("masks_coloured", [scene.result("a.jpg", (ring,))])
    with (folder / "classes.csv").open(newline="") as file:
        rows = {row["label"]: row for row in csv.DictReader(file)}
    told = [int(rows["bolt"][name]) for name in ("red", "green", "blue")]
    with Image.open(folder / "a.png") as image:
        assert image.mode == "RGB"
        assert ((np.asarray(image) == told).all(axis=2) == (ring_bits == 1)).all()
    assert told == list(colour(1))


def test_the_palette_is_that_of_the_voc_challenges() -> None:
    """Its first colours, and the last one."""
    first = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128)]
    assert [colour(number) for number in range(6)] == first
    assert colour(255) == (224, 224, 192)


def test_more_labels_than_values_are_told(scene, ring) -> None:  # type: ignore[no-untyped-def]
    """254 have one; 255 means undecided."""
    things = [replace(ring, label=f"{number:03}", at=f"m[{number}]") for number in range(256)]
    folder = scene.write("masks_indexed", [scene.result("a.jpg", things)])
    assert len((folder / "classes.txt").read_text().splitlines()) == 255
    assert (folder / "not-written.txt").read_text().splitlines() == [
        f"a.jpg: ok: a.jpg: m[{number}]: only 254 labels have a value" for number in (254, 255)
    ]


def test_our_own_reader_takes_it_as_truth(scene, ring, cat) -> None:  # type: ignore[no-untyped-def]
    """Numbers as labels; a thing without a mask is told and left out."""
    result = scene.result("photos/a.jpg", (ring, cat))
    folder = scene.write("masks_indexed", [result])
    labels = dict(enumerate((folder / "classes.txt").read_text().splitlines()))
    with closing(MaskFiles(folder, labels).open(Flaws())) as truth:
        (found,) = truth.of("a", result.images).truth.found  # type: ignore[union-attr]
    box = Size(64, 48).box
    assert found.label == "bolt"
    assert (bits_in(decode(found.mask.rle), box) == bits_in(decode(ring.mask.rle), box)).all()
    assert "it has no mask" in (folder / "not-written.txt").read_text()
