"""Through any chain of turns, cuts, tiles and sizes, what a model sees lies where it lay."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from runner.postprocess.cut import Cut, Margin
from runner.sources.inspect import inspect
from runner.sources.prepare import prepare
from runner.stages.project import project
from runner.stages.tiles import layout
from runner.values.geometry import Box, PixelBox, Size
from runner.values.image import DataOrigin, Image, resized, windowed
from runner.values.shape import Shape
from runner.workflow.spec import Tile

SIZE = Size(240, 180)
BOXES = Shape(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"label": {"type": "string"}, "box_2d": {"x-space": "box"}},
        },
    }
)
STORED = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_90,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_270,
}
"""How an upright image lies in a file with this EXIF orientation."""


@dataclass(frozen=True)
class Chain:
    """What happens to an image: its orientation, cuts around the thing, a tile, a longest side."""

    orientation: int
    cuts: tuple[Cut, ...]
    tile: Tile | None
    longest: int | None


cuts = st.builds(Cut, st.builds(Margin, st.floats(0, 60), st.floats(0, 2)), st.booleans())
chains = st.builds(
    Chain,
    st.integers(1, 8),
    st.lists(cuts, max_size=4).map(tuple),
    st.none() | st.builds(Tile, st.integers(64, 150), st.floats(0.1, 0.5)),
    st.none() | st.integers(80, 240),
)


@st.composite
def things(draw: st.DrawFn) -> PixelBox:
    x, y = draw(st.integers(0, SIZE.width - 12)), draw(st.integers(0, SIZE.height - 12))
    return PixelBox(x, y, x + draw(st.integers(6, 12)), y + draw(st.integers(6, 12)))


def photograph(thing: PixelBox, orientation: int) -> Image:
    """White, but for the thing, and stored as a camera would that was held in this way."""
    upright = np.full((SIZE.height, SIZE.width), 255, dtype=np.uint8)
    upright[thing.y_min : thing.y_max, thing.x_min : thing.x_max] = 0
    stored = Pillow.fromarray(upright)
    stored = stored.transpose(STORED[orientation]) if orientation in STORED else stored
    tags = Pillow.Exif()
    tags[0x0112] = orientation
    file = BytesIO()
    stored.save(file, "PNG", exif=tags.tobytes())
    image = inspect(DataOrigin(file.getvalue()), "a.png")
    assert isinstance(image, Image)
    return image


@settings(max_examples=300)
@given(things(), chains)
def test_a_thing_is_found_where_it_is(thing: PixelBox, chain: Chain) -> None:
    """Each cut starts from what was found in the one before, as `do: crop` and `for_each` do. What is
    found at the end is the thing, to one step of the grid of 1000 and one pixel as sent."""
    image = photograph(thing, chain.orientation)
    around = Box(*map(float, thing.as_list()))
    for cut in chain.cuts:
        window = cut.window(around, SIZE)
        assert window is not None
        image = windowed(photograph(thing, chain.orientation), window)
        around = seen_in(image)
    if chain.tile is not None:
        assert image.view is not None
        whole = [t for t in layout(image.view.window, chain.tile) if t.within(thing) == thing]
        if not whole:  # no tile shows all of it, because the overlap is smaller than it
            return
        image = windowed(image, whole[0])
    if chain.longest is not None:
        image = resized(image, chain.longest)
    found = seen_in(image)
    assert image.view is not None
    view = image.view
    step = max(
        view.window.width / view.sent.width + view.window.width / 1000,
        view.window.height / view.sent.height + view.window.height / 1000,
    )
    far = [abs(a - b) for a, b in zip(found.as_list(), thing.as_list(), strict=True)]
    assert max(far) <= step


def seen_in(image: Image) -> Box:
    """The dark thing in the pixels that are sent, told as a model tells it, taken home."""
    prepared = prepare(image)
    pixels = np.asarray(Pillow.open(BytesIO(prepared.content[:])).convert("L")) < 128
    height, width = pixels.shape
    assert Size(width, height) == prepared.size
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    edges = (
        rows[0] / height,
        columns[0] / width,
        (rows[-1] + 1) / height,
        (columns[-1] + 1) / width,
    )
    answer: list[object] = [{"label": "thing", "box_2d": [round(1000 * edge) for edge in edges]}]
    (found,) = project(answer, BOXES, [image.view]).detections  # type: ignore[arg-type]
    assert found.box is not None
    return found.box
