"""An image of which only a part is sent, or fewer pixels: a value like any other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.values.geometry import PixelBox, Size, View
from runner.values.image import DataOrigin, Image, resized, windowed

SIZE = Size(400, 300)
WHOLE = Image("x", "image", DataOrigin(b""), "image/jpeg", size=SIZE, sha256="ab")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[PixelBox, PixelBox]:
    """Two windows that show one pixel both; they may reach beyond the image."""
    x, y = draw(st.integers(0, SIZE.width - 1)), draw(st.integers(0, SIZE.height - 1))
    one, other = (
        PixelBox(
            draw(st.integers(-9, x)),
            draw(st.integers(-9, y)),
            draw(st.integers(x + 1, SIZE.width + 9)),
            draw(st.integers(y + 1, SIZE.height + 9)),
        )
        for _ in range(2)
    )
    return one, other


def test_a_window_stands_in_the_recipe_and_so_in_the_digest() -> None:
    """Two windows of one image are two questions."""
    image = windowed(WHOLE, PixelBox(10, 20, 110, 70))
    assert image == replace(WHOLE, window=PixelBox(10, 20, 110, 70), recipe=("crop:10,20,110,70",))
    assert (image.digest, image.sent_size) == ("ab+crop:10,20,110,70", Size(100, 50))
    assert image.size == SIZE


def test_a_resize_comes_after_the_cut_and_before_the_conversion() -> None:
    """Whatever was asked first."""
    image = replace(WHOLE, recipe=("frame:2", "upright", "convert:png"))
    recipe = ("frame:2", "upright", "crop:0,0,200,100", "resize:50", "convert:png")
    window = PixelBox(0, 0, 200, 100)
    assert resized(windowed(image, window), 50).recipe == recipe
    assert windowed(resized(image, 50), window).recipe == recipe
    assert resized(windowed(image, window), 50).view == View(SIZE, window, Size(50, 25))


def test_what_changes_nothing_is_not_done() -> None:
    """The bytes are sent untouched, and the key of the request stays."""
    assert windowed(WHOLE, PixelBox(0, 0, 400, 300)) == WHOLE
    assert windowed(WHOLE, PixelBox(-5, -5, 500, 500)) == WHOLE
    assert resized(WHOLE, 400) == WHOLE
    small = windowed(WHOLE, PixelBox(0, 0, 40, 30))
    assert resized(small, 40) == windowed(resized(WHOLE, 40), PixelBox(0, 0, 40, 30)) == small


@given(pairs(), st.integers(16, 500))
def test_windows_compose_to_one_window(pair: tuple[PixelBox, PixelBox], longest: int) -> None:
    """In any order, with a resize anywhere between: never a chain."""
    a, b = pair
    both = a.within(b)
    assert both is not None
    once = resized(windowed(WHOLE, both), longest)
    assert resized(windowed(windowed(WHOLE, a), b), longest) == once
    assert windowed(windowed(resized(WHOLE, longest), b), a) == once
    assert windowed(resized(windowed(WHOLE, a), longest), b) == once


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(16, 5000))
def test_a_resize_keeps_the_proportions_and_never_enlarges(
    width: int, height: int, longest: int
) -> None:
    """The longest side is the one that was asked for, the other within half a pixel."""
    size, fitted = Size(width, height), Size(width, height).fitted(longest)
    if max(width, height) <= longest:
        assert fitted == size
        return
    assert max(fitted.width, fitted.height) == longest
    scale = longest / max(width, height)
    for was, now in ((width, fitted.width), (height, fitted.height)):
        assert now == 1 or abs(now - was * scale) <= 0.5 + 1e-9


def test_what_cannot_be_cut_says_so() -> None:
    """Nothing is sent of a window beside the image, and nothing is known of an unseen one."""
    with pytest.raises(ValueError, match="outside of what is sent"):
        windowed(WHOLE, PixelBox(400, 0, 410, 10))
    with pytest.raises(ValueError, match="outside of what is sent"):
        windowed(windowed(WHOLE, PixelBox(0, 0, 9, 9)), PixelBox(9, 0, 20, 9))
    unseen = replace(WHOLE, size=None)
    for change in (lambda: windowed(unseen, PixelBox(0, 0, 1, 1)), lambda: resized(unseen, 16)):
        with pytest.raises(ValueError, match="the size of the image is not known"):
            change()
    assert (unseen.view, unseen.sent_size) == (None, None)
