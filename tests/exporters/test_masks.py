"""A mask becomes a black-and-white file of the size of its image, pixel by pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco

from runner.exporters.masks import Masks
from runner.values.geometry import Box, Size
from runner.values.mask import Mask, Rle
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage, Status

Bits = NDArray[np.uint8]


def encoded(bits: Bits) -> Rle:
    """As pycocotools writes it."""
    height, width = bits.shape
    counts = coco.encode(np.asfortranarray(bits))["counts"].decode()
    return Rle(Size(width, height), counts)


def detection(bits: Bits, label: str | None, at: str = "masks[0]", image: int = 0) -> Detection:
    rows, columns = np.nonzero(bits)
    box = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None
    return Detection(
        at=at, label=label, mask=Mask("png", encoded(bits), int(bits.sum()), box), image=image
    )


def result(
    case: str,
    found: tuple[Detection, ...],
    status: Status = "ok",
    simulated: bool = False,
    roles: tuple[str, ...] = ("image",),
) -> Result:
    return Result(
        ordinal=0,
        case=case,
        step="cut",
        combination={},
        repeat=1,
        images=tuple(ResultImage(role, role, None, Size(9, 7), 1, None) for role in roles),
        status=status,
        answer={"masks": []},
        detections=found,
        error="SAFETY" if status == "refused" else None,
        simulated=simulated,
    )


BITS = np.zeros((7, 9), np.uint8)
BITS[2:5, 3:8] = 1
CORNER = np.zeros((7, 9), np.uint8)
CORNER[0, 0] = CORNER[6, 8] = 1


def write(results: list[Result], target: Path) -> list[str]:
    written = Masks(Reference("cut", ("masks",))).write(results, target, lambda image: None)
    return [path.relative_to(target).as_posix() for path in written]


def test_each_mask_is_a_file_in_the_folder_of_its_image(tmp_path: Path) -> None:
    """Numbered in the order of the answer, named by label; the pixels come back as they were."""
    found = (detection(BITS, "healthy"), detection(CORNER, "../Sick/ leaf"), detection(BITS, None))
    names = write([result("greenhouse/bed-1.jpg", found)], tmp_path)
    assert names == [
        "greenhouse/bed-1/001-healthy.png",
        "greenhouse/bed-1/002-Sick-leaf.png",
        "greenhouse/bed-1/003.png",
    ]
    for name, one in zip(names, found, strict=True):
        with Image.open(tmp_path / name) as image:
            pixels = np.asarray(image)
            assert (image.mode, image.size) == ("L", (9, 7))
        assert set(np.unique(pixels)) == {0, 255}
        assert one.mask is not None
        assert encoded((pixels == 255).astype(np.uint8)) == one.mask.rle


def test_cases_without_a_mask_are_listed_with_the_reason(tmp_path: Path) -> None:
    """Refused, nothing found and cut off are three different lines."""
    names = write(
        [
            result("a.jpg", (), "empty"),
            result("b.jpg", (), "refused"),
            result("c.jpg", (detection(BITS, "x"),), "truncated"),
        ],
        tmp_path,
    )
    assert names == ["c/001-x.png", "not-written.txt"]
    assert (tmp_path / "not-written.txt").read_text() == (
        "a.jpg: empty: no mask was found\nb.jpg: refused: SAFETY\nc.jpg: truncated: truncated\n"
    )


def test_images_of_one_name_have_folders_of_their_own(tmp_path: Path) -> None:
    """By their ending and their folder, whatever comes first."""
    cases = ["coffee.png", "coffee.jpg", "a/katze.jpg", "b/katze.jpg"]
    names = write([result(case, (detection(BITS, None),)) for case in cases], tmp_path)
    assert names == [
        "coffee.png/001.png",
        "coffee/001.png",
        "a/katze/001.png",
        "b/katze/001.png",
    ]


def test_masks_of_two_images_say_which_one_they_belong_to(tmp_path: Path) -> None:
    """By the image's role."""
    found = (detection(BITS, "x", image=0), detection(BITS, "y", image=1))
    names = write([result("a", found, roles=("before", "after"))], tmp_path)
    assert names == ["a/001-before-x.png", "a/002-after-y.png"]


def test_a_simulated_mask_says_so_inside_the_file(tmp_path: Path) -> None:
    """In a text of the PNG; a real one says nothing."""
    write([result("a.jpg", (detection(BITS, "x"),), simulated=True)], tmp_path)
    write([result("b.jpg", (detection(BITS, "x"),))], tmp_path)
    with Image.open(tmp_path / "a" / "001-x.png") as image:
        assert image.info == {"Comment": "simulated: no model has looked at the image"}
    with Image.open(tmp_path / "b" / "001-x.png") as image:
        assert image.info == {}


def test_run_lengths_that_do_not_fill_the_frame_are_told(tmp_path: Path) -> None:
    """A results file that somebody edited does not stop the other masks."""
    broken = Detection(at="masks[1]", mask=Mask("png", Rle(Size(9, 7), "06"), 6, None))
    names = write([result("a.jpg", (broken, detection(BITS, "x")))], tmp_path)
    assert names == ["a/002-x.png", "not-written.txt"]
    text = (tmp_path / "not-written.txt").read_text()
    assert text == "a.jpg: ok: mask 1: the run lengths do not fill 9 × 7 pixels\n"
