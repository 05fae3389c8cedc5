"""A quantile of weighted numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.measures.quantile import Quantile

numbers = st.lists(
    st.tuples(st.floats(0, 100, allow_nan=False), st.integers(0, 3)), min_size=1, max_size=30
)


@given(numbers, st.sampled_from([0.5, 0.95, 1.0]))
def test_it_is_that_of_numpy(drawn: list[tuple[float, int]], share: float) -> None:
    """A number that counts twice is as two numbers, one that counts nothing as none."""
    quantile = Quantile(share)
    for image, (value, _) in enumerate(drawn):
        quantile.put(value, image)
    weights = np.array([count for _, count in drawn], dtype=float)
    found = quantile.at(np.stack([weights, np.ones(len(drawn))])[:, :, None])
    several = [value for value, count in drawn for _ in range(count)]
    right = [
        np.quantile(values, share, method="inverted_cdf") if values else np.nan
        for values in (several, [value for value, _ in drawn])
    ]
    assert found == pytest.approx(right, nan_ok=True)


def test_of_nothing_there_is_none() -> None:
    """Neither zero nor an error."""
    assert np.isnan(Quantile(0.95).at(np.ones((2, 1, 1)))).all()
