"""Packed masks have in common what their pixels have."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from runner.postprocess.packed import packed, shared_pixels
from runner.postprocess.regions import PACKED_AT_ONCE, shared
from runner.postprocess.rle import Runs, from_bits
from runner.values.geometry import Size

Bits = NDArray[np.bool_]


def drawn(seed: int, height: int) -> list[Bits]:
    """Masks of one frame that begin and end in any word of a column: stripes, noise and blocks."""
    random = np.random.default_rng(seed)
    width = int(random.integers(1, 6))
    found = []
    for _ in range(4):
        bits = random.random((height, width)) < random.choice([0.02, 0.5, 0.98, 1.0])
        top, left = random.integers(0, height), random.integers(0, width)
        bits[:top] = False
        bits[:, :left] = False
        bits[int(random.integers(top, height)) + 1 :] = False
        if bits.any():
            found.append(bits)
    return found


def runs(bits: Bits) -> Runs:
    return from_bits(bits, 0, 0, Size(bits.shape[1], bits.shape[0]))


@given(st.integers(0, 2**32), st.sampled_from([1, 63, 64, 65, 127, 128, 129, 200]))
def test_words_hold_the_pixels_of_a_mask(seed: int, height: int) -> None:
    """Each in its place, also where a run goes on from word to word and from column to column."""
    for bits in drawn(seed, height):
        found = packed(runs(bits))
        rows = np.arange(height)
        words = np.zeros(((height >> 6) + 1, bits.shape[1]), dtype=np.uint64)
        left, top, right, bottom = found.extent
        words[top:bottom, left:right] = found.words
        seen = words[rows >> 6] >> (rows & 63).astype(np.uint64)[:, None] & np.uint64(1)
        assert (seen == bits).all()


@given(st.integers(0, 2**32), st.sampled_from([1, 64, 65, 200]))
def test_what_two_masks_share_is_counted_by_words(seed: int, height: int) -> None:
    """Of every pair, whether they meet or not."""
    masks = drawn(seed, height)
    words = [packed(runs(bits)) for bits in masks]
    pixels = [[int((one & two).sum()) for two in masks] for one in masks]
    assert shared_pixels(words, words).tolist() == pixels


def test_masks_that_fill_the_frame_are_compared_a_block_at_a_time() -> None:
    """Memory does not grow with their number, and no pair is left out."""
    size = Size(4000, 30_000)
    whole = Runs(size, np.array([0]), np.array([size.area]))
    nothing = Runs(size, np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    part = Runs(size, np.array([7]), np.array([size.area // 2]))
    assert 5 * size.area // 8 > PACKED_AT_ONCE
    masks = [whole, nothing, part, whole, part, whole]
    areas = [mask.area for mask in masks]
    expected = [[min(one, two) for two in areas] for one in areas]
    assert shared(masks, masks).tolist() == expected
