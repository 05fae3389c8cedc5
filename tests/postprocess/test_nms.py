"""Doubles among detections: found by label, image and overlap, however many there are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runner.postprocess.masks import mask_of
from runner.postprocess.nms import overlapping
from runner.postprocess.rle import from_bits
from runner.values.geometry import Box, Point, Size
from runner.values.result import Detection


def thing(*edges: float, label: str | None = "a", image: int = 0) -> Detection:
    return Detection(at="", label=label, image=image, box=Box(*map(float, edges)))


def test_the_first_of_two_stays() -> None:
    """The order of the list decides; a third that overlaps only what was dropped stays, too."""
    row = [thing(0, 0, 10, 10), thing(4, 0, 14, 10), thing(8, 0, 18, 10)]
    assert overlapping(row, 0.4) == {1}
    assert overlapping(row[::-1], 0.4) == {1}
    assert overlapping(row, 0.5) == frozenset()


def test_other_labels_and_other_images_are_no_doubles() -> None:
    """A cup on a saucer is two things, and so is the cup of the next photograph."""
    same = (0, 0, 10, 10)
    found = [thing(*same), thing(*same, label="b"), thing(*same, image=1), thing(*same, label=None)]
    assert overlapping(found, 0.1) == frozenset()
    assert overlapping([*found, *found], 0.1) == {4, 5, 6, 7}


def test_masks_are_compared_where_both_have_one() -> None:
    """Two crossing rods have one box and two places."""
    size = Size(40, 40)
    diagonal = np.eye(40, dtype=np.bool_)
    rods = [
        Detection(
            "", "rod", box=Box(0, 0, 40, 40), mask=mask_of(from_bits(bits, 0, 0, size), "png")
        )
        for bits in (diagonal, diagonal[:, ::-1])
    ]
    assert overlapping(rods, 0.5) == frozenset()
    assert overlapping([*rods, rods[1]], 0.5) == {2}
    assert overlapping([*rods, thing(0, 0, 40, 39, label="rod")], 0.5) == {2}


def test_a_point_is_no_double() -> None:
    """Points have no area to share."""
    assert overlapping([Detection("", "a", point=Point(1.0, 1.0))] * 3, 0.0) == frozenset()


EDGE = st.integers(0, 60)
BOXES = st.lists(
    st.tuples(EDGE, EDGE, st.integers(1, 40), st.integers(1, 40), st.sampled_from("ab")),
    max_size=30,
)


@given(BOXES, st.sampled_from([0.0, 0.2, 0.5, 0.8]))
def test_it_is_what_one_would_write_down(
    rows: list[tuple[int, int, int, int, str]], most: float
) -> None:
    """The plain rule, one pair after the other, drops the same ones."""
    found = [thing(x, y, x + w, y + h, label=label) for x, y, w, h, label in rows]
    stays: list[Detection] = []
    dropped = set()
    for index, each in enumerate(found):
        assert each.box is not None
        doubles = (o.box.iou(each.box) > most for o in stays if o.label == each.label and o.box)
        if any(doubles):
            dropped.add(index)
        else:
            stays.append(each)
    assert overlapping(found, most) == dropped


def test_thousands_of_boxes() -> None:
    """A grid of 5,000 things, each found twice."""
    grid = [thing(20 * x, 20 * y, 20 * x + 15, 20 * y + 15) for x in range(100) for y in range(50)]
    assert overlapping([*grid, *grid], 0.5) == set(range(5000, 10_000))
