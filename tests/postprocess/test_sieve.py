"""Which detections stay, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.postprocess.sieve import Area, Sieve
from runner.values.geometry import Box, Size
from runner.values.result import Detection

SIZE = Size(100, 100)

FOUND = {
    "big cat": Detection("[0]", "cat", Box(0, 0, 50, 50), score=0.5),
    "its double": Detection("[1]", "cat", Box(5, 0, 50, 50), score=0.9),
    "dog there": Detection("[2]", "dog", Box(2, 0, 50, 50), fields={"age": 3}),
    "small cat": Detection("[3]", "cat", Box(80, 10, 85, 15), score=0.7, fields={"age": 7}),
    "no label": Detection("[4]", None, Box(60, 60, 90, 90)),
}

TABLE: dict[str, tuple[Sieve, list[str]]] = {
    "nothing asked": (Sieve(), [*FOUND]),
    "labels": (Sieve(labels=frozenset({"cat"})), ["big cat", "its double", "small cat"]),
    "pixels": (Sieve(min_area=Area(pixels=26)), ["big cat", "its double", "dog there", "no label"]),
    "an area just right": (Sieve(min_area=Area(pixels=25)), [*FOUND]),
    "a share": (Sieve(min_area=Area(share=0.1)), ["big cat", "its double", "dog there"]),
    "at most": (Sieve(max_area=Area(share=0.1)), ["small cat", "no label"]),
    "doubles of the same label": (
        Sieve(max_overlap=0.8),
        ["big cat", "dog there", "small cat", "no label"],
    ),
    "an overlap as large as allowed": (Sieve(max_overlap=0.9), [*FOUND]),
    "the first": (Sieve(keep=2), ["big cat", "its double"]),
    "largest": (
        Sieve(order="largest"),
        ["big cat", "dog there", "its double", "no label", "small cat"],
    ),
    "smallest": (Sieve(order="smallest", keep=1), ["small cat"]),
    "left to right": (
        Sieve(order="left_to_right"),
        ["big cat", "dog there", "its double", "no label", "small cat"],
    ),
    "top to bottom": (
        Sieve(order="top_to_bottom"),
        ["big cat", "dog there", "its double", "small cat", "no label"],
    ),
    "highest": (
        Sieve(order="highest", order_by="score"),
        ["its double", "small cat", "big cat", "dog there", "no label"],
    ),
    "lowest of an own field": (
        Sieve(order="lowest", order_by="age"),
        ["dog there", "small cat", "big cat", "its double", "no label"],
    ),
    "the best of each, once": (
        Sieve(order="highest", order_by="score", max_overlap=0.5, keep=2),
        ["its double", "small cat"],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_these_stay_in_this_order(name: str) -> None:
    """Labels and areas first, then the order, then doubles, then the number."""
    sieve, names = TABLE[name]
    kept = sieve.sift([*FOUND.values()], [SIZE])
    assert kept == tuple(FOUND[each] for each in names)


def test_what_is_on_different_images_is_no_double() -> None:
    """And a share is one of the image that it is on."""
    one = FOUND["big cat"]
    other = replace(one, image=1)
    sizes = [SIZE, Size(1000, 1000)]
    assert Sieve(max_overlap=0.1).sift([one, other], sizes) == (one, other)
    assert Sieve(min_area=Area(share=0.1)).sift([one, other], sizes) == (one,)


def test_a_share_of_an_image_of_unknown_size_drops_nothing() -> None:
    """Nobody can tell, and nothing is lost for it."""
    assert Sieve(min_area=Area(share=0.9)).sift([FOUND["small cat"]], [None]) != ()
