"""Metrics that are made of sums, as scikit-learn has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from runner.measures.sums import Sums, at_each, f1, macro_f1, precision, recall, share, total

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(pairs)
def test_they_are_those_of_scikit_learn(drawn: list[tuple[int, int]]) -> None:
    """Precision, recall and F1 of one label, and the mean F1 of all."""
    there, found = zip(*drawn, strict=True)
    parts = np.zeros((len(drawn), 1, 4, 3))
    for row, (one, other) in enumerate(drawn):
        if one == other:
            parts[row, 0, one, 0] = 1
        else:
            parts[row, 0, other, 1] = parts[row, 0, one, 2] = 1
    for ours, theirs in ((precision, precision_score), (recall, recall_score), (f1, f1_score)):
        for label in range(4):
            right = theirs(there, found, labels=[label], average="macro", zero_division=0)
            value = Sums(parts[:, :, label], ours).value
            assert (0.0 if np.isnan(value) else value) == pytest.approx(right)
    labels = sorted({*there, *found})
    right = f1_score(there, found, labels=labels, average="macro", zero_division=0)
    assert Sums(parts.reshape(len(drawn), 1, 12), macro_f1).value == pytest.approx(right)


def test_weights_count_answers() -> None:
    """An image that counts twice is as two images; one that counts nothing is as none."""
    parts = np.array([[[1.0, 1.0]], [[0.0, 1.0]], [[1.0, 1.0]]])
    sums = Sums(parts, share)
    assert sums.value == pytest.approx(2 / 3)
    weights = np.array([[[1.0], [1.0], [1.0]], [[2.0], [1.0], [0.0]], [[0.0], [0.0], [0.0]]])
    assert sums.at(weights) == pytest.approx([2 / 3, 2 / 3, np.nan], nan_ok=True)
    assert Sums(parts, total).at(weights) == pytest.approx([2.0, 2.0, 0.0])


def test_a_metric_that_is_not_defined_is_no_number() -> None:
    """Where nothing is there, nothing can be recalled; that is neither 0 nor 1."""
    nothing = np.zeros((1, 1, 3))
    assert all(np.isnan(Sums(nothing, each).value) for each in (precision, recall, f1, macro_f1))


def test_over_several_thresholds_it_is_the_mean() -> None:
    """The parts of each threshold stand one after the other."""
    parts = np.array([[[1.0, 1.0, 0.0, 2.0, 0.0, 0.0]]])
    assert Sums(parts, at_each(precision, 2)).value == pytest.approx(0.75)
    assert at_each(precision, 1) is precision
