"""Draws what was found on an image: masks, outlines, points, and their labels."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from runner.exporters.palette import DARK, LIGHT, Colour, Palette
from runner.exporters.tags import write_tags
from runner.exporters.things import Look, Thing, number_of, thing_of
from runner.postprocess.rle import bits_in, decode
from runner.values.geometry import PixelBox, Size
from runner.values.mask import Mask
from runner.values.result import Detection

MASK_OPACITY = 0.4


def draw(
    image: Image.Image,
    found: Sequence[Detection],
    frame: Size,
    palette: Palette,
    notes: Sequence[str] = (),
) -> None:
    """Draws on the image itself. `frame` is the size that the detections are measured in.

    Raises ValueError when the run lengths of a mask do not fill their frame.
    """
    drawn = Size(*image.size)
    x, y = drawn.width / frame.width, drawn.height / frame.height
    things = [
        thing_of(number_of(one, position), one, drawn, x, y)
        for position, one in enumerate(found, 1)
    ]
    look = Look.on(drawn, len(things))
    colours = palette.colours(thing.name for thing in things)
    for thing in things:
        if thing.mask is not None:
            _fill(image, thing.mask, colours[thing.name], (x, y), max(1, look.line // 2))
    pen = ImageDraw.Draw(image)
    for thing in sorted(things, key=lambda thing: -thing.bounds.width * thing.bounds.height):
        _outline(pen, thing, colours[thing.name], look, drawn)
    write_tags(pen, things, colours, look, drawn, notes)


def _fill(
    image: Image.Image, mask: Mask, colour: Colour, scale: tuple[float, float], width: int
) -> None:
    """Colours a mask through its own cut-out: no canvas of the image's size, however many masks."""
    if mask.tight_box is None:
        return
    drawn = Size(*image.size)
    source = mask.tight_box.on_pixels(mask.rle.size)
    target = mask.tight_box.scaled(*scale).on_pixels(drawn)
    cut = Image.fromarray(bits_in(decode(mask.rle), source)).convert("L")
    if cut.size != (target.width, target.height):
        cut = cut.resize((target.width, target.height), Image.Resampling.BOX)
    inner = cut.point(lambda value: int(value * MASK_OPACITY))
    edge = ImageChops.subtract(cut, _eroded(cut, width))
    image.paste(colour, (target.x_min, target.y_min), ImageChops.lighter(inner, edge))


def _eroded(cut: Image.Image, width: int) -> Image.Image:
    """Smaller by so many pixels, also where the thing touches the edge of its cut-out."""
    smaller = ImageOps.expand(cut, width).filter(ImageFilter.MinFilter(2 * width + 1))
    return ImageOps.crop(smaller, width)


def _outline(
    pen: ImageDraw.ImageDraw, thing: Thing, colour: Colour, look: Look, size: Size
) -> None:
    if thing.box is not None:
        _rectangle(pen, thing.box.on_pixels(size), colour, look.line)
    for ring in thing.rings:
        corners = [(corner.x - 0.5, corner.y - 0.5) for corner in (*ring.points, ring.points[0])]
        width = look.line | 1  # only lines of an odd width have the same middle
        pen.line(corners, DARK, width + 2, joint="curve")
        pen.line(corners, colour, width, joint="curve")
    if thing.point is not None:
        _dot(pen, thing.point.on_pixel(size), colour, look)


def _rectangle(pen: ImageDraw.ImageDraw, box: PixelBox, colour: Colour, width: int) -> None:
    """The line runs inside the box; a dark seam of one pixel makes it visible on every ground.

    Pillow's corners are inclusive, ours half-open. A small box gets a thinner line.
    """
    width = max(1, min(width, min(box.width, box.height) // 4))
    left, top, right, bottom = box.x_min, box.y_min, box.x_max - 1, box.y_max - 1
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=DARK)
    pen.rectangle((left, top, right, bottom), outline=colour, width=width)


def _dot(pen: ImageDraw.ImageDraw, at: tuple[int, int], colour: Colour, look: Look) -> None:
    for radius, ring in ((look.dot + 3, DARK), (look.dot + 2, LIGHT), (look.dot, colour)):
        pen.circle(at, radius, fill=ring)
