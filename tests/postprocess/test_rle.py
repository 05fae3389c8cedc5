"""Run lengths: what COCO's own tools write and read, without a canvas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from runner.postprocess.rle import (
    Bits,
    Runs,
    bits_in,
    decode,
    empty,
    encode,
    from_bits,
    tight_box,
)
from runner.values.geometry import PixelBox, Size
from runner.values.mask import Rle

FRAMES = st.tuples(st.integers(1, 20), st.integers(1, 20))


@st.composite
def crops(draw: st.DrawFn) -> tuple[Bits, int, int, Size]:
    """A part of a frame, where it stands, and the frame."""
    width, height = draw(FRAMES)
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    shape = (draw(st.integers(1, height - y)), draw(st.integers(1, width - x)))
    return draw(arrays.arrays(np.bool_, shape)), x, y, Size(width, height)


def full(bits: Bits, x: int, y: int, size: Size) -> Bits:
    """The same part on a full canvas: what we never make."""
    canvas = np.zeros((size.height, size.width), dtype=np.bool_)
    canvas[y : y + bits.shape[0], x : x + bits.shape[1]] = bits
    return canvas


def frame_box(size: Size) -> PixelBox:
    return PixelBox(0, 0, size.width, size.height)


@given(crops())
def test_a_part_is_encoded_as_coco_encodes_the_full_frame(
    crop: tuple[Bits, int, int, Size],
) -> None:
    """Byte for byte the text of pycocotools, and its area and box."""
    coco = pytest.importorskip("pycocotools.mask")
    expected = coco.encode(np.asfortranarray(full(*crop).astype(np.uint8)))
    found = from_bits(*crop)
    assert encode(found).counts == expected["counts"].decode()
    assert found.area == coco.area(expected)
    box = tight_box(found)
    if box is not None and found.area:
        assert [box.x_min, box.y_min, box.width, box.height] == coco.toBbox(expected).tolist()


@given(crops())
def test_decoding_gives_the_pixels_back(crop: tuple[Bits, int, int, Size]) -> None:
    """Through the text and back: the same runs, the same pixels, in any part of the frame."""
    bits, x, y, size = crop
    back = decode(encode(from_bits(*crop)))
    canvas = full(*crop)
    assert (bits_in(back, frame_box(size)) == canvas).all()
    part = PixelBox(x, y, x + bits.shape[1], y + bits.shape[0])
    assert (bits_in(back, part) == bits).all()
    ys, xs = np.nonzero(canvas)
    box = tight_box(back)
    if len(xs) == 0:
        assert box is None
    else:
        assert box == PixelBox(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)


@given(st.lists(st.integers(0, 2**39 - 1), min_size=1, max_size=30))
def test_any_counts_survive_their_compressed_form(counts: list[int]) -> None:
    """Frames far beyond any image, too."""
    counts = [counts[0], *(max(1, count) for count in counts[1:])]
    edges = np.cumsum(np.array(counts, dtype=np.int64))
    size = Size(max(1, int(edges[-1])), 1)
    made = Runs(size, edges[0:-1:2], edges[1::2])
    back = decode(encode(made))
    assert back.starts.tolist() == made.starts.tolist()
    assert back.stops.tolist() == made.stops.tolist()


def test_known_masks() -> None:
    """The 5 × 4 block at (3, 2), nothing, and everything."""
    size = Size(12, 10)
    block = from_bits(np.ones((4, 5), dtype=np.bool_), 3, 2, size)
    assert encode(block) == Rle(size, "P1460000000V1")
    assert tight_box(block) == PixelBox(3, 2, 8, 6)
    assert encode(empty(size)) == Rle(size, "h3")
    assert encode(from_bits(np.ones((10, 12), dtype=np.bool_), 0, 0, size)) == Rle(size, "0h3")


@given(st.text(max_size=12), st.integers(1, 50), st.integers(1, 50))
def test_what_is_no_mask_is_refused(text: str, width: int, height: int) -> None:
    """Any text either fills the frame or is a ValueError; never another error, never a wrong mask."""
    try:
        found = decode(Rle(Size(width, height), text))
    except ValueError:
        return
    assert 0 <= found.area <= width * height
