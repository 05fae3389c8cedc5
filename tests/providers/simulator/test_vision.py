"""Regions are where the drawn shapes are, and on photographs where a person would see things."""

from __future__ import annotations

import math
import random
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image, ImageDraw

from runner.providers.simulator.colours import lab, name
from runner.providers.simulator.pixels import Undecodable, decode, measure
from runner.providers.simulator.vision import LONG_SIDE, Region, find_regions
from runner.values.geometry import Size

PHOTOGRAPHS = Path(skimage.__file__).parent / "data"
GROUNDS = ("plain", "gradient", "noisy", "noisy gradient")


def regions(content: bytes) -> tuple[Region, ...]:
    return find_regions(decode(content, LONG_SIDE).rgb)


@pytest.mark.parametrize("seed", range(24))
def test_drawn_shapes_are_found_to_the_hundredth_of_a_side(seed: int) -> None:
    """As many regions as shapes; boxes within 1 %, masks with an IoU over 0.9; PNG and JPEG."""
    content, masks = scene(random.Random(seed), GROUNDS[seed % 4], ("PNG", "JPEG")[seed // 4 % 2])
    found = [full_mask(one) for one in regions(content)]
    assert len(found) == len(masks)
    for mask in masks:
        nearest = max(found, key=lambda one: iou(one, mask))
        assert iou(nearest, mask) > 0.9
        height, width = mask.shape
        for edge, expected, side in zip(
            extent(nearest), extent(mask), (height, height, width, width), strict=True
        ):
            assert abs(edge - expected) <= max(1, 0.01 * side)


def test_24_coins_are_24_regions() -> None:
    """The photograph of the Brooklyn Museum's coins, in uneven light."""
    found = regions((PHOTOGRAPHS / "coins.png").read_bytes())
    assert len(found) == 24
    assert {one.colour_name for one in found} <= {"grey", "dark grey", "light grey"}
    assert all(0.004 < one.share < 0.04 for one in found)


def test_a_cup_of_coffee_has_its_cup_its_coffee_and_its_spoon() -> None:
    """Each of these places lies in a region that is hardly larger than the thing."""
    found = regions((PHOTOGRAPHS / "coffee.png").read_bytes())
    assert 5 <= len(found) <= 15
    things = {"coffee": (300, 130, 0.09), "rim": (195, 90, 0.2), "spoon": (383, 285, 0.05)}
    for x, y, largest in things.values():
        shares = [one.share for one in found if full_mask(one)[y, x]]
        assert shares
        assert min(shares) < largest


@pytest.mark.parametrize(
    ("file", "least", "most"),
    [
        ("chelsea.png", 2, 15),
        ("rocket.jpg", 3, 25),
        ("astronaut.png", 5, 25),
        ("camera.png", 3, 25),
        ("hubble_deep_field.jpg", 10, 25),
        ("retina.jpg", 1, 5),
        ("horse.png", 1, 1),
    ],
)
def test_photographs_have_a_few_regions_and_never_more_than_25(
    file: str, least: int, most: int
) -> None:
    """All within the image, the largest first, each with an area."""
    found = regions((PHOTOGRAPHS / file).read_bytes())
    assert least <= len(found) <= most
    assert [one.area for one in found] == sorted((one.area for one in found), reverse=True)
    for one in found:
        edges = one.box.as_list()
        assert all(0 <= edge <= 1000 and edge == int(edge) for edge in edges)
        assert edges[0] < edges[2]
        assert edges[1] < edges[3]


@pytest.mark.parametrize("file", ["coffee.png", "chelsea.png", "rocket.jpg"])
def test_the_point_of_a_region_lies_on_it(file: str) -> None:
    """Also of rings and crescents, of which the centre does not."""
    for one in regions((PHOTOGRAPHS / file).read_bytes()):
        x = min(int(one.point.x * one.frame.width / 1000), one.frame.width - 1)
        y = min(int(one.point.y * one.frame.height / 1000), one.frame.height - 1)
        around = full_mask(one)[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        assert around.any()


def test_the_same_pixels_give_the_same_regions() -> None:
    """Down to the last bit."""
    content = (PHOTOGRAPHS / "coffee.png").read_bytes()
    first, second = regions(content), regions(content)
    assert [(a.top, a.left, a.packed, a.colour) for a in first] == [
        (b.top, b.left, b.packed, b.colour) for b in second
    ]


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (8, 8), (64, 64), (300, 9)])
@pytest.mark.parametrize("colour", ["white", "black", "#808080"])
def test_an_even_image_has_no_regions(size: tuple[int, int], colour: str) -> None:
    """However small it is."""
    assert find_regions(np.asarray(Image.new("RGB", size, colour))) == ()


def test_touching_shapes_of_different_colours_are_two_regions() -> None:
    """One component, cut where its colour changes."""
    image = Image.new("RGB", (300, 200), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((50, 50, 149, 149), fill="red")
    pen.rectangle((150, 50, 249, 149), fill="blue")
    found = find_regions(np.asarray(image))
    assert sorted(one.colour_name for one in found) == ["blue", "red"]


def test_a_ring_is_one_region_without_a_hole() -> None:
    """What an outline encloses belongs to it."""
    image = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(image).ellipse((40, 40, 160, 160), outline="black", width=12)
    (found,) = find_regions(np.asarray(image))
    assert full_mask(found)[100, 100]


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((255, 0, 0), "red"),
        ((110, 0, 0), "dark red"),
        ((128, 128, 128), "grey"),
        ((60, 60, 60), "dark grey"),
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((0, 160, 0), "green"),
        ((20, 40, 230), "blue"),
        ((150, 90, 40), "brown"),
        ((255, 150, 20), "orange"),
        ((255, 170, 200), "light pink"),
        ((250, 230, 30), "yellow"),
    ],
)
def test_colours_have_plain_names(rgb: tuple[int, int, int], expected: str) -> None:
    """One or two words, for labels."""
    assert name(*rgb) == expected


def test_pixels_count_as_they_are_stored() -> None:
    """The EXIF orientation is ignored: only a client that turned the pixels turned them."""
    image = Image.new("RGB", (60, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    content = BytesIO()
    image.save(content, "JPEG", exif=exif)
    assert measure(content.getvalue()) == Size(60, 40)
    assert decode(content.getvalue(), LONG_SIDE).rgb.shape == (40, 60, 3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16"])
def test_any_kind_of_pixels_becomes_rgb_on_white(mode: str) -> None:
    """What is transparent is white; 16 bits become 8 without running over."""
    if mode == "I;16":
        image = Image.fromarray(np.full((20, 30), 0x8000, np.uint16))
    else:
        image = Image.new("RGB", (30, 20), (128, 128, 128)).convert(mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(0)
    content = BytesIO()
    image.save(content, "TIFF")
    rgb = decode(content.getvalue(), LONG_SIDE).rgb
    assert rgb.shape == (20, 30, 3)
    expected = 255 if mode in ("RGBA", "LA") else 128
    assert mode == "1" or abs(int(rgb[..., 0].mean()) - expected) < 6


def test_large_images_are_looked_at_small_but_keep_their_size() -> None:
    """1024 pixels on the long side are enough to find things in."""
    content = BytesIO()
    Image.new("RGB", (3000, 1500), "teal").save(content, "JPEG")
    seen = decode(content.getvalue(), LONG_SIDE)
    assert (seen.size, seen.rgb.shape) == (Size(3000, 1500), (512, 1024, 3))


@pytest.mark.parametrize(
    "content", [b"", b"x", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"]
)
def test_what_is_no_image_is_undecodable(content: bytes) -> None:
    """Never another error."""
    with pytest.raises(Undecodable):
        decode(content, LONG_SIDE)


@pytest.mark.parametrize("file", ["coffee.png", "rocket.jpg"])
def test_half_an_image_is_undecodable(file: str) -> None:
    """Its header alone would tell its size."""
    content = (PHOTOGRAPHS / file).read_bytes()
    with pytest.raises(Undecodable):
        decode(content[: len(content) // 2], LONG_SIDE)


def scene(chance: random.Random, ground: str, form: str) -> tuple[bytes, list[np.ndarray]]:
    """Shapes that do not touch, on a ground of which they all differ; with their masks."""
    width, height = chance.randint(300, 640), chance.randint(300, 640)
    low = np.array([chance.randint(0, 255) for _ in range(3)], float)
    far = np.array([chance.randint(-60, 60) for _ in range(3)], float)
    high = np.clip(low + far, 0, 255) if "gradient" in ground else low
    ramp = np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 1))
    pixels = low + (high - low) * ramp
    masks: list[np.ndarray] = []
    boxes: list[tuple[int, int, int, int]] = []
    for _ in range(60):
        box = _place(chance, width, height)
        if len(masks) < 6 and not any(_near(box, other) for other in boxes):
            mask = _mask(chance.choice(("rectangle", "ellipse", "star")), box, width, height)
            pixels[mask] = _colour(chance, low, high)
            masks.append(mask)
            boxes.append(box)
    if "noisy" in ground:
        pixels = pixels + np.random.default_rng(chance.randint(0, 9999)).normal(0, 8, pixels.shape)
    content = BytesIO()
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    image.save(content, form, **({"quality": 85} if form == "JPEG" else {}))
    return content.getvalue(), masks


def _place(chance: random.Random, width: int, height: int) -> tuple[int, int, int, int]:
    across, down = (int(chance.uniform(0.12, 0.35) * side) for side in (width, height))
    x = chance.randint(width // 40, width - across - width // 40)
    y = chance.randint(height // 40, height - down - height // 40)
    return x, y, x + across, y + down


def _near(a: tuple[int, int, int, int], b: tuple[int, int, int, int], gap: int = 10) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def _mask(kind: str, box: tuple[int, int, int, int], width: int, height: int) -> np.ndarray:
    x0, y0, x1, y1 = box
    ys, xs = np.mgrid[0:height, 0:width] + 0.5
    u, v = (xs - (x0 + x1) / 2) / (x1 - x0) * 2, (ys - (y0 + y1) / 2) / (y1 - y0) * 2
    if kind == "rectangle":
        return np.maximum(abs(u), abs(v)) <= 1
    if kind == "ellipse":
        return u * u + v * v <= 1
    reach = np.arctan2(v, u) * 5 / math.tau % 1
    return np.hypot(u, v) <= 0.6 + 0.4 * abs(2 * reach - 1)


def _colour(chance: random.Random, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    grounds = np.linspace(low, high, 5)
    while True:
        colour = np.array([chance.randint(0, 255) for _ in range(3)])
        shades = lab(np.vstack([grounds, colour]).astype(np.uint8)[None])[0]
        if np.linalg.norm(shades[:-1] - shades[-1], axis=1).min() > 40:
            return colour


def full_mask(one: Region) -> np.ndarray:
    mask = np.zeros((one.frame.height, one.frame.width), bool)
    mask[one.top : one.top + one.size.height, one.left : one.left + one.size.width] = one.bits
    return mask


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
