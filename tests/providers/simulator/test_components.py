"""Components by runs: the same as those of scikit-image, for any image of classes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.measure import label as reference

from runner.providers.simulator.components import label, without_holes

GRIDS = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, max_side=16), elements=st.integers(-1, 2)
)


@given(GRIDS)
def test_components_are_those_of_a_reference_implementation(classes: np.ndarray) -> None:
    """As many, with the same members; negative classes belong to none; numbered in reading order."""
    labels, count = label(classes)
    expected, expected_count = reference(classes + 1, background=0, connectivity=1, return_num=True)
    assert count == expected_count
    assert np.array_equal(labels, expected - 1)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_a_filled_shape_has_no_background_that_is_cut_off_from_the_outside(
    bits: np.ndarray,
) -> None:
    """Filling adds exactly the background that no path of edges joins with the outside."""
    filled = without_holes(bits)
    around = np.pad(~bits, 1, constant_values=True)
    outside, _ = label(np.where(around, 0, -1))
    assert np.array_equal(filled, outside[1:-1, 1:-1] != outside[0, 0])
    assert not (bits & ~filled).any()
