"""Brush strokes of Label Studio are the pixels of a mask, both ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.postprocess.brush import decode, encode
from runner.postprocess.rle import bits_in, from_bits
from runner.values.geometry import Size


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_any_mask_comes_back(width: int, height: int, seed: int, share: float) -> None:
    """Also one without a pixel, and one that is all of its image."""
    bits = np.random.default_rng(seed).random((height, width)) < share
    size = Size(width, height)
    back = decode(encode(from_bits(bits, 0, 0, size)), size)
    assert (bits_in(back, size.box) == bits).all()


def test_a_long_run_is_cut_where_its_length_has_no_more_bits() -> None:
    """65,536 values at a time: a megapixel of background is 62 pieces, of 28 bits each."""
    size = Size(1000, 1000)
    bits = np.zeros((1000, 1000), bool)
    strokes = encode(from_bits(bits, 0, 0, size))
    assert len(strokes) == -(-(32 + 5 + 16 + 62 * (1 + 2 + 16 + 8)) // 8)
    assert decode(strokes, size).area == 0


def test_single_values_are_read_as_the_frontend_of_label_studio_writes_them() -> None:
    """A piece may hold values one by one: two pixels, of which the second is set."""
    pieces = f"{8:032b}{7:05b}{2:04b}{3:04b}{7:04b}{15:04b}"
    pieces += "0" + "01" + f"{7:04b}" + "".join(f"{v:08b}" for v in (0, 0, 0, 0, 9, 9, 9, 255))
    pieces += "0" * (-len(pieces) % 8)
    content = [int(pieces[at : at + 8], 2) for at in range(0, len(pieces), 8)]
    assert bits_in(decode(content, Size(2, 1)), Size(2, 1).box).tolist() == [[False, True]]


@pytest.mark.parametrize(
    "content",
    [[], [0, 0, 0, 8], [0, 0, 0, 8, 255], [300], ["a"], [0, 0, 0, 9, 57, 27, 255]],
)
def test_what_does_not_fill_the_frame_is_refused(content: list[int]) -> None:
    """With a sentence, whatever stands there."""
    with pytest.raises(ValueError, match="brush strokes"):
        decode(content, Size(2, 1))


def test_the_pixels_are_those_of_label_studios_own_decoder() -> None:
    """Where it is installed."""
    brush = pytest.importorskip(
        "label_studio_sdk.converter.brush", reason="label-studio-sdk is large"
    )
    bits = np.random.default_rng(1).random((30, 50)) < 0.3
    size = Size(50, 30)
    strokes = encode(from_bits(bits, 0, 0, size))
    theirs = brush.decode_rle(strokes).reshape(30, 50, 4)[:, :, 3] > 0
    assert (theirs == bits).all()
    again = decode(brush.mask2rle(bits.astype(np.uint8) * 255), size)
    assert (bits_in(again, size.box) == bits).all()
