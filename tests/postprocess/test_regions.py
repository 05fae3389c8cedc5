"""What masks have in common is what pycocotools and their pixels say, worked out on runs alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools import mask as coco

from runner.postprocess.masks import mask_of
from runner.postprocess.polygons import rasterised, rings
from runner.postprocess.regions import (
    cut,
    difference,
    intersection,
    iou,
    ious,
    placed,
    shared,
    union,
)
from runner.postprocess.rle import Bits, Runs, bits_in, cropped, empty, encode, from_bits
from runner.values.geometry import PixelBox, Size

SIDES = st.integers(1, 16)


@st.composite
def stacks(draw: st.DrawFn, most: int = 5) -> list[Bits]:
    """Full frames of one size: noise, blocks, nothing and everything."""
    shape = draw(st.tuples(SIDES, SIDES))
    noise = arrays.arrays(np.bool_, shape)
    whole = st.sampled_from([np.zeros(shape, np.bool_), np.ones(shape, np.bool_)])
    return draw(st.lists(noise | blocks(shape) | whole, min_size=1, max_size=most))


@st.composite
def blocks(draw: st.DrawFn, shape: tuple[int, int]) -> Bits:
    bits = np.zeros(shape, np.bool_)
    window = draw(windows(Size(shape[1], shape[0])))
    bits[window.y_min : window.y_max, window.x_min : window.x_max] = True
    return bits


@st.composite
def windows(draw: st.DrawFn, size: Size) -> PixelBox:
    x, y = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    right = draw(st.integers(x + 1, size.width))
    return PixelBox(x, y, right, draw(st.integers(y + 1, size.height)))


@st.composite
def masks_and_windows(draw: st.DrawFn) -> tuple[Bits, PixelBox]:
    bits = draw(stacks(most=1))[0]
    return bits, draw(windows(Size(bits.shape[1], bits.shape[0])))


def runs(bits: Bits) -> Runs:
    return from_bits(bits, 0, 0, Size(bits.shape[1], bits.shape[0]))


def text(found: Runs) -> bytes:
    return encode(found).counts.encode()


def theirs(bits: Bits) -> dict[str, object]:
    encoded: dict[str, object] = coco.encode(np.asfortranarray(bits.astype(np.uint8)))
    return encoded


@given(stacks())
def test_union_and_intersection_are_those_of_pycocotools(stack: list[Bits]) -> None:
    """Of any number of masks, byte for byte."""
    mine, other = [runs(bits) for bits in stack], [theirs(bits) for bits in stack]
    assert text(union(*mine)) == coco.merge(other)["counts"]
    assert text(intersection(*mine)) == coco.merge(other, intersect=True)["counts"]


@given(stacks())
def test_a_difference_is_what_only_the_first_has(stack: list[Bits]) -> None:
    """With no others it is the first."""
    first, *others = stack
    expected = first & ~np.logical_or.reduce([np.zeros_like(first), *others])
    assert text(difference(*map(runs, stack))) == theirs(expected)["counts"]


@given(stacks())
def test_every_iou_is_that_of_pycocotools(stack: list[Bits]) -> None:
    """To the last digit, also for one and the same, and 0 where both are empty (theirs is 0/0)."""
    mine, other = [runs(bits) for bits in stack], [theirs(bits) for bits in stack]
    expected = np.nan_to_num(coco.iou(other, other, [0] * len(other)))
    areas = [int(bits.sum()) for bits in stack]
    none = [[not (one or two) for two in areas] for one in areas]
    expected[np.array(none)] = 0
    assert (ious(mine, mine) == expected).all()
    assert [each.area for each in mine] == areas
    assert iou(mine[0], mine[-1]) == expected[0, -1] == iou(mine[-1], mine[0])
    pixels = [[int((one & two).sum()) for two in stack] for one in stack]
    assert shared(mine, mine).tolist() == pixels


def test_a_matrix_of_no_masks_is_empty() -> None:
    """With the rows and columns that there are."""
    assert ious([], []).shape == (0, 0)
    assert ious([empty(Size(2, 2))], []).shape == (1, 0)
    assert ious([], [empty(Size(2, 2))]).shape == (0, 1)


@given(masks_and_windows())
def test_a_crop_and_its_way_home(case: tuple[Bits, PixelBox]) -> None:
    """A window of a mask as a frame of its own, back in its frame, and cut in place."""
    bits, window = case
    rows, columns = slice(window.y_min, window.y_max), slice(window.x_min, window.x_max)
    inside = np.zeros_like(bits)
    inside[rows, columns] = bits[rows, columns]
    part = cropped(runs(bits), window)
    assert text(part) == theirs(bits[rows, columns])["counts"]
    assert text(placed(part, window, runs(bits).size)) == theirs(inside)["counts"]
    assert text(cut(runs(bits), window)) == theirs(inside)["counts"]
    assert (bits_in(runs(bits), window) == bits[rows, columns]).all()


@given(stacks(most=1))
def test_an_outline_with_its_holes_gives_the_mask_back(stack: list[Bits]) -> None:
    """Mask to rings and rings to mask: no pixel more or less, whatever the holes."""
    mask = mask_of(runs(stack[0]), "png")
    assert encode(rasterised(rings(mask), mask.rle.size)) == mask.rle


def test_masks_of_different_frames_do_not_mix() -> None:
    """Pixels of one image are not pixels of another."""
    one, other = empty(Size(1, 2)), empty(Size(2, 1))
    for work in (union, intersection, difference, iou):
        with pytest.raises(ValueError, match="masks of different frames"):
            work(one, other)
    with pytest.raises(ValueError, match="does not fill a window"):
        placed(one, PixelBox(0, 0, 2, 2), Size(5, 5))
