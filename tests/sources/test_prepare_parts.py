"""Parts of images and smaller images: what is sent shows what the results say that it shows."""

from __future__ import annotations

from io import BytesIO
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from runner.sources.inspect import inspect
from runner.sources.prepare import prepare
from runner.values.geometry import PixelBox, Size
from runner.values.image import DataOrigin, Image, Prepared, resized, windowed

STORED = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_90,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_270,
}


def found(content: bytes, **options: object) -> Image:
    image = inspect(DataOrigin(content), "x", **options)  # type: ignore[arg-type]
    assert isinstance(image, Image)
    return image


def pixels(prepared: Prepared) -> Pillow.Image:
    return Pillow.open(BytesIO(prepared.content))


def turned_png(upright: Pillow.Image, orientation: int) -> bytes:
    """The image stored so that this orientation makes it upright again."""
    tags = Pillow.Exif()
    tags[0x0112] = orientation
    stored = upright.transpose(STORED[orientation]) if orientation in STORED else upright
    out = BytesIO()
    stored.save(out, "PNG", exif=tags.tobytes())
    return out.getvalue()


def of_its_own() -> Pillow.Image:
    """An image in which every pixel has a colour of its own."""
    y, x = np.mgrid[0:40, 0:64]
    return Pillow.fromarray(np.dstack([x, y, x + y]).astype(np.uint8))


ORIENTATIONS = {orientation: turned_png(of_its_own(), orientation) for orientation in range(1, 9)}


@st.composite
def windows(draw: st.DrawFn, size: Size) -> PixelBox:
    x, y = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    right = draw(st.integers(x + 1, size.width))
    return PixelBox(x, y, right, draw(st.integers(y + 1, size.height)))


@given(st.sampled_from(range(1, 9)), windows(Size(64, 40)))
def test_a_window_shows_exactly_its_pixels(orientation: int, window: PixelBox) -> None:
    """Cut from the upright image, however it is stored."""
    sent = prepare(windowed(found(ORIENTATIONS[orientation]), window))
    assert sent.size == window.size
    edges = (window.x_min, window.y_min, window.x_max, window.y_max)
    assert pixels(sent).convert("RGB").tobytes() == of_its_own().crop(edges).tobytes()


@given(
    st.sampled_from(range(1, 9)),
    windows(Size(400, 300)),
    st.integers(16, 500),
    st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
)
def test_what_is_seen_in_a_small_image_lies_where_it_lay(
    orientation: int, window: PixelBox, longest: int, at: tuple[float, float]
) -> None:
    """The middle of a bright block, measured in what was sent and taken home: at most half a pixel
    of what was sent away, for every window, size and orientation."""
    if min(window.width, window.height) < 40:
        return
    side = min(window.width, window.height) // 4
    x = int(window.x_min + at[0] * (window.width - side))
    y = int(window.y_min + at[1] * (window.height - side))
    grey = np.zeros((300, 400), dtype=np.uint8)
    grey[y : y + side, x : x + side] = 255
    content = turned_png(Pillow.fromarray(grey), orientation)
    image = resized(windowed(found(content), window), longest)
    prepared = prepare(image)
    assert prepared.size == image.sent_size
    seen = np.asarray(pixels(prepared).convert("L")).astype(float)
    total = seen.sum()
    middle = (
        (seen.sum(0) * (np.arange(seen.shape[1]) + 0.5)).sum() / total,
        (seen.sum(1) * (np.arange(seen.shape[0]) + 0.5)).sum() / total,
    )
    home = (
        window.x_min + middle[0] * window.width / prepared.size.width,
        window.y_min + middle[1] * window.height / prepared.size.height,
    )
    true = (x + side / 2, y + side / 2)
    steps = (window.width / prepared.size.width, window.height / prepared.size.height)
    for there, here, step in zip(home, true, steps, strict=True):
        assert abs(there - here) <= step / 2


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_an_image_that_is_small_enough_is_sent_byte_for_byte(draw: ModuleType, format: str) -> None:
    """A resize that asks for nothing changes nothing."""
    content = draw.encoded(draw.scene(), format)
    assert prepare(resized(found(content), 64)).content == content


@pytest.mark.parametrize(
    ("format", "mime"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/jpeg"), ("HEIF", "image/jpeg")],
)
def test_smaller_images_stay_lossless_when_they_were(
    draw: ModuleType, format: str, mime: str
) -> None:
    """What is lossy already is written as JPEG."""
    sent = prepare(resized(found(draw.encoded(draw.scene(), format)), 32))
    assert (sent.mime, sent.size) == (mime, Size(32, 20))
    assert draw.corners(sent.content) == draw.CORNERS


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_pixel_is_averaged(draw: ModuleType, mode: str) -> None:
    """Stripes of one pixel become grey; a palette or single bits are no reason to pick every
    second one."""
    stripes = np.tile(np.array([[0, 255]], dtype=np.uint8), (32, 32))
    image = Pillow.fromarray(stripes)
    if mode == "I;16":
        image = Pillow.fromarray(stripes.astype(np.uint16) << 8)
    elif mode == "P":
        image = image.convert("RGB").convert("P")
    else:
        image = image.convert(mode)
    sent = pixels(prepare(resized(found(draw.encoded(image, "PNG")), 16))).convert("L")
    middle = np.asarray(sent)[4:-4, 4:-4].astype(int)
    assert (abs(middle - 127) < 30).all()


def test_what_is_transparent_does_not_bleed(draw: ModuleType) -> None:
    """The colour behind an alpha of 0 has no weight."""
    image = Pillow.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 33, 64))
    sent = pixels(prepare(resized(found(draw.encoded(image, "PNG")), 16)))
    red, _, blue, alpha = sent.getpixel((8, 8))  # type: ignore[misc]
    assert 0 < alpha < 255
    assert (red, blue) == (0, 255)


def test_the_colour_profile_stays(draw: ModuleType) -> None:
    """A smaller image and a part of one show the same colours."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = found(draw.encoded(draw.scene(), "JPEG", icc_profile=profile))
    sent = prepare(resized(windowed(image, PixelBox(0, 0, 40, 40)), 20))
    assert pixels(sent).info["icc_profile"] == profile
