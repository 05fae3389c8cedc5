"""The edges of masks are compared as distances of pixels do it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries

from runner.postprocess.overlap import boundary_f
from runner.postprocess.rle import Runs, empty, from_bits
from runner.values.geometry import Size

Bits = NDArray[np.bool_]


def blobs(seed: int, count: int, height: int, width: int) -> list[Bits]:
    """Random overlapping ellipses and noise."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    found = []
    for _ in range(count):
        y, x = random.uniform(0, height), random.uniform(0, width)
        high, wide = random.uniform(0.5, height), random.uniform(0.5, width)
        bits = ((rows - y) / high) ** 2 + ((columns - x) / wide) ** 2 < 0.5
        found.append(bits & (random.random((height, width)) > random.choice([0, 0.2])))
    return found


def runs_of(bits: Bits) -> Runs:
    return from_bits(bits, 0, 0, Size(bits.shape[1], bits.shape[0]))


masks = st.builds(
    blobs, st.integers(0, 9999), st.integers(1, 4), st.integers(1, 40), st.integers(1, 40)
)


@settings(max_examples=60)
@given(masks, st.sampled_from([0.002, 0.02, 0.07, 0.2]))
def test_the_agreement_of_edges_is_that_of_distances(drawn: list[Bits], near: float) -> None:
    """Against SciPy's distances between scikit-image's boundaries."""
    one, other = drawn[0], drawn[-1]
    edges = [find_boundaries(each, connectivity=1, mode="inner") for each in (one, other)]
    found = boundary_f(runs_of(one), runs_of(other), near)
    if not (edges[0].any() and edges[1].any()):
        assert found == float(edges[0].any() == edges[1].any())
        return
    most = max(1.0, near * np.hypot(*one.shape))
    to = [distance_transform_edt(~edge) <= most for edge in edges]
    recall, precision = to[1][edges[0]].mean(), to[0][edges[1]].mean()
    right = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    assert found == pytest.approx(right)


def test_the_edges_of_two_empty_masks_agree() -> None:
    """There is nothing to tell them apart."""
    nothing = empty(Size(4, 3))
    assert boundary_f(nothing, nothing) == 1.0
