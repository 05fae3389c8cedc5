"""What stands where a painted mask should, by name."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from runner.postprocess.mask_text import grey_image
from runner.values.result import Issue


def written(picture: Pillow.Image, form: str = "PNG") -> str:
    content = BytesIO()
    picture.save(content, form)
    return "data:image/png;base64," + b64encode(content.getvalue()).decode()


def shades(text: str) -> list[int]:
    """The grey values of a mask, row by row."""
    found = grey_image(text)
    assert not isinstance(found, Issue), found
    assert found.mode == "L"
    return list(found.tobytes())


def test_16_bits_become_8() -> None:
    """The upper half of each number; clipping would make everything white."""
    deep = Pillow.new("I;16", (3, 1))
    for x, value in enumerate((0, 32767, 65535)):
        deep.putpixel((x, 0), value)
    assert shades(written(deep)) == [0, 127, 255]


def test_the_opacity_counts_when_the_colours_say_nothing() -> None:
    """White with holes is a mask; a picture with colours is read by its brightness."""
    flat = Pillow.new("RGBA", (2, 1), (255, 255, 255, 255))
    flat.putpixel((1, 0), (255, 255, 255, 0))
    assert shades(written(flat)) == [255, 0]
    coloured = Pillow.new("RGBA", (2, 1), (255, 255, 255, 200))
    coloured.putpixel((1, 0), (0, 0, 0, 200))
    assert shades(written(coloured)) == [255, 0]
    both = Pillow.new("LA", (2, 1), (0, 255))
    both.putpixel((1, 0), (255, 255))
    assert shades(written(both)) == [0, 255]


def test_palettes_are_colours() -> None:
    """An indexed image is read by what its indices mean."""
    indexed = Pillow.new("P", (2, 1))
    indexed.putpalette([0, 0, 0, 255, 255, 255])
    indexed.putpixel((0, 0), 1)
    assert shades(written(indexed)) == [255, 0]


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("mask", Issue("mask_placeholder", "“mask” stands where a mask should")),
        (
            "data:image/png;base64," + "%%" * 50,
            Issue("mask_garbage", "the mask cannot be read: it is not base64"),
        ),
        (
            "data:image/png;base64,iVBORw0KGgo" + "Pj4+" * 100,
            Issue(
                "mask_garbage", "the mask cannot be read: its base64 repeats itself without an end"
            ),
        ),
        (
            written(Pillow.new("L", (5000, 2))),
            Issue(
                "mask_too_large",
                "a mask of 5000 × 2 pixels is not read; the limit is 4096 a side",
            ),
        ),
        (
            written(Pillow.new("L", (8, 8)), "BMP"),
            Issue(
                "mask_garbage",
                "the mask cannot be read: its 1142 bytes are no image that can be read",
            ),
        ),
    ],
    ids=["word", "no base64", "runaway", "too large", "another format"],
)
def test_what_is_no_mask_has_a_name(text: str, issue: Issue) -> None:
    """The issue says what stands there and never shows all of it."""
    assert grey_image(text) == issue


def test_an_image_too_large_for_any_memory_is_refused_by_its_header() -> None:
    """60,000 × 60,000 pixels in 67 bytes: nothing is decoded."""
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )
    found = grey_image("data:image/png;base64," + b64encode(bomb).decode())
    assert isinstance(found, Issue)
    assert found.code == "mask_too_large"


@given(
    st.text()
    | st.binary().map(lambda content: "data:image/png;base64," + b64encode(content).decode())
)
def test_any_text_is_a_mask_or_has_a_name(text: str) -> None:
    """Nothing raises."""
    found = grey_image(text)
    assert isinstance(found, Issue | Pillow.Image)


@given(st.data())
def test_a_damaged_image_has_a_name(data: st.DataObject) -> None:
    """Bytes changed anywhere in a real PNG never raise."""
    content = BytesIO()
    Pillow.new("L", (16, 16), 200).save(content, "PNG")
    damaged = bytearray(content.getvalue())
    for _ in range(3):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    found = grey_image("data:image/png;base64," + b64encode(bytes(damaged)).decode())
    assert isinstance(found, Issue | Pillow.Image)
