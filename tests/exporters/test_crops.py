"""Crops are pixels of the original image, upright."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from runner.exporters.crops import margin
from runner.postprocess.cut import Margin
from runner.values.geometry import Box, Size
from runner.values.result import Detection

NOISE = np.random.default_rng(5).integers(0, 255, (48, 64, 3), np.uint8)


def noisy(scene, name: str, things, **exif):  # type: ignore[no-untyped-def]
    """The result of an image whose every pixel is another."""
    result = scene.result(name, things)
    Image.fromarray(NOISE).save(scene.folder / name, **exif)
    return result


def pixels(path) -> np.ndarray:  # type: ignore[no-untyped-def,type-arg]
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("padding", "window"),
    [(0, (2, 2, 30, 40)), (3, (0, 0, 33, 43)), ("10%", (0, 0, 33, 44)), (500, (0, 0, 64, 48))],
)
def test_a_crop_is_its_part_of_the_image(padding, window, scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Edges rounded half up, with room around it as far as the image goes."""
    folder = scene.write("crops", [noisy(scene, "a.png", (cat,))], padding=padding)
    left, top, right, bottom = window
    assert (pixels(folder / "a/001-cat.png") == NOISE[top:bottom, left:right]).all()


def test_a_turned_photograph_is_cut_as_a_person_sees_it(scene) -> None:  # type: ignore[no-untyped-def]
    """In its full size, however large."""
    exif = Image.Exif()
    exif[0x0112] = 6
    tall = Image.fromarray(NOISE).resize((3000, 2000), Image.Resampling.NEAREST)
    result = scene.result("a.png", (Detection("b[0]", "x", Box(100, 2500, 300, 3000)),))
    tall.save(scene.folder / "a.png", exif=exif)
    upright = replace(result.images[0], size=Size(2000, 3000), orientation=6)
    folder = scene.write("crops", [replace(result, images=(upright,))])
    expected = np.rot90(np.asarray(tall), -1)[2500:3000, 100:300]
    assert (pixels(folder / "a/001-x.png") == expected).all()


def test_what_cannot_be_cut_is_told(scene, cat, tip) -> None:  # type: ignore[no-untyped-def]
    """A point, an image that is gone, one that is another one now, one that is no image."""
    results = [noisy(scene, f"{name}.png", (cat,)) for name in ("gone", "other", "text")]
    (scene.folder / "gone.png").unlink()
    Image.new("RGB", (3, 3)).save(scene.folder / "other.png")
    (scene.folder / "text.png").write_text("no image")
    results.append(noisy(scene, "point.png", (tip,)))
    folder = scene.write("crops", results)
    lines = (folder / "not-written.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "gone.png",
        "other.png",
        "text.png",
        "point.png",
    ]
    assert "not on this machine" in lines[0]
    assert "has 3 × 3 pixels now" in lines[1]
    assert "cannot be opened" in lines[2]
    assert "a point cannot be cut out" in lines[3]


def test_a_label_never_chooses_the_place_of_a_file(scene, cat) -> None:  # type: ignore[no-untyped-def]
    """Things of one label have files of their own."""
    things = [
        replace(cat, label=label) for label in ("../../x", "cat", "cat", "a/b", "x" * 500, "NUL")
    ]
    folder = scene.write("crops", [noisy(scene, "a.png", things)])
    names = sorted(path.name for path in (folder / "a").iterdir())
    assert [name[:8] for name in names] == [
        "001-x.pn", "002-cat.", "003-cat.", "004-a-b.", "005-xxxx", "006-_NUL"
    ]  # fmt: skip
    assert sha256((folder / "a/002-cat.png").read_bytes()).digest() == (
        sha256((folder / "a/003-cat.png").read_bytes()).digest()
    )


def test_a_margin_is_pixels_or_a_share() -> None:
    """Anything else is refused."""
    assert (margin("20"), margin("5%")) == (Margin(pixels=20), Margin(share=0.05))
    for wrong in ("-1", "x", "101%", "5 px", ""):
        with pytest.raises(ValueError, match=r"."):
            margin(wrong)
