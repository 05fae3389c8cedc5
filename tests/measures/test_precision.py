"""Average precision, as COCO's own tool has it."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from runner.measures.evidence import Interval, even, interval
from runner.measures.matching import box_ious
from runner.measures.precision import Precision, ranked

box = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30)).map(
    lambda e: [float(e[0]), float(e[1]), float(e[0] + e[2]), float(e[1] + e[3])]
)
things = st.lists(box, max_size=5)
scores = st.sampled_from([0.2, 0.5, 0.5000001, 0.9])
image = st.tuples(things, st.lists(st.tuples(box, scores), max_size=6))
images = st.lists(st.dictionaries(st.sampled_from("ab"), image, max_size=2), min_size=1, max_size=6)


@settings(max_examples=150)
@given(images, st.booleans())
def test_it_is_what_pycocotools_says(
    drawn: list[dict[str, tuple[list[list[float]], list[tuple[list[float], float]]]]], scored: bool
) -> None:
    """mAP, AP50 and AP75 of random images, with scores and without."""
    ours, there, found = Precision(), [], []
    for number, labels in enumerate(drawn, 1):
        for label in "ab":
            right, answer = labels.get(label, ([], []))
            own = [score if scored else None for _, score in answer]
            ours.add(label, box_ious(right, [each for each, _ in answer]), own)
            there += [annotation(number, label, each) for each in right]
            found += [
                annotation(number, label, each) | {"score": score if scored else 1.0}
                for each, score in answer
            ]
    if not there:
        assert ours.mean() is None
        return
    if not found:
        assert ours.mean() == 0.0
        return
    theirs = coco(len(drawn), there, found)
    assert ours.mean() == pytest.approx(theirs[0], abs=1e-9)
    weights = np.ones((2, ours.images, 1))
    assert ours.at(weights) == pytest.approx([theirs[0]] * 2, abs=1e-9)
    each = [ours.of(label) for label in "ab" if ours.of(label)]
    assert np.mean([values[0] for values in each]) == pytest.approx(theirs[1], abs=1e-9)
    assert np.mean([values[5] for values in each]) == pytest.approx(theirs[2], abs=1e-9)


def annotation(image: int, label: str, edges: list[float]) -> dict[str, object]:
    width, height = edges[2] - edges[0], edges[3] - edges[1]
    return {
        "image_id": image,
        "category_id": "ab".index(label) + 1,
        "bbox": [edges[0], edges[1], width, height],
        "area": width * height,
        "iscrowd": 0,
    }


def coco(
    images: int, there: list[dict[str, object]], found: list[dict[str, object]]
) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": number + 1} for number in range(images)],
            "annotations": [{**each, "id": number} for number, each in enumerate(there, 1)],
            "categories": [{"id": 1}, {"id": 2}],
        }
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(value) for value in evaluation.stats]


def test_an_image_that_counts_twice_is_as_two_images() -> None:
    """For resampling: each answer counts as much as its weight says."""
    pairs = [([[0, 0, 9, 9]], [[0, 0, 9, 9]]), ([[0, 0, 9, 9]], [[20, 0, 29, 9], [0, 0, 9, 8]])]
    once, twice = Precision(), Precision()
    for there, found in pairs:
        once.add("a", box_ious(there, found), [None] * len(found))
    for there, found in (pairs[0], pairs[0], pairs[1]):
        twice.add("a", box_ious(there, found), [None] * len(found))
    weights = np.array([[[2.0], [1.0]], [[0.0], [0.0]]])
    assert once.at(weights) == pytest.approx([twice.mean(), np.nan], nan_ok=True)


@pytest.mark.parametrize("repeats", [1, 2, 3, 5, 6, 7, 10])
def test_repeats_that_all_find_everything_are_right_to_the_last_recall(repeats: int) -> None:
    """Each of them counts a part of an image, and the parts are the whole."""
    precision = Precision(repeats=repeats)
    for image in range(20):
        for repeat in range(repeats):
            precision.put("a", ranked(np.eye(2), [None, None]), image, repeat)
    assert precision.at(even(precision, 20)) == pytest.approx([1.0], abs=0)
    assert interval(precision, 20, 50) == Interval(1.0, 1.0, 1.0)


def test_a_thing_without_a_score_is_as_sure_as_can_be() -> None:
    """Then the order of the answer counts, which a reader must know."""
    ious = box_ious([[0, 0, 9, 9]], [[0, 0, 9, 9], [20, 0, 29, 9]])
    assert ranked(ious, [None, None], (0.5, 0.75)) == (1.0, 1.0, 3.0, 1.0, 0.0)
    assert ranked(ious, [0.3, 0.9], (0.5, 0.75)) == (1.0, 0.9, 0.0, 0.3, 3.0)


def test_a_hundred_and_more_of_one_label_are_looked_at_as_coco_does() -> None:
    """The hundred best of one image."""
    precision = Precision()
    right = [float(n) for n in (0, 0, 9, 9)]
    precision.add("a", box_ious([right], [[50.0, 50.0, 60.0, 60.0]] * 100 + [right]), [None] * 101)
    assert precision.mean() == 0.0
