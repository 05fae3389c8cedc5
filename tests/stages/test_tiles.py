"""Tiles of an image, and the requests about them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.stages.tiles import key_of, layout, tiled
from runner.values.geometry import PixelBox, Size
from runner.values.image import DataOrigin, Image, resized, windowed
from runner.values.problem import Place
from runner.values.request import ImagePart, Request, Settings, TextPart
from runner.values.shape import Shape
from runner.workflow.spec import AskStep, Prompt, StepPreparation, Tile

IMAGE = Image("x", "image", DataOrigin(b""), "image/png", size=Size(400, 200), sha256="ab")


def step(tile: Tile | None) -> AskStep:
    prompt = Prompt("Find.", Place("f", 1, 1, 2))
    prepared = StepPreparation(tile)
    return AskStep("find", prompt, Shape(), None, "m", Settings(), preparation=prepared)


def asking(*images: Image) -> Request:
    parts = (TextPart("Find."), *map(ImagePart, images))
    return Request("interactions", "m", parts)


def test_the_fewest_tiles_spread_evenly() -> None:
    """No narrow rest at the far edge: the overlap grows instead."""
    assert [each.as_list() for each in layout(Size(400, 200).box, Tile(200, 0.0))] == [
        [0, 0, 200, 200],
        [200, 0, 400, 200],
    ]
    assert [each.as_list() for each in layout(Size(401, 150).box, Tile(200, 0.0))] == [
        [0, 0, 200, 150],
        [100, 0, 300, 150],
        [201, 0, 401, 150],
    ]
    assert layout(Size(90, 90).box, Tile(200)) == (PixelBox(0, 0, 90, 90),)


@given(
    st.integers(0, 50),
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.integers(64, 1500),
    st.floats(0, 0.5),
)
def test_every_pixel_is_in_a_tile_and_neighbours_share_enough(
    start: int, width: int, height: int, side: int, overlap: float
) -> None:
    """All tiles have one size and lie inside; from one to the next the step is at most what the
    overlap leaves, and they are as few as that allows."""
    whole = PixelBox(start, start, start + width, start + height)
    tiles = layout(whole, Tile(side, overlap))
    assert {tile.size for tile in tiles} == {Size(min(side, width), min(side, height))}
    assert all(tile.within(whole) == tile for tile in tiles)
    for low, high, length in (
        ([t.x_min for t in tiles], [t.x_max for t in tiles], width),
        ([t.y_min for t in tiles], [t.y_max for t in tiles], height),
    ):
        starts, ends = sorted(set(low)), sorted(set(high))
        assert (starts[0], ends[-1]) == (start, start + length)
        shared = round(side * overlap)
        assert all(b <= a - shared for a, b in zip(ends, starts[1:], strict=False))
        step = side - shared
        assert len(starts) == max(1, -(-(length - side) // step) + 1)


def test_a_request_for_every_tile() -> None:
    """The same question, each about a window; a resize makes every tile smaller."""
    request = asking(resized(IMAGE, 100))
    one, two = tiled(step(Tile(200, 0.0)), request)
    assert one == replace(
        request,
        parts=(
            request.parts[0],
            ImagePart(resized(windowed(IMAGE, PixelBox(0, 0, 200, 200)), 100)),
        ),
    )
    assert one.images[0].recipe == ("crop:0,0,200,200", "resize:100")
    assert two.images[0].window == PixelBox(200, 0, 400, 200)
    assert len({request.key, one.key, two.key, key_of((one, two))}) == 4


def test_a_crop_is_tiled_like_an_image() -> None:
    """Its tiles are windows of the original."""
    crop = windowed(IMAGE, PixelBox(100, 50, 300, 150))
    windows = [each.images[0].window for each in tiled(step(Tile(100, 0.0)), asking(crop))]
    assert windows == [PixelBox(100, 50, 200, 150), PixelBox(200, 50, 300, 150)]


@pytest.mark.parametrize(
    ("tile", "images"),
    [
        (None, (IMAGE,)),
        (Tile(400), (IMAGE,)),
        (Tile(100), ()),
        (Tile(100), (IMAGE, IMAGE)),
        (Tile(100), (replace(IMAGE, size=None),)),
    ],
)
def test_a_request_that_is_not_cut(tile: Tile | None, images: tuple[Image, ...]) -> None:
    """It is asked as it is, with its own key: an answer that is stored already stays good."""
    request = asking(*images)
    assert tiled(step(tile), request) == (request,)
    assert key_of((request,)) == request.key
