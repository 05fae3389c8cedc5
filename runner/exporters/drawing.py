"""Draws what was found on an image: masks, outlines, wireframes, points, ways, and their labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from runner.exporters.palette import Colour, Palette
from runner.exporters.strokes import dashes, dot, rectangle, ring, way, wires
from runner.exporters.tags import write_tags
from runner.exporters.things import Look, Sheet, Thing
from runner.postprocess.boxes_3d import Camera
from runner.postprocess.polygons import rings
from runner.postprocess.rle import bits_in, decode
from runner.values.geometry import PixelBox, Point, Polygon, Size
from runner.values.mask import Mask
from runner.values.result import Detection

MASK_OPACITY = 0.4


def draw(
    image: Image.Image,
    found: Sequence[Detection],
    frame: Size,
    palette: Palette,
    notes: Sequence[str] = (),
    truth: Sequence[Detection] = (),
    camera: Camera | None = None,
    *,
    as_paths: bool = False,
) -> None:
    """Draws on the image itself. `frame` is the size that the detections are measured in.

    `truth` is what is right, drawn in dashes. `camera` is what 3D boxes are seen with; without one
    they are not drawn. `as_paths` joins points to ways. Raises ValueError when the run lengths of a
    mask do not fill their frame.
    """
    sheet = Sheet(Size(*image.size), frame, camera, as_paths)
    things, right = sheet.things(found), sheet.things(truth)
    look = Look.on(sheet.drawn, len(things))
    colours = palette.colours(thing.name for thing in (*things, *right))
    for thing in things:
        if thing.mask is not None:
            _fill(image, thing.mask, colours[thing.name], sheet.scale, max(1, look.line // 2))
    pen = ImageDraw.Draw(image)
    for thing in sorted(things, key=lambda thing: -thing.bounds.width * thing.bounds.height):
        _outline(pen, thing, colours[thing.name], look, sheet.drawn)
    for thing in right:
        _outline_truth(pen, thing, colours[thing.name], look, sheet)
    write_tags(pen, things, right, colours, look, sheet.drawn, notes)


def _fill(
    image: Image.Image, mask: Mask, colour: Colour, scale: tuple[float, float], width: int
) -> None:
    """Colours a mask through its own cut-out: no canvas of the image's size, however many masks."""
    if mask.tight_box is None:
        return
    source = mask.tight_box.on_pixels(mask.rle.size)
    target = mask.tight_box.scaled(*scale).on_pixels(Size(*image.size))
    cut = Image.fromarray(bits_in(decode(mask.rle), source)).convert("L")
    if cut.size != (target.width, target.height):
        cut = cut.resize((target.width, target.height), Image.Resampling.BOX)
    pixels = np.asarray(cut)
    edge = pixels - _eroded(pixels, width)
    opacity = np.maximum(edge, (pixels * MASK_OPACITY).astype(np.uint8))
    image.paste(colour, (target.x_min, target.y_min), Image.fromarray(opacity))


def _eroded(pixels: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Smaller by so many pixels, also where the thing touches the edge of its cut-out."""
    rows, columns = pixels.shape
    wide = np.pad(pixels, width)
    steps = range(2 * width + 1)
    along = np.minimum.reduce([wide[step : step + rows] for step in steps])
    eroded: NDArray[np.uint8] = np.minimum.reduce(
        [along[:, step : step + columns] for step in steps]
    )
    return eroded


def _outline(
    pen: ImageDraw.ImageDraw, thing: Thing, colour: Colour, look: Look, size: Size
) -> None:
    if thing.box is not None:
        rectangle(pen, thing.box.on_pixels(size), colour, look.line)
    for outline in thing.rings:
        ring(pen, outline, colour, look.line)
    if thing.edges:
        wires(pen, thing.edges, colour, look.line)
    if thing.path is not None:
        way(pen, thing.path, colour, look, size)
    if thing.point is not None:
        dot(pen, thing.point, colour, look, size)


def _outline_truth(
    pen: ImageDraw.ImageDraw, thing: Thing, colour: Colour, look: Look, sheet: Sheet
) -> None:
    """Of a box with a mask or an outline only that: two dashed lines say no more than one."""
    outlines = thing.rings
    if thing.mask is not None:
        outlines = tuple(outline.scaled(*sheet.scale) for outline in rings(thing.mask))
    elif not outlines and thing.box is not None:
        outlines = (_corners(thing.box.on_pixels(sheet.drawn)),)
    for outline in outlines:
        dashes(pen, outline, colour, look.line)
    if thing.path is not None:
        dashes(pen, Polygon(thing.path.points), colour, look.line)
    if thing.point is not None:
        dot(pen, thing.point, colour, look, sheet.drawn, hollow=True)


def _corners(box: PixelBox) -> Polygon:
    """The middles of its outermost pixels."""
    left, top, right, bottom = box.x_min + 1, box.y_min + 1, box.x_max, box.y_max
    places = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Polygon(tuple(Point(float(x), float(y)) for x, y in places))
