"""Letters on an image: labels at things, or numbers and a legend, and notes at the foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import ImageDraw

from runner.exporters.labels import Placing
from runner.exporters.lettering import Line, line
from runner.exporters.palette import DARK, Colour, on_top_of
from runner.exporters.things import CROWDED, Look, Thing
from runner.values.geometry import PixelBox, Size

Colours = Mapping[str | None, Colour]

COVERED = 0.15
"""So they do when the labels would cover more than this share of the image …"""

OVERLAPPED = 0.05
"""… or this share of one another."""

NUMBERED = 0.25
"""Numbers that would cover more of the image than this share are left out."""

LEGEND_LINES = 8


def write_tags(
    pen: ImageDraw.ImageDraw,
    things: Sequence[Thing],
    truth: Sequence[Thing],
    colours: Colours,
    look: Look,
    size: Size,
    notes: Sequence[str],
) -> None:
    """Labels, or numbers where labels would hide the image or one another. A legend counts them, with
    numbers always, and with labels when some of several occur more than once. What is right has no
    labels: its line in the legend says how much of it there is."""
    things = [thing for thing in things if thing.path is None or thing.name is not None]
    foot = [(note, DARK) for note in notes]
    if truth:
        foot.append((f"- - truth: {len(truth)}", DARK))
    legend = _legend(things, colours)
    crowded = len(things) > CROWDED
    texts = [] if crowded else [thing.text for thing in things]
    last = [*foot, *legend] if 1 < len(legend) < len(things) else foot
    tags, below = _tags(things[: len(texts)], texts, last, colours, look, size)
    if crowded or (len(things) > 1 and _hides(tags, size)):
        tags, below = _tags(things, [None] * len(things), [*foot, *legend], colours, look, size)
        if sum(tag.area for tag in tags) > NUMBERED * size.area:
            tags = []
    for tag in (*tags, *below):
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
    colours: Colours,
    look: Look,
    size: Size,
) -> tuple[list[Tag], list[Tag]]:
    """Where everything goes: tags at things, and the lines at the foot. Those have their place first
    and are drawn last: nothing covers them."""
    placing = Placing(size)
    last = _foot_tags(foot, placing, look)
    tags: list[Tag] = []
    for thing, text in zip(things, texts, strict=True):
        words = _label(thing, text, look, size)
        if words is None or words.height > size.height:
            continue
        place, overlap = placing.place(thing.bounds, words.width + 2 * _PAD, words.height)
        tags.append(Tag(placing.take(place), words, colours[thing.name], overlap))
    return tags, last


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


def _legend(things: Sequence[Thing], colours: Colours) -> list[tuple[str, Colour]]:
    """How many of each label there are, the most frequent on top."""
    counts: dict[str, int] = {}
    for thing in things:
        if thing.name is not None:
            counts[thing.name] = counts.get(thing.name, 0) + 1
    order = sorted(counts, key=lambda name: (-counts[name], name))
    lines = [(f"{counts[name]} {name}", colours[name]) for name in order[:LEGEND_LINES]]
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
