"""Draws what was found on an image: masks, outlines, points, and their labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from runner.exporters.labels import Placing
from runner.exporters.lettering import Line, line
from runner.exporters.palette import DARK, LIGHT, Colour, Palette, on_top_of
from runner.exporters.runs import cut_out
from runner.values.geometry import Box, PixelBox, Point, Polygon, Size
from runner.values.mask import Mask
from runner.values.result import Detection

CROWDED = 40
"""With more things than this, numbers stand in the image and the labels in a legend."""

COVERED = 0.15
"""So they do when the labels would cover more than this share of the image …"""

OVERLAPPED = 0.05
"""… or this share of one another."""

MASK_OPACITY = 0.4
_ENTRY = re.compile(r"[^\[]*\[(\d+)\]")
LEGEND_LINES = 8


@dataclass(frozen=True, slots=True)
class Look:
    """Sizes in pixels that suit one image."""

    line: int
    letters: int
    dot: int

    @staticmethod
    def on(size: Size, things: int) -> Look:
        """Readable on the image and thin enough for what is in it."""
        middle = sqrt(size.area)
        width = min(max(2, round(middle / 420)), 6)
        letters = min(max(11, round(middle / 60)), 30)
        if things > CROWDED:
            width, letters = max(1, width // 2), max(10, round(letters * 0.75))
        return Look(width, letters, max(3, round(middle / 220)))


@dataclass(frozen=True, slots=True)
class Thing:
    """One detection in the pixels of the drawn image. `bounds` is what its label stands at."""

    number: int
    name: str | None
    text: str | None
    bounds: PixelBox
    box: Box | None
    point: Point | None
    rings: tuple[Polygon, ...]
    mask: Mask | None


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
        _thing(number_of(one, position), one, drawn, x, y) for position, one in enumerate(found, 1)
    ]
    look = Look.on(drawn, len(things))
    for thing in things:
        if thing.mask is not None:
            _fill(image, thing.mask, palette.colour(thing.name), (x, y), max(1, look.line // 2))
    pen = ImageDraw.Draw(image)
    for thing in sorted(things, key=lambda thing: -thing.bounds.width * thing.bounds.height):
        _outline(pen, thing, palette.colour(thing.name), look, drawn)
    _letter(pen, things, palette, look, drawn, notes)


def text_of(one: Detection) -> str | None:
    """What names a detection: its label, or the first text among its fields; its score, if any."""
    texts = (value for value in one.fields.values() if isinstance(value, str) and value.strip())
    name = one.label or next(texts, None)
    if one.score is None or name is None:
        return name
    return f"{name} {one.score:.2f}"


def number_of(one: Detection, position: int) -> int:
    """The number of its entry in the answer, from 1, as the column `n` of a table has it."""
    entry = _ENTRY.match(one.at)
    return int(entry[1]) + 1 if entry else position


def _thing(number: int, one: Detection, drawn: Size, x: float, y: float) -> Thing:
    box = one.box and one.box.scaled(x, y).clipped(drawn)
    point = one.point and one.point.scaled(x, y).clipped(drawn)
    rings = tuple(ring.scaled(x, y) for ring in one.polygon)
    extent = box or (rings[0].bounds if rings else None)
    if extent is None and one.mask is not None and one.mask.tight_box is not None:
        extent = one.mask.tight_box.scaled(x, y)
    if extent is None and point is not None:
        extent = Box(point.x, point.y, point.x, point.y)
    bounds = (extent or Box(0, 0, 0, 0)).on_pixels(drawn)
    return Thing(number, one.label, text_of(one), bounds, box, point, rings, one.mask)


def _fill(
    image: Image.Image, mask: Mask, colour: Colour, scale: tuple[float, float], width: int
) -> None:
    """Colours a mask through its own cut-out: no canvas of the image's size, however many masks."""
    if mask.tight_box is None:
        return
    drawn = Size(*image.size)
    source = mask.tight_box.on_pixels(mask.rle.size)
    target = mask.tight_box.scaled(*scale).on_pixels(drawn)
    cut = Image.fromarray(cut_out(mask.rle, source))
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


def _letter(
    pen: ImageDraw.ImageDraw,
    things: Sequence[Thing],
    palette: Palette,
    look: Look,
    size: Size,
    notes: Sequence[str],
) -> None:
    """Labels, or numbers and a legend where labels would hide the image or one another."""
    foot = [(note, DARK) for note in notes]
    tags = _tags(things, [thing.text for thing in things], foot, palette, look, size)
    if len(things) > CROWDED or (len(things) > 1 and _hides(tags, size)):
        foot += _legend(things, palette)
        tags = _tags(things, [None] * len(things), foot, palette, look, size)
    for tag in tags:
        if tag.overlap * 2 <= tag.area:  # half a number is none
            _draw_tag(pen, tag)


@dataclass(frozen=True, slots=True)
class Tag:
    """A line of text on a ground of a colour. `overlap` counts pixels that others have, too."""

    place: PixelBox
    words: Line
    colour: Colour
    overlap: int = 0

    @property
    def area(self) -> int:
        """In pixels."""
        return self.place.width * self.place.height


def _tags(
    things: Sequence[Thing],
    texts: Sequence[str | None],
    foot: Sequence[tuple[str, Colour]],
    palette: Palette,
    look: Look,
    size: Size,
) -> list[Tag]:
    """Where everything goes. The foot has its place first and is drawn last: nothing covers it."""
    placing = Placing(size)
    last = _foot_tags(foot, placing, look)
    tags: list[Tag] = []
    for thing, text in zip(things, texts, strict=True):
        words = _label(thing, text, look, size)
        if words is None or words.height > size.height:
            continue
        place, overlap = placing.place(thing.bounds, words.width + 2 * _PAD, words.height)
        tags.append(Tag(placing.take(place), words, palette.colour(thing.name), overlap))
    return [*tags, *last]


def _hides(tags: Sequence[Tag], size: Size) -> bool:
    area = sum(tag.area for tag in tags)
    return area > COVERED * size.area or sum(tag.overlap for tag in tags) > OVERLAPPED * area


def _label(thing: Thing, text: str | None, look: Look, size: Size) -> Line | None:
    """A name is cut at a third of the image's width, or at its box's if that is wider."""
    room = size.width - 2 * _PAD
    if text is None:
        return line(str(thing.number), look.letters, room)
    return line(text, look.letters, min(room, max(size.width / 3, thing.bounds.width, 80)))


def _foot_tags(foot: Sequence[tuple[str, Colour]], placing: Placing, look: Look) -> list[Tag]:
    """Lines from the lower left corner upwards, as many as the lower half has room for."""
    bottom = placing.image.height
    tags = []
    for text, colour in foot:
        words = line(text, look.letters, placing.image.width - 2 * _PAD)
        if words is None or bottom - words.height < placing.image.height / 2:
            break
        place = PixelBox(0, bottom - words.height, words.width + 2 * _PAD, bottom)
        tags.append(Tag(placing.take(place), words, colour))
        bottom -= words.height
    return tags


def _legend(things: Sequence[Thing], palette: Palette) -> list[tuple[str, Colour]]:
    """How many of each label there are, the most frequent on top."""
    counts: dict[str, int] = {}
    for thing in things:
        if thing.name is not None:
            counts[thing.name] = counts.get(thing.name, 0) + 1
    order = sorted(counts, key=lambda name: (-counts[name], name))
    lines = [(f"{counts[name]} {name}", palette.colour(name)) for name in order[:LEGEND_LINES]]
    if len(order) > LEGEND_LINES:
        lines.append((f"and {len(order) - LEGEND_LINES} more labels", DARK))
    return lines[::-1]


_PAD = 3
"""Pixels on both sides of the letters of a tag."""


def _draw_tag(pen: ImageDraw.ImageDraw, tag: Tag) -> None:
    """Letters on their ground."""
    place = tag.place
    pen.rectangle((place.x_min, place.y_min, place.x_max - 1, place.y_max - 1), fill=tag.colour)
    at = (place.x_min + _PAD, place.y_min)
    pen.text(at, tag.words.text, fill=on_top_of(tag.colour), font=tag.words.font)
