"""The same thing in two overlapping windows becomes one; two things stay two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.postprocess.masks import mask_of
from runner.postprocess.rle import bits_in, decode, from_bits
from runner.postprocess.seams import Seen, merged
from runner.stages.tiles import layout
from runner.values.geometry import Box, PixelBox, Point, Polygon, Size
from runner.values.result import Detection, Issue
from runner.workflow.spec import Tile

SIZE = Size(180, 100)
LEFT, RIGHT = PixelBox(0, 0, 100, 100), PixelBox(80, 0, 180, 100)


def box(*edges: float, label: str = "a") -> Detection:
    found = Box(*map(float, edges))
    return Detection(at="", label=label, box=found, box_px=found.on_pixels(SIZE))


def once(*found: Sequence[Detection]) -> list[list[float] | None]:
    """The boxes that are left of what the left and the right window show."""
    kept = merged(found, (LEFT, RIGHT), SIZE.box, SIZE)
    return [each.found.box.as_list() if each.found.box else None for each in kept]


CASES: dict[str, tuple[Detection, Detection, list[list[float]]]] = {
    "seen whole by both": (box(82, 10, 96, 20), box(82, 11, 96, 20), [[82, 10, 96, 20]]),
    "whole on the left, cut on the right": (
        box(60, 10, 95, 30),
        box(80, 10, 95, 30),
        [[60, 10, 95, 30]],
    ),
    "cut on the left, whole on the right": (
        box(85, 10, 100, 30),
        box(85, 10, 140, 30),
        [[85, 10, 140, 30]],
    ),
    "a sliver that a model may miss by half": (
        box(60, 10, 80.4, 30),
        box(80, 11, 81, 29),
        [[60, 10, 80.4, 30]],
    ),
    "cut by both": (box(50, 10, 100, 30), box(80, 9, 150, 31), [[50, 9, 150, 31]]),
    "a small one before a large one": (
        box(20, 5, 100, 95),
        box(84, 40, 92, 50),
        [[20, 5, 100, 95], [84, 40, 92, 50]],
    ),
    "side by side": (box(60, 10, 90, 30), box(91, 10, 140, 30), [[60, 10, 90, 30], [91, 10, 140, 30]]),
    "one above the other": (
        box(60, 10, 100, 30),
        box(80, 31, 140, 50),
        [[60, 10, 100, 30], [80, 31, 140, 50]],
    ),
    "of another kind": (
        box(82, 10, 96, 20),
        box(82, 10, 96, 20, label="b"),
        [[82, 10, 96, 20], [82, 10, 96, 20]],
    ),
    "written otherwise": (box(82, 10, 96, 20), box(82, 10, 96, 20, label=" A"), [[82, 10, 96, 20]]),
}  # fmt: skip


@pytest.mark.parametrize(("left", "right", "expected"), CASES.values(), ids=CASES)
def test_a_seam(left: Detection, right: Detection, expected: list[list[float]]) -> None:
    """What both windows see of a thing decides whether it is one."""
    assert once([left], [right]) == expected


def test_two_things_of_one_window_stay_two() -> None:
    """A model that sees two things in one image is believed, also where they overlap."""
    pair = [box(82, 10, 96, 20), box(83, 10, 96, 20)]
    assert len(once(pair, [])) == 2
    assert len(once(pair, pair)) == 2
    assert len(once(pair, pair[:1])) == 2


def test_what_is_put_together_says_so() -> None:
    """The box goes around both pieces; what the model wrote of one piece is not told as the whole."""
    (seen,) = merged(
        [[CASES["cut by both"][0]], [CASES["cut by both"][1]]], (LEFT, RIGHT), SIZE.box, SIZE
    )
    whole = Detection(
        at="",
        label="a",
        box=Box(50.0, 9.0, 150.0, 31.0),
        box_px=PixelBox(50, 9, 150, 31),
        issues=(Issue("seam", "no tile shows all of it; put together of 2 pieces"),),
    )
    assert seen == Seen(1, 0, whole)


def test_a_thing_through_three_windows_is_one() -> None:
    """A rope from end to end."""
    size = Size(260, 100)
    windows = (LEFT, RIGHT, PixelBox(160, 0, 260, 100))
    pieces = [box(5, 40, 100, 50), box(80, 40, 180, 50), box(160, 40, 255, 50)]
    (seen,) = merged([[each] for each in pieces], windows, size.box, size)
    assert seen.found.box == Box(5.0, 40.0, 255.0, 50.0)


def test_the_edge_of_the_image_is_no_seam() -> None:
    """What ends there was not cut off: the view from farther away wins only at real seams."""
    crop = PixelBox(100, 100, 280, 200)
    windows = (PixelBox(100, 100, 200, 200), PixelBox(180, 100, 280, 200))
    found = [[box(150, 100, 190, 120)], [box(180, 100, 190, 120)]]
    (seen,) = merged(found, windows, crop, Size(400, 400))
    assert (seen.window, seen.found.box) == (0, Box(150.0, 100.0, 190.0, 120.0))


def test_points_near_one_another_are_one() -> None:
    """Two hundredths of a tile apart, of one label, from two tiles; the nearest belong together."""

    def points(*xs: float) -> list[Detection]:
        return [Detection(at="", label="a", point=Point(x, 50.0)) for x in xs]

    kept = merged([points(82, 90), points(83.5, 90, 94)], (LEFT, RIGHT), SIZE.box, SIZE)
    assert [each.found.point.x for each in kept if each.found.point] == [82, 90, 94]
    assert [(each.window, each.index) for each in kept] == [(0, 0), (0, 1), (1, 2)]


def masked(columns: slice, rows: slice, part: PixelBox) -> Detection:
    """A block as one window shows it, as a mask, or as an outline."""
    whole = np.zeros((100, 180), dtype=np.bool_)
    whole[rows, columns] = True
    shown = np.zeros_like(whole)
    cut = np.s_[part.y_min : part.y_max, part.x_min : part.x_max]
    shown[cut] = whole[cut]
    return Detection(at="", label="a", mask=mask_of(from_bits(shown, 0, 0, SIZE), "png"))


def test_masks_are_put_together_pixel_by_pixel() -> None:
    """A bar that both windows cut off."""
    bar = (slice(30, 160), slice(40, 50))
    kept = merged([[masked(*bar, LEFT)], [masked(*bar, RIGHT)]], (LEFT, RIGHT), SIZE.box, SIZE)
    (seen,) = kept
    assert seen.found.mask
    assert seen.found.mask.area == 130 * 10
    assert bits_in(decode(seen.found.mask.rle), PixelBox(30, 40, 160, 50)).all()


def test_masks_of_two_things_in_one_box_stay_two() -> None:
    """Where boxes agree and pixels do not, pixels decide."""
    grid = np.zeros((100, 180), dtype=np.bool_)
    grid[40:60, 82:98] = np.eye(20, 16, dtype=np.bool_)
    other = grid.copy()
    other[40:60, 82:98] = grid[40:60, 82:98][:, ::-1]
    found = [
        [
            Detection(
                "", "a", box=Box(82, 40, 98, 60), mask=mask_of(from_bits(bits, 0, 0, SIZE), "png")
            )
        ]
        for bits in (grid, other)
    ]
    assert len(merged(found, (LEFT, RIGHT), SIZE.box, SIZE)) == 2
    assert len(merged([found[0], found[0]], (LEFT, RIGHT), SIZE.box, SIZE)) == 1


def test_a_thing_that_is_painted_sparingly_is_the_same_thing() -> None:
    """One window paints all of it, the other its middle; the boxes say that it is one."""
    painted = []
    for part, rows in ((LEFT, slice(20, 60)), (RIGHT, slice(33, 47))):
        one = masked(slice(70, 120), rows, part)
        box = Box(70, 20, 120, 60).clipped(part)
        painted.append(replace(one, box=box))
    whole, sparing = painted
    (seen,) = merged([[whole], [sparing]], (LEFT, RIGHT), SIZE.box, SIZE)
    assert seen.found.box == Box(70, 20, 120, 60)
    assert seen.found.mask
    assert seen.found.mask.area == 30 * 40 + 20 * 14


def test_outlines_are_put_together_along_their_pixels() -> None:
    """Two rings become one; none is drawn twice where they overlap."""

    def ring(*edges: float) -> list[Detection]:
        a, b, c, d = map(float, edges)
        corners = (Point(a, b), Point(c, b), Point(c, d), Point(a, d))
        return [Detection(at="", label="a", polygon=(Polygon(corners),))]

    (seen,) = merged([ring(50, 10, 100, 30), ring(80, 10, 150, 30)], (LEFT, RIGHT), SIZE.box, SIZE)
    (whole,) = seen.found.polygon
    assert whole.bounds == Box(50.0, 10.0, 150.0, 30.0)
    assert seen.found.mask is None


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Size, list[Box]]:
    """An image with things of any size that do not touch one another."""
    columns, rows = draw(st.integers(2, 6)), draw(st.integers(2, 6))
    things = []
    for column in range(columns):
        for row in range(rows):
            width, height = draw(st.integers(20, 260)), draw(st.integers(20, 260))
            x = 300 * column + draw(st.integers(0, 280 - width))
            y = 300 * row + draw(st.integers(0, 280 - height))
            if draw(st.booleans()):
                things.append(Box(float(x), float(y), float(x + width), float(y + height)))
    return Size(300 * columns, 300 * rows), things


@given(scenes(), st.integers(300, 700), st.floats(0.05, 0.5), st.randoms(use_true_random=False))
def test_every_thing_comes_back_once(
    scene: tuple[Size, list[Box]], side: int, overlap: float, random: object
) -> None:
    """Whatever the tiles: a model that sees at least eight pixels of a thing, and is off by up to
    three thousandths of a tile on every side, tells each thing as often as it sees it. What is left
    is each thing once, and whole."""
    size, things = scene
    windows = layout(size.box, Tile(side, overlap))
    found = [
        [each for thing in things if (each := sight(thing, window, random))] for window in windows
    ]
    kept = merged(found, windows, size.box, size)
    boxes = [each.found.box for each in kept if each.found.box]
    assert len(boxes) == len(things)
    for thing in things:
        best = max(boxes, key=thing.iou)
        assert thing.iou(best) > 0.6
        off = [abs(a - b) for a, b in zip(thing.as_list(), best.as_list(), strict=True)]
        assert max(off) <= 0.003 * side + 8 + 0.01 * side


def sight(thing: Box, window: PixelBox, random: object) -> Detection | None:
    """What a model says of a thing in a window: nearly what there is to see of it."""
    part = thing.clipped(window)
    if min(part.width, part.height) < 8:
        return None

    def nearly(edge: float) -> float:
        return edge + random.uniform(-0.003, 0.003) * window.width  # type: ignore[attr-defined]

    said = Box(*map(nearly, part.as_list())).clipped(window)
    return Detection(at="", label="thing", box=said)
