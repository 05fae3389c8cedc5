"""COCO files are read by pycocotools, and by us, as what was found."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO

from runner.exporters.coco import Coco
from runner.postprocess.polygons import rasterised
from runner.postprocess.rle import decode
from runner.sources.truth.coco import Coco as Truth
from runner.sources.truth.flaws import Flaws
from runner.values.geometry import Box, Point, Polygon, Size
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""pycocotools' own, since NumPy 2."""


def loaded(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def test_pycocotools_reads_what_was_found(scene, cat, dog, ring, leaf, tip) -> None:  # type: ignore[no-untyped-def]
    """Boxes unrounded and cut at the image, masks pixel by pixel, outlines, points as keypoints."""
    found = (cat, dog, ring, leaf, tip)
    results = [scene.result("photos/a b.jpg", found), scene.result("photos/none.png", (), "empty")]
    coco = loaded(scene.write("coco", results))
    assert coco.loadImgs([1, 2]) == [
        {"id": 1, "file_name": "photos/a b.jpg", "width": 64, "height": 48},
        {"id": 2, "file_name": "photos/none.png", "width": 64, "height": 48},
    ]
    assert [cat["name"] for cat in coco.loadCats(coco.getCatIds())] == sorted(
        ["cat", "dog", "bolt", "leaf", "tip"]
    )
    assert coco.getAnnIds(imgIds=[2]) == []
    one, two, three, four, five = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert [each["id"] for each in (one, two, three, four, five)] == [1, 2, 3, 4, 5]
    assert one == {
        "id": 1,
        "image_id": 1,
        "category_id": 2,
        "iscrowd": 0,
        "bbox": [1.5, 2.0, 28.75, 38.0],
        "area": 28.75 * 38,
        "score": 0.9,
        "attributes": {"age": 3, "wild": True},
    }
    assert two["bbox"] == [50.0, 0.0, 14.0, 20.0]
    assert (three["area"], three["bbox"]) == (ring.mask.area, [2, 10, 42, 28])
    assert (coco.annToMask(three) == np.asarray(bits(ring))).all()
    theirs = coco.annToMask(four).astype(bool)
    ours = bits_of_rings(leaf.polygon)
    assert (theirs & ours).sum() / (theirs | ours).sum() > 0.95  # they round corners a little
    assert four["segmentation"] == [[5.0, 5.0, 20.5, 6.0, 18.0, 22.25, 4.0, 18.0]]
    assert five["keypoints"] == [12.5, 7.0, 2]
    assert "bbox" not in five
    assert coco.loadCats([5])[0]["keypoints"] == ["point"]


def bits(one: Detection) -> np.ndarray:  # type: ignore[type-arg]
    from runner.postprocess.rle import bits_in

    assert one.mask is not None
    return bits_in(decode(one.mask.rle), one.mask.rle.size.box)


def bits_of_rings(rings: tuple[Polygon, ...]) -> np.ndarray:  # type: ignore[type-arg]
    from runner.postprocess.rle import bits_in

    size = Size(64, 48)
    return bits_in(rasterised(rings, size), size.box)


def test_an_outline_with_a_hole_is_written_as_run_lengths(scene) -> None:  # type: ignore[no-untyped-def]
    """Readers would fill a ring in a ring; two rings side by side stay rings."""
    square = Polygon((Point(0, 0), Point(20, 0), Point(20, 20), Point(0, 20)))
    hole = Polygon((Point(5, 5), Point(15, 5), Point(15, 15), Point(5, 15)))
    beside = Polygon((Point(30, 5), Point(40, 5), Point(40, 15), Point(30, 15)))
    things = [
        Detection("p[0]", "x", polygon=(square, hole)),
        Detection("p[1]", "x", polygon=(square, beside)),
    ]
    coco = loaded(scene.write("coco", [scene.result("a.jpg", things)]))
    first, second = coco.loadAnns([1, 2])
    assert (coco.annToMask(first) == bits_of_rings((square, hole))).all()
    assert first["area"] == 300
    assert len(second["segmentation"]) == 2
    assert second["area"] == 500


def test_what_failed_is_no_empty_image(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """It is told beside the file; so are things without extent and broken masks."""
    flat = replace(cat, box=Box(3, 3, 3, 9), at="boxes[4]")
    results = [
        scene.result("a.jpg", (cat, flat)),
        scene.result("b.jpg", (), "refused"),
        scene.result("c.jpg", (cat,), "truncated"),
    ]
    path = scene.write("coco", results)
    coco = loaded(path)
    assert [each["file_name"] for each in coco.dataset["images"]] == ["a.jpg"]
    assert len(coco.anns) == 1
    assert path.with_name(f"{path.name}.not-written.txt").read_text() == (
        "a.jpg: ok: boxes[4]: its box has no extent in the image\n"
        "b.jpg: refused: SAFETY\n"
        "c.jpg: truncated: truncated\n"
    )


def test_each_combination_and_repeat_has_a_file_with_the_same_categories(scene, cat, dog) -> None:  # type: ignore[no-untyped-def]
    """So that the files of two models can be compared number by number."""
    results = [
        scene.result("a.jpg", (cat,), combination={"model": "x/1"}),
        scene.result("a.jpg", (dog,), combination={"model": "y"}),
        scene.result("a.jpg", (), "empty", combination={"model": "y"}, repeat=2),
    ]
    path = scene.write("coco", results)
    paths = [
        path.parent / name / path.name for name in ("model=x-1", "model=y", "model=y/repeat-2")
    ]
    sets = [loaded(each) for each in paths]
    assert not path.exists()
    assert [[cat["name"] for cat in each.dataset["categories"]] for each in sets] == [
        ["cat", "dog"]
    ] * 3
    assert [len(each.anns) for each in sets] == [1, 1, 0]
    assert [len(each.imgs) for each in sets] == [1, 1, 1]


def test_one_image_of_two_cases_stands_there_once(scene, cat, dog) -> None:  # type: ignore[no-untyped-def]
    """Rows of a table may ask different things about the same photograph."""
    first = scene.result("a.jpg", (cat,))
    results = [replace(first, case="row 1"), replace(first, case="row 2", detections=(dog,))]
    coco = loaded(scene.write("coco", results))
    assert len(coco.imgs) == 1
    assert [each["category_id"] for each in coco.anns.values()] == [1, 2]


def test_of_two_images_it_is_the_one_on_which_something_was_found(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Where nothing was found it is the last one; two of one name are two."""
    before, after = (
        replace(scene.image(f"{role}/a.jpg"), role=role) for role in ("before", "after")
    )
    both = scene.result("a.jpg", (replace(cat, image=1),), images=(before, after))
    none = replace(both, case="b.jpg", detections=(), status="empty")
    first = replace(both, case="c.jpg", detections=(cat,))
    coco = loaded(scene.write("coco", [both, none, first]))
    names = {each["id"]: each["file_name"] for each in coco.imgs.values()}
    assert names == {1: "after/a.jpg", 2: "before/a.jpg"}
    assert [each["image_id"] for each in coco.anns.values()] == [1, 2]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("../secret/a.jpg", "secret/a.jpg"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\fotos\\ä 1.jpg", "C/fotos/ä 1.jpg"),
        ("a\nb.jpg", "a-b.jpg"),
        ("..", "unnamed"),
    ],
)
def test_no_name_leads_out_of_a_folder(place: str, name: str, scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Whoever joins it to a folder of images stays there."""
    image = replace(scene.image("a.jpg"), path=place)
    path = scene.write("coco", [scene.result("a.jpg", (cat,), images=(image,))])
    assert json.loads(path.read_text())["images"][0]["file_name"] == name


def test_only_what_is_named_is_written(scene, ring) -> None:  # type: ignore[no-untyped-def]
    """`find.boxes` leaves the masks out; an unlabelled thing is an `object`."""
    one = replace(ring, label=None)
    coco = loaded(scene.write("coco", [scene.result("a.jpg", (one,))], "find.boxes"))
    assert "segmentation" not in coco.anns[1]
    assert coco.cats[1]["name"] == "object"


def test_our_own_reader_takes_it_as_truth(scene, cat, ring, leaf, tip) -> None:  # type: ignore[no-untyped-def]
    """What was exported and corrected elsewhere comes home."""
    result = scene.result("photos/a.jpg", (cat, ring, leaf))
    flaws = Flaws()
    with contextlib.closing(Truth(scene.write("coco", [result])).open(flaws)) as truth:
        told = truth.of("photos/a.jpg", result.images)
    assert (told.remarks, flaws.count) == ((), 0)
    one, two, three = told.truth.found  # type: ignore[union-attr]
    assert (one.label, one.box, one.score) == ("cat", cat.box, 0.9)
    assert two.mask is not None
    assert two.mask.rle == ring.mask.rle
    assert three.polygon == leaf.polygon


BOXES = st.lists(
    st.tuples(
        st.text(max_size=8),
        st.floats(0, 60),
        st.floats(0, 40),
        st.floats(0.5, 4),
        st.floats(0.5, 8),
    ),
    max_size=5,
)


@given(st.lists(BOXES, min_size=1, max_size=4))
def test_whatever_the_labels_every_box_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    images: list[list[tuple[str, float, float, float, float]]],
) -> None:
    """With its own label, whatever letters that has."""
    target = tmp_path_factory.mktemp("any") / "x.json"
    results = [
        Result(
            0, f"{number}.jpg", "find", {}, 1,
            (ResultImage(f"{number}.jpg", "image", f"{number}.jpg", Size(64, 48), 1, None),),
            "ok",
            detections=tuple(
                Detection("b", label, Box(x, y, x + width, y + height))
                for label, x, y, width, height in found
            ),
        )
        for number, found in enumerate(images)
    ]  # fmt: skip
    Coco(Reference("find")).write(results, target, lambda image: None)
    coco = loaded(target)
    for number, found in enumerate(images, 1):
        back = coco.loadAnns(coco.getAnnIds(imgIds=[number]))
        assert [coco.cats[each["category_id"]]["name"] for each in back] == [
            one[0].strip() or "object" for one in found
        ]
        for each, (_, x, y, width, height) in zip(back, found, strict=True):
            assert each["bbox"] == pytest.approx([x, y, width, height])
