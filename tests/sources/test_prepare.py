"""What is sent and what its pixels mean agree."""

from __future__ import annotations

import hashlib
import os
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from runner.roles import ImageError
from runner.sources.inspect import inspect
from runner.sources.prepare import prepare
from runner.values.geometry import Size
from runner.values.image import DataOrigin, FileOrigin, Image, Prepared, WebOrigin


def found(content: bytes, **options: object) -> Image:
    image = inspect(DataOrigin(content), "x", **options)  # type: ignore[arg-type]
    assert isinstance(image, Image)
    return image


def pixels(prepared: Prepared) -> Pillow.Image:
    return Pillow.open(BytesIO(prepared.content))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_an_upright_image_is_sent_byte_for_byte(draw: ModuleType, format: str) -> None:
    """No recipe, no change."""
    content = draw.encoded(draw.scene(), format)
    image = found(content)
    assert prepare(image) == Prepared(
        content, image.mime, Size(64, 40), hashlib.sha256(content).hexdigest()
    )


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_sent_is_upright(draw: ModuleType, format: str, orientation: int) -> None:
    """However an image is stored, its corners arrive where a person sees them, in its own size."""
    image = found(draw.stored(orientation, format), convert="png")
    prepared = prepare(image)
    assert prepared.size == image.size == Size(64, 40)
    again = found(prepared.content)
    assert (again.size, again.orientation, again.recipe) == (Size(64, 40), 1, ())
    assert again.mime == prepared.mime
    if format != "HEIF":  # sent as it is; Pillow alone cannot open it
        assert draw.corners(prepared.content) == draw.CORNERS


def test_exif_behind_the_pixels_of_a_png(draw: ModuleType) -> None:
    """Late EXIF turns what is sent, too."""
    assert draw.corners(prepare(found(draw.png_with_late_exif(8))).content) == draw.CORNERS


@pytest.mark.parametrize(
    ("format", "options", "mime"),
    [
        ("JPEG", {}, "image/jpeg"),
        ("PNG", {}, "image/png"),
        ("WEBP", {}, "image/jpeg"),
        ("WEBP", {"lossless": True}, "image/png"),
    ],
)
def test_turning_keeps_what_was_lossless(
    draw: ModuleType, format: str, options: dict[str, object], mime: str
) -> None:
    """A lossy source is written anew as JPEG, a lossless one as PNG."""
    assert prepare(found(draw.stored(6, format, **options))).mime == mime


def test_turned_jpegs_keep_their_colour_resolution(draw: ModuleType) -> None:
    """4:4:4: every component is sampled at every pixel."""
    sent = pixels(prepare(found(draw.stored(6, "JPEG"))))
    assert [layer[1:3] for layer in sent.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_the_colour_profile_is_kept(draw: ModuleType, format: str) -> None:
    """What is written anew shows the same colours."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sent = prepare(found(draw.stored(6, format, icc_profile=profile)))
    assert pixels(sent).info["icc_profile"] == profile


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("target", ["png", "jpeg"])
def test_conversions(draw: ModuleType, format: str, target: str) -> None:
    """A type that Gemini does not document becomes the one that the author names."""
    prepared = prepare(found(draw.encoded(draw.scene(), format), convert=target))
    assert (prepared.mime, prepared.size) == (f"image/{target}", Size(64, 40))
    assert draw.corners(prepared.content) == draw.CORNERS


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_becomes_white_in_a_jpeg(draw: ModuleType, mode: str) -> None:
    """What hides under an alpha of 0 is not shown; grey stays grey."""
    hidden = Pillow.new("RGBA", (16, 16), (0, 0, 0, 0)).convert(mode)
    sent = pixels(prepare(found(draw.encoded(hidden, "TIFF"), convert="jpeg")))
    assert sent.mode == ("RGB" if mode == "RGBA" else "L")
    assert sent.convert("RGB").getpixel((8, 8)) == (255, 255, 255)


def test_a_transparent_gif_becomes_white_in_a_jpeg(draw: ModuleType) -> None:
    """One colour of a palette may be transparent."""
    image = Pillow.new("P", (16, 16), 0)
    image.putpalette([10, 20, 30, 200, 100, 0])
    sent = prepare(found(draw.encoded(image, "GIF", transparency=0), convert="jpeg"))
    assert pixels(sent).getpixel((8, 8)) == (255, 255, 255)


def test_transparency_is_kept_in_a_png(draw: ModuleType) -> None:
    """A PNG can show it."""
    image = Pillow.new("RGBA", (16, 16), (200, 100, 0, 77))
    sent = prepare(found(draw.encoded(image, "TIFF"), convert="png"))
    assert pixels(sent).getpixel((8, 8)) == (200, 100, 0, 77)


@pytest.mark.parametrize("value", [0, 255, 256, 0x8000, 0xFFFF])
def test_sixteen_bits_become_eight(draw: ModuleType, value: int) -> None:
    """The upper half of each value counts; nothing is cut to white."""
    grey = Pillow.frombytes("I;16", (8, 6), value.to_bytes(2, "little") * 48)
    sent = pixels(prepare(found(draw.encoded(grey, "TIFF"), convert="png")))
    assert (sent.mode, sent.getpixel((4, 3))) == ("L", value >> 8)


def test_floating_point_becomes_eight_bits(draw: ModuleType) -> None:
    """0–1 is stretched, 0–255 is taken as it stands."""
    for high, expected in ((0.5, 127), (200.0, 200)):
        image = Pillow.new("F", (8, 6), high)
        sent = pixels(prepare(found(draw.encoded(image, "TIFF"), convert="png")))
        assert sent.getpixel((4, 3)) == expected


def test_a_turned_sixteen_bit_png(draw: ModuleType) -> None:
    """Both things that must be done are done."""
    tags = Pillow.Exif()
    tags[0x0112] = 6
    grey = Pillow.frombytes("I;16", (8, 6), b"\x00\x80" * 48)
    sent = prepare(found(draw.encoded(grey, "PNG", exif=tags.tobytes())))
    assert (sent.size, pixels(sent).mode, pixels(sent).getpixel((3, 4))) == (Size(6, 8), "L", 0x80)


@pytest.mark.parametrize("profile", [None, b"not a profile"])
def test_printing_colours(draw: ModuleType, profile: bytes | None) -> None:
    """CMYK becomes RGB; a damaged profile is as good as none, and is not passed on."""
    cmyk = Pillow.new("CMYK", (16, 16), (0, 255, 255, 0))
    options = {"icc_profile": profile} if profile else {}
    sent = pixels(prepare(found(draw.encoded(cmyk, "TIFF", **options), convert="png")))
    assert (sent.mode, sent.getpixel((8, 8))) == ("RGB", (255, 0, 0))
    assert "icc_profile" not in sent.info


def test_a_turned_cmyk_jpeg_becomes_rgb(draw: ModuleType) -> None:
    """What must be written anew is written in colours for screens."""
    tags = Pillow.Exif()
    tags[0x0112] = 6
    cmyk = draw.encoded(draw.scene(40, 64).convert("CMYK"), "JPEG", exif=tags.tobytes())
    assert pixels(prepare(found(cmyk))).mode == "RGB"
    plain = draw.encoded(draw.scene().convert("CMYK"), "JPEG")
    assert prepare(found(plain)).content == plain


@pytest.mark.parametrize("mode", ["1", "L", "P", "LAB", "YCbCr"])
def test_other_pixel_formats(draw: ModuleType, mode: str) -> None:
    """Whatever the format of the pixels, both targets can be written and opened."""
    image = draw.scene().convert("RGB")
    image = (
        ImageCms.profileToProfile(
            image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        if mode == "LAB"
        else image.convert(mode)
    )
    content = draw.encoded(image, "TIFF")
    for target in ("png", "jpeg"):
        sent = prepare(found(content, convert=target))
        pixels(sent).load()
        assert sent.size == Size(64, 40)


@pytest.mark.parametrize("format", ["WEBP", "PNG", "GIF"])
@pytest.mark.parametrize("frame", [0, 1, 2])
def test_the_chosen_frame_is_sent(draw: ModuleType, format: str, frame: int) -> None:
    """Frames are counted from 0; what is sent is no animation any more."""
    sent = prepare(found(draw.animation(format), convert="png", frame=frame))
    assert sent.mime == "image/png"
    assert draw.corners(sent.content) == (draw.CORNERS[frame],) * 4
    assert found(sent.content).frames == 1


def test_the_same_image_is_prepared_to_the_same_bytes(draw: ModuleType) -> None:
    """Preparing is deterministic."""
    image = found(draw.stored(6, "JPEG"))
    assert prepare(image) == prepare(image)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_file_that_changed(draw: ModuleType, tmp_path: Path, orientation: int) -> None:
    """A file is sent only if it is the one that was found, even if length and time are the same."""
    path = draw.write(tmp_path / "cat.jpg", draw.stored(orientation, "JPEG"))
    image = inspect(FileOrigin(path), "cat.jpg")
    assert isinstance(image, Image)
    prepare(image)
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ImageError) as raised:
        prepare(image)
    assert str(raised.value) == "cat.jpg: the file has changed since this run found it"


def test_a_file_that_vanished(draw: ModuleType, tmp_path: Path) -> None:
    """It was there when the run found it."""
    path = draw.write(tmp_path / "cat.jpg")
    image = inspect(FileOrigin(path), "cat.jpg")
    path.unlink()
    assert isinstance(image, Image)
    with pytest.raises(ImageError) as raised:
        prepare(image)
    assert str(raised.value) == "cat.jpg: there is no such file"


def test_pixels_that_cannot_be_decoded(draw: ModuleType) -> None:
    """A header may be fine where the pixels are not; that is an `ImageError`, too."""
    image = found(draw.encoded(draw.scene(400, 300), "BMP")[:2000], convert="png")
    with pytest.raises(ImageError, match="damaged and cannot be decoded"):
        prepare(image)


def test_an_image_that_the_service_fetches() -> None:
    """There is nothing to send."""
    image = Image("a.jpg", "image", WebOrigin("https://example.com/a.jpg"), "image/jpeg")
    with pytest.raises(ImageError, match="the service fetches this image"):
        prepare(image)
