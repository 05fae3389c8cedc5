"""An image is looked at without being decoded; whatever is wrong with it has a sentence."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.sources.inspect import inspect
from runner.values.geometry import Size
from runner.values.image import DataOrigin, FileOrigin, Image, UnreadableImage, WebOrigin
from runner.values.result import Issue


def file(path: Path) -> Image | UnreadableImage:
    return inspect(FileOrigin(path), path.name)


def data(content: bytes, **options: object) -> Image | UnreadableImage:
    return inspect(DataOrigin(content), "x", **options)  # type: ignore[arg-type]


def issue(found: Image | UnreadableImage) -> Issue:
    assert isinstance(found, UnreadableImage)
    return found.issue


def test_a_plain_image_is_sent_untouched(draw: ModuleType, tmp_path: Path) -> None:
    """Name, type, size, digest and length are known; the recipe is empty."""
    path = draw.write(tmp_path / "cat.jpg")
    content = path.read_bytes()
    assert file(path) == Image(
        name="cat.jpg",
        role="image",
        origin=FileOrigin(path),
        mime="image/jpeg",
        size=Size(64, 40),
        sha256=hashlib.sha256(content).hexdigest(),
        byte_count=len(content),
    )


@pytest.mark.parametrize(
    ("format", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("HEIF", "image/heic"),
    ],
)
def test_supported_types(draw: ModuleType, format: str, mime: str) -> None:
    """The types that Gemini documents are sent as they are."""
    found = data(draw.encoded(draw.scene(), format))
    assert isinstance(found, Image)
    assert (found.mime, found.size, found.recipe, found.issues) == (mime, Size(64, 40), (), ())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_are_upright(draw: ModuleType, format: str, orientation: int) -> None:
    """An image that is stored turned has the size that a person sees."""
    found = data(draw.stored(orientation, format), convert="png")
    assert isinstance(found, Image)
    assert (found.size, found.orientation) == (Size(64, 40), orientation)
    assert ("upright" in found.recipe) == (orientation != 1)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_nonsense_in_exif_turns_nothing(draw: ModuleType, orientation: int) -> None:
    """An orientation outside 1–8 counts as none."""
    found = data(draw.stored(orientation, "JPEG"))
    assert isinstance(found, Image)
    assert (found.size, found.orientation, found.recipe) == (Size(64, 40), 1, ())


def test_exif_behind_the_pixels_of_a_png(draw: ModuleType) -> None:
    """PNG allows EXIF after the pixels; it counts there, too."""
    found = data(draw.png_with_late_exif(6))
    assert isinstance(found, Image)
    assert (found.size, found.orientation, found.recipe) == (Size(64, 40), 6, ("upright",))


@pytest.mark.parametrize(("format", "recipe"), [("HEIF", ()), ("TIFF", ("convert:png",))])
def test_types_whose_readers_turn_them(
    draw: ModuleType, format: str, recipe: tuple[str, ...]
) -> None:
    """HEIC and TIFF come out of their readers upright, so nothing is turned twice."""
    found = data(draw.stored(6, format), convert="png")
    assert isinstance(found, Image)
    assert (found.size, found.orientation, found.recipe) == (Size(64, 40), 1, recipe)


@pytest.mark.parametrize(
    ("format", "what", "convert", "recipe"),
    [
        ("WEBP", "frames", None, ("frame:0",)),
        ("PNG", "frames", None, ("frame:0",)),
        ("GIF", "frames", "png", ("frame:0", "convert:png")),
        ("TIFF", "pages", "jpeg", ("frame:0", "convert:jpeg")),
    ],
)
def test_animations(
    draw: ModuleType, format: str, what: str, convert: str | None, recipe: tuple[str, ...]
) -> None:
    """One frame of an animation is sent, with a warning that counts them."""
    found = data(draw.animation(format), convert=convert)
    assert isinstance(found, Image)
    assert (found.frames, found.recipe) == (3, recipe)
    assert found.issues == (
        Issue(
            "image_animated",
            f"the file has 3 {what}; only number 0 (counted from 0) is sent."
            " Choose another with `frame:`",
        ),
    )


def test_a_frame_that_is_not_there(draw: ModuleType) -> None:
    """Frames are counted from 0, and the message says how many there are."""
    assert issue(data(draw.animation("WEBP"), frame=3)) == Issue(
        "image_no_such_frame",
        "the animation has 3 frames, counted from 0; there is no frame 3",
    )


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF", "AVIF"])
def test_types_that_need_a_conversion(draw: ModuleType, format: str) -> None:
    """Without `convert:` they are refused with what to write, with it they are taken."""
    content = draw.encoded(draw.scene(), format)
    article = "an" if format == "AVIF" else "a"
    assert issue(data(content)) == Issue(
        "image_type_unsupported",
        f"the file is {article} {format}, which is not among the types that Gemini documents;"
        " write `convert: png` to send it as PNG",
    )
    found = data(content, convert="png")
    assert isinstance(found, Image)
    assert (found.size, found.recipe) == (Size(64, 40), ("convert:png",))


def test_the_bytes_are_believed_and_not_the_name(draw: ModuleType, tmp_path: Path) -> None:
    """A PNG called .jpg is sent as PNG, with a warning."""
    path = draw.write(tmp_path / "cat.JPG", draw.encoded(draw.scene(), "PNG"))
    found = file(path)
    assert isinstance(found, Image)
    assert found.mime == "image/png"
    assert found.issues == (
        Issue(
            "image_wrong_ending",
            "the name ends in `.JPG`, but the file is a PNG; it is sent as what it is",
        ),
    )


@pytest.mark.parametrize(
    ("content", "code", "why"),
    [
        (b"", "image_empty", "the file is empty (0 bytes)"),
        (
            b"<!doctype html><title>Not found</title>",
            "image_not_an_image",
            "the file is not an image, it looks like a web page (HTML)",
        ),
        (
            b"<svg></svg>",
            "image_not_an_image",
            "the file is not an image, it looks like an SVG drawing; export it as PNG",
        ),
        (
            b"%PDF-1.7",
            "image_not_an_image",
            "the file is not an image, it looks like a PDF; export it as PNG",
        ),
        (b"hello", "image_not_an_image", "the file is not an image, it looks like text"),
        (b"\x00\x01", "image_not_an_image", "the file is not an image of a known type"),
        (
            b"8BPS\x00\x01",
            "image_type_unsupported",
            "the file is a Photoshop file, which cannot be read here; save it as PNG or JPEG",
        ),
    ],
)
def test_what_is_no_image(content: bytes, code: str, why: str) -> None:
    """Each kind of file that is no image is called by its name."""
    assert issue(data(content)) == Issue(code, why)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.5, 0.75, 0.99])
def test_cut_files_are_found_before_anything_is_paid(
    draw: ModuleType, format: str, share: float
) -> None:
    """A file that lost its end is told as that, although its header may be fine."""
    whole = draw.encoded(draw.scene(400, 300), format)
    cut = whole[: int(len(whole) * share)]
    assert issue(data(cut)) == Issue(
        "image_truncated",
        f"the file is cut off: its end is missing after {len(cut):,} bytes; copy it again",
    )


@pytest.mark.parametrize("lost", [1, 2])
def test_a_jpeg_without_its_last_bytes(draw: ModuleType, lost: int) -> None:
    """Even the end marker alone is missed."""
    assert issue(data(draw.encoded(draw.scene(), "JPEG")[:-lost])).code == "image_truncated"


def test_a_cut_jpeg_with_a_whole_preview(draw: ModuleType) -> None:
    """The end marker of the preview inside the EXIF data does not count."""
    preview = draw.encoded(draw.scene(16, 10), "JPEG")
    whole = draw.encoded(draw.scene(400, 300), "JPEG", exif=b"Exif\0\0" + preview)
    assert isinstance(data(whole), Image)
    assert issue(data(whole[:-40])).code == "image_truncated"


def test_a_jpeg_with_a_video_behind_it(draw: ModuleType) -> None:
    """Cameras append what they like after the image; more than one block of it, too."""
    for more in (b"\0", b"video" * 10, b"v" * (3 << 20)):
        assert isinstance(data(draw.encoded(draw.scene(), "JPEG") + more), Image)


def test_progressive_jpegs_are_whole(draw: ModuleType) -> None:
    """A JPEG in several scans has headers between them."""
    content = draw.encoded(draw.scene(400, 300), "JPEG", progressive=True)
    assert isinstance(data(content), Image)
    assert issue(data(content[:-2])).code == "image_truncated"


def test_a_damaged_header(draw: ModuleType) -> None:
    """A whole file whose header is nonsense is damaged, not cut."""
    content = bytearray(draw.encoded(draw.scene(), "PNG"))
    content[16:20] = b"\0\0\0\0"  # a width of 0
    assert issue(data(bytes(content))).code == "image_broken"


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (10_001, 10_000)])
def test_bombs_are_refused_by_their_header(draw: ModuleType, width: int, height: int) -> None:
    """A few bytes that claim more than 100 megapixels are never decoded."""
    megapixels = f"{width * height / 1e6:,.0f}"
    assert issue(data(draw.bomb_png(width, height))) == Issue(
        "image_too_many_pixels",
        f"the image has {width} × {height} = {megapixels} megapixels; at most 100 megapixels"
        " are read. Make it smaller",
    )


def test_large_images_within_the_limit_are_fine(draw: ModuleType) -> None:
    """Pillow's own, lower limit makes no warning: exactly 100 megapixels are an image."""
    assert isinstance(data(draw.bomb_png(10_000, 10_000)), Image)


def test_a_large_webp_is_refused_like_any_other(draw: ModuleType) -> None:
    """A WebP header may claim 268 megapixels, which its reader refuses by itself."""
    content = bytearray(draw.encoded(draw.scene(), "WEBP", lossless=True))
    at = content.index(b"VP8L") + 9
    content[at : at + 4] = (0x0FFFFFFF).to_bytes(4, "little")
    assert issue(data(bytes(content))).code in ("image_too_many_pixels", "image_broken")


def test_a_missing_file(tmp_path: Path) -> None:
    """It is one image that cannot be used, not the end of the run."""
    assert file(tmp_path / "no.jpg") == UnreadableImage(
        "no.jpg",
        "image",
        Issue("image_missing", "there is no such file"),
        tmp_path / "no.jpg",
    )


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    """A NUL in a name is an answer, not a crash."""
    assert issue(inspect(FileOrigin(Path("a\0b.jpg")), "x")).code == "image_missing"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    """Opening a pipe would wait for ever; it is refused."""
    os.mkfifo(tmp_path / "pipe.jpg")
    assert issue(file(tmp_path / "pipe.jpg")) == Issue(
        "image_not_a_file", "this is not a file but a pipe"
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there are no devices here")
def test_a_device_is_not_read(tmp_path: Path) -> None:
    """An endless device behind a link is refused."""
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    assert issue(file(tmp_path / "zero.jpg")) == Issue(
        "image_not_a_file", "this is not a file but a device"
    )


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    """The message says how a folder is named."""
    assert issue(file(tmp_path)) == Issue(
        "image_not_a_file",
        "this is not a file but a folder; to take all images in it, name it as a folder: `photos/`",
    )


def test_links_in_a_circle(tmp_path: Path) -> None:
    """A link to itself is one image that cannot be used."""
    (tmp_path / "x.jpg").symlink_to(tmp_path / "x.jpg")
    assert issue(file(tmp_path / "x.jpg")).code == "image_unreadable"


def test_a_file_that_may_not_be_read(draw: ModuleType, tmp_path: Path) -> None:
    """Permissions are told as such."""
    path = draw.write(tmp_path / "cat.jpg")
    path.chmod(0)
    with without_privileges():
        found = file(path)
    assert issue(found) == Issue("image_unreadable", "the file may not be read: permission denied")


def test_an_image_that_the_service_fetches_has_no_bytes() -> None:
    """Such an image is not looked at here."""
    assert issue(inspect(WebOrigin("https://example.com/a.jpg"), "a.jpg")).code == "image_elsewhere"


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_make_an_image_or_an_issue(content: bytes) -> None:
    """Whatever the bytes, there is an answer and no exception."""
    assert isinstance(data(content, convert="png"), Image | UnreadableImage)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF", "GIF", "BMP", "TIFF", "AVIF"])
@given(at=st.floats(0, 1), change=st.binary(min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_any_damage_makes_an_image_or_an_issue(
    draw: ModuleType, format: str, at: float, change: bytes
) -> None:
    """Damage anywhere in a real file is an answer and no exception."""
    content = bytearray(draw.encoded(draw.scene(), format))
    start = int(at * len(content))
    content[start : start + len(change)] = change
    assert isinstance(data(bytes(content), convert="png"), Image | UnreadableImage)


@contextmanager
def without_privileges() -> Iterator[None]:
    """As a user who is not root, to whom permissions apply."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
