"""A result becomes supervision's Detections, value by value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from runner.exporters.supervision import to_supervision
from runner.values.geometry import Box


def test_boxes_labels_and_scores(scene, cat, dog, tip, sv) -> None:  # type: ignore[no-untyped-def]
    """Float pixels, classes in alphabetical order; a point is no box."""
    found = to_supervision(scene.result("a.jpg", (dog, cat, tip)), "boxes")
    assert isinstance(found, sv.Detections)
    assert found.xyxy.tolist() == [[50, 0, 64, 20], [1.5, 2, 30.25, 40]]
    assert found.class_id.tolist() == [1, 0]
    assert found.data["class_name"].tolist() == ["dog", "cat"]
    assert (found.confidence, found.mask) == (None, None)
    scored = to_supervision(scene.result("a.jpg", (cat,)), labels=["dog", "cat"])
    assert (scored.class_id.tolist(), scored.confidence.tolist()) == ([1], [pytest.approx(0.9)])


def test_masks_are_whole_frames(scene, ring, ring_bits, cat, leaf, sv) -> None:  # type: ignore[no-untyped-def]
    """A box beside a mask is filled: supervision has a mask for all, or for none."""
    found = to_supervision(scene.result("a.jpg", (ring, cat, leaf)))
    assert found.mask.shape == (3, 48, 64)
    assert (found.mask[0] == ring_bits).all()
    filled = np.zeros((48, 64), bool)
    filled[2:40, 2:30] = True
    assert (found.mask[1] == filled).all()
    assert found.xyxy[2].tolist() == [4.0, 5.0, 20.5, 22.25]


def test_nothing_found_is_empty_and_a_failure_is_an_error(scene, sv) -> None:  # type: ignore[no-untyped-def]
    """They are never mistaken for one another."""
    assert len(to_supervision(scene.result("a.jpg", (), "empty"))) == 0
    with pytest.raises(ValueError, match=r"a\.jpg: refused: SAFETY"):
        to_supervision(scene.result("a.jpg", (), "refused"))


def test_a_label_that_is_not_in_the_list_is_an_error(scene, cat, sv) -> None:  # type: ignore[no-untyped-def]
    """Not a wrong number."""
    with pytest.raises(ValueError, match="'cat' is not in `labels`"):
        to_supervision(scene.result("a.jpg", (cat,)), labels=["dog"])


def test_of_two_images_it_is_the_one_that_is_asked_for(scene, cat, dog, sv) -> None:  # type: ignore[no-untyped-def]
    """The last one, if none is."""
    images = (scene.image("x/a.jpg"), scene.image("y/a.jpg"))
    things = (cat, replace(dog, image=1, box=Box(0, 0, 1, 1)))
    result = scene.result("a.jpg", things, images=images)
    assert to_supervision(result).xyxy.tolist() == [[0, 0, 1, 1]]
    assert to_supervision(result, image=0).xyxy.tolist() == [[1.5, 2, 30.25, 40]]
