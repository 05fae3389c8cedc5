"""Which of the things found is which of those there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from runner.measures.matching import Match, box_ious, matches
from runner.values.geometry import Box

boxes = st.lists(
    st.tuples(*[st.integers(0, 30)] * 4).map(
        lambda e: [min(e[0], e[2]), min(e[1], e[3]), max(e[0], e[2]), max(e[1], e[3])]
    ),
    max_size=7,
)


@given(boxes, boxes)
def test_overlaps_are_those_of_the_boxes(
    there: list[list[float]], found: list[list[float]]
) -> None:
    """All of them at once, as one by one."""
    ious = box_ious(there, found)
    assert ious.shape == (len(there), len(found))
    for row, one in enumerate(there):
        for column, other in enumerate(found):
            assert ious[row, column] == pytest.approx(Box(*one).iou(Box(*other)), abs=1e-12)


@given(boxes, boxes, st.sampled_from([0.0, 0.1, 0.5, 0.75]))
def test_a_matching_is_the_best_there_is(
    there: list[list[float]], found: list[list[float]], least: float
) -> None:
    """As many pairs as scipy's assignment finds, and their overlaps add up to as much."""
    ious = box_ious(there, found)
    best = matches(ious, least)
    fits = ious >= max(least, 1e-12)
    rows, columns = linear_sum_assignment(-np.where(fits, ious + 100, 0.0))
    right = [(r, c) for r, c in zip(rows, columns, strict=True) if fits[r, c]]
    assert len(best) == len(right)
    assert sum(m.iou for m in best) == pytest.approx(sum(ious[r, c] for r, c in right))
    assert len({m.there for m in best}) == len({m.found for m in best}) == len(best)
    assert all(m.iou == ious[m.there, m.found] >= least for m in best)


def test_order_makes_no_difference() -> None:
    """Where one after the other would take the wrong one first."""
    ious = np.array([[0.6, 0.9], [0.0, 0.6]])
    assert matches(ious, 0.5) == (Match(0, 0, 0.6), Match(1, 1, 0.6))
    assert matches(ious[::-1], 0.5) == (Match(0, 1, 0.6), Match(1, 0, 0.6))
    assert matches(ious, 0.7) == (Match(0, 1, 0.9),)


def test_nothing_matches_nothing() -> None:
    """Empty lists, and boxes that do not touch, even when no overlap is asked for."""
    assert matches(box_ious([], []), 0.5) == ()
    assert matches(box_ious([[0, 0, 1, 1]], []), 0.5) == ()
    assert matches(box_ious([[0, 0, 1, 1]], [[2, 2, 3, 3]]), 0.0) == ()


def test_two_hundred_of_each_are_matched() -> None:
    """As many as anybody asks about in one image, as well as scipy does."""
    ious = np.random.default_rng(5).random((200, 180))
    rows, columns = linear_sum_assignment(-ious)
    assert sum(m.iou for m in matches(ious, 0.0)) == pytest.approx(ious[rows, columns].sum())
