"""The advice of the guide, as warnings about images that may disappoint."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFilter

from runner.sources.inspect import inspect
from runner.stages.lint_images import advice, look
from runner.values.case import CaseImages
from runner.values.image import DataOrigin, FileOrigin, Image, WebOrigin
from runner.values.problem import Problem
from runner.values.result import Issue


def told(content: bytes, **options: object) -> list[str]:
    image = inspect(DataOrigin(content), "x.jpg", **options)  # type: ignore[arg-type]
    assert isinstance(image, Image)
    return [f"{p.code} {p.message}" + (f" => {p.fix}" if p.fix else "") for p in look(image)]


def photograph(width: int = 600, height: int = 400) -> Pillow.Image:
    """Grey values with detail of every size, as in a photograph; the same ones every time."""
    random = np.random.default_rng(1)
    total = np.zeros((height, width))
    for cell in (64, 32, 16, 8, 4, 2, 1):
        coarse = random.normal(0, cell**0.5, (height // cell + 2, width // cell + 2))
        image = Pillow.fromarray(coarse.astype(np.float32))
        grown = image.resize((width, height), Pillow.Resampling.BICUBIC)
        total += np.asarray(grown)
    scaled = 128 + 50 * (total - total.mean()) / total.std()
    return Pillow.fromarray(np.clip(scaled, 0, 255).astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_good_image_is_passed_over(draw: ModuleType, format: str) -> None:
    """Nothing to tell."""
    assert told(draw.encoded(photograph(), format)) == []


@pytest.mark.parametrize("size", [(600, 400), (1800, 1200)])
def test_blur(draw: ModuleType, size: tuple[int, int]) -> None:
    """Judged at the size of a look: what is blurred there is blurred, however many pixels it has."""
    sharp = photograph(*size)
    blurred = sharp.filter(ImageFilter.GaussianBlur(2.5 * size[0] / 512))
    assert told(draw.encoded(blurred, "JPEG", quality=95)) == [
        "W421 x.jpg: it looks blurred => use a sharper image"
    ]


def test_blur_that_shrinks_away(draw: ModuleType) -> None:
    """A large image that is soft only at full size is sharp enough."""
    large = photograph().resize((3000, 2000), Pillow.Resampling.BICUBIC)
    assert told(draw.encoded(large, "JPEG")) == []


@pytest.mark.parametrize("colour", ["white", "black", "#808080"])
def test_an_empty_image_is_not_blurred(draw: ModuleType, colour: str) -> None:
    """There is nothing in it that could be sharp."""
    assert told(draw.encoded(Pillow.new("RGB", (300, 200), colour), "PNG")) == []


def test_a_drawing_is_not_blurred(draw: ModuleType) -> None:
    """Few edges, but hard ones."""
    assert told(draw.encoded(draw.scene(600, 400), "PNG")) == []


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), []),
        ((200, 63), ["W422 x.jpg: it is very small: 200 × 63 pixels"]),
        (
            (1300, 130),
            [
                "W424 x.jpg: it is very long and narrow: 1,300 × 130 pixels (10 : 1)"
                " => cut it into parts"
            ],
        ),
        ((1040, 130), []),
        (
            (8000, 6000),
            [
                "W423 x.jpg: it is very large: with 1,120 tokens for 8,000 × 6,000 pixels one"
                " token stands for about 207 × 207 of them; smaller things may be overlooked"
                " => cut it into parts"
            ],
        ),
        ((4000, 3000), []),
    ],
)
def test_sizes(draw: ModuleType, size: tuple[int, int], expected: list[str]) -> None:
    """Too small, too large, too long; an ordinary photograph is none of it."""
    assert told(draw.encoded(Pillow.new("L", size, 255), "PNG", compress_level=1)) == expected


def test_turned_images(draw: ModuleType) -> None:
    """They are turned before they are sent, and it is told."""
    assert told(draw.stored(6, "JPEG"))[0] == (
        "W420 x.jpg: it is stored turned; it is turned upright before it is sent"
    )


def test_animations(draw: ModuleType) -> None:
    """What was noticed when the image was found is told in the same way."""
    assert told(draw.animation("WEBP"))[0] == (
        "W426 x.jpg: the file has 3 frames; only number 0 (counted from 0) is sent."
        " Choose another with `frame:`"
    )


def test_wrong_endings() -> None:
    """Issues become warnings with codes of their own; an image without bytes has only those."""
    image = Image(
        "x.jpg",
        "image",
        WebOrigin("https://example.com/x.jpg"),
        "image/png",
        issues=(Issue("image_wrong_ending", "why"), Issue("web_type_guessed", "because")),
    )
    assert look(image) == (
        Problem("W425", "x.jpg: why", severity="warning"),
        Problem("W427", "x.jpg: because", severity="warning"),
    )


def test_sixteen_bits(draw: ModuleType) -> None:
    """Sent as they are in a PNG, with a fixed scale where they are converted; the issue with its
    numbers stands in the result, too. Data that uses little of its range is sent nearly black."""
    how = "it is sent as it is, and how the model reads it is not documented"
    small = "W422 x.jpg: it is very small: 8 × 6 pixels"
    deep = "W428 x.jpg: it has 16 or more bits a channel; "
    assert told(draw.deep_png()) == [small, deep + how]
    assert told(draw.deep_png(), convert="png") == [small, deep + how]


SCALED = "only the upper 8 of its 16 bits are sent: 0–65,535 becomes 0–255; its values reach from "
FRACTIONS = "its fractions are sent as 8 bits: "
BLACK = ", so it is sent nearly black. Stretch its values to the whole range"


@pytest.mark.parametrize(
    ("mode", "low", "high", "code", "why"),
    [
        ("I;16", 0, 0x8000, "image_depth", SCALED + "0 to 32,768"),
        ("I;16", 7, 4095, "image_nearly_black", SCALED + "7 to 4,095" + BLACK),
        ("F", 0, 1, "image_depth", f"{FRACTIONS}0–1 becomes 0–255; its values reach from 0 to 1"),
        (
            "F", 0, 0.0625, "image_nearly_black",
            f"{FRACTIONS}0–1 becomes 0–255; its values reach from 0 to 0.0625{BLACK}",
        ),
        (
            "F", -1, 4095, "image_depth",
            f"{FRACTIONS}0–255 stays, what is beyond is cut off; its values reach from -1 to 4,095",
        ),
    ],
)  # fmt: skip
def test_more_than_eight_bits_that_are_converted(
    draw: ModuleType, mode: str, low: float, high: float, code: str, why: str
) -> None:
    """What is lost, with the scale and the real values: an issue of every result, and a warning
    before the run."""
    kind = np.float32 if mode == "F" else np.uint16
    values = np.full((100, 100), low, kind)
    values[:, 50:] = high
    content = draw.encoded(Pillow.fromarray(values), "TIFF")
    image = inspect(DataOrigin(content), "x.jpg", convert="png")
    assert isinstance(image, Image)
    assert image.issues == (Issue(code, why),)
    assert told(content, convert="png") == [f"W428 x.jpg: {why}"]


def test_a_turned_sixteen_bit_png_tells_what_is_lost(draw: ModuleType) -> None:
    """It is written anew."""
    tags = Pillow.Exif()
    tags[0x0112] = 6
    grey = Pillow.frombytes("I;16", (100, 80), b"\x00\x80" * 8000)
    assert told(draw.encoded(grey, "PNG", exif=tags.tobytes())) == [
        f"W428 x.jpg: {SCALED}32,768 to 32,768",
        "W420 x.jpg: it is stored turned; it is turned upright before it is sent",
    ]


def test_transparency(draw: ModuleType) -> None:
    """Told when something is really transparent."""
    image = draw.scene(300, 200).convert("RGBA")
    assert told(draw.encoded(image, "PNG")) == []
    image.putpixel((150, 100), (255, 255, 255, 0))
    assert told(draw.encoded(image, "PNG")) == [
        "W429 x.jpg: parts of it are transparent; which colour the model sees there is not"
        " documented => save it on a white background"
    ]


def test_printing_colours(draw: ModuleType) -> None:
    """A CMYK JPEG is sent as it is."""
    assert told(draw.encoded(draw.scene(300, 200).convert("CMYK"), "JPEG")) == [
        "W430 x.jpg: it has colours for printing (CMYK); how the model reads them is not"
        " documented => save it as RGB"
    ]


def test_damage_that_only_decoding_shows(draw: ModuleType) -> None:
    """A header may be fine where the pixels are not."""
    content = bytearray(draw.encoded(photograph(), "PNG"))
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    (line,) = told(bytes(content))
    assert line.startswith("W431 x.jpg: it looks whole, but cannot be decoded: ")


def test_a_file_that_vanished(draw: ModuleType, tmp_path: Path) -> None:
    """A look at what is gone is a warning, not a crash."""
    path = draw.write(tmp_path / "x.jpg", draw.encoded(photograph(), "JPEG"))
    image = inspect(FileOrigin(path), "x.jpg")
    path.unlink()
    assert isinstance(image, Image)
    assert look(image) == (Problem("W431", "x.jpg: there is no such file", severity="warning"),)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 300), (3, 3)])
def test_tiny_images(draw: ModuleType, size: tuple[int, int]) -> None:
    """Too small to be judged for sharpness."""
    found = told(draw.encoded(Pillow.new("L", size), "PNG"))
    assert all(line[:4] in ("W422", "W424") for line in found)


def cases(draw: ModuleType, count: int) -> list[CaseImages]:
    """Every second one is turned, all are small."""
    found = [
        inspect(DataOrigin(draw.stored(6 if number % 2 else 1, "JPEG")), f"{number}.jpg")
        for number in range(count)
    ]
    return [CaseImages(image.name, (image,)) for image in found]


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (2, 50, "1.jpg: it is stored turned; it is turned upright before it is sent"),
        (
            10,
            50,
            "5 of 10 images are stored turned (1.jpg, 3.jpg, 5.jpg and 2 more);"
            " they are turned upright before they are sent",
        ),
        (
            10,
            6,
            "3 of the first 6 images are stored turned (1.jpg, 3.jpg, 5.jpg);"
            " they are turned upright before they are sent",
        ),
    ],
)
def test_one_sentence_for_all_turned_images(
    draw: ModuleType, count: int, most: int, expected: str
) -> None:
    """Every photograph of a phone is turned: it is nothing to do anything about."""
    problems = advice(cases(draw, count), most)
    assert [problem.message for problem in problems if problem.code == "W420"] == [expected]


def test_one_sentence_for_each_kind() -> None:
    """The first in full, the others by name."""
    images = [
        Image(
            f"{number}.jpg",
            "image",
            WebOrigin("https://example.com/x.jpg"),
            "image/png",
            issues=(Issue("image_wrong_ending", "why"),),
        )
        for number in range(5)
    ]
    found = [CaseImages(image.name, (image,)) for image in images]
    message = "0.jpg: why; likewise 1.jpg, 2.jpg and 2 more"
    assert advice(found, 50) == (Problem("W425", message, severity="warning"),)
