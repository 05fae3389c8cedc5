"""Finds the distinct regions of an image by classical image analysis. No model, no learning.

Background estimated from the border, components by run-based union-find, each component cut where
its colour changes hugely, noise dropped, holes filled. The same pixels always give the same regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from runner.providers.simulator.background import Ground, ground
from runner.providers.simulator.colours import Floats, Rgb, lab, name
from runner.providers.simulator.components import Bits, Labels, label, without_holes
from runner.providers.simulator.pieces import Cut, pieces
from runner.values.geometry import NORM, NormBox, NormPoint, Size

MOST = 25
"""Google's own examples ask for at most 25 things, or the model repeats itself."""

LONG_SIDE = 1024
"""Images are looked at no larger than this, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One distinct region. `top` and `left` are in pixels of the image as it was looked at.

    `packed` is its shape, eight pixels a byte. `colour` is its mean sRGB colour, 0–255.
    """

    top: int
    left: int
    size: Size
    packed: bytes
    frame: Size
    colour: tuple[int, int, int]

    @property
    def bits(self) -> Bits:
        """The shape within its own box, holes filled."""
        width, height = self.size.width, self.size.height
        flat = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=width * height)
        return flat.reshape(height, width).astype(bool)

    @property
    def area(self) -> int:
        """Pixels of the shape, as it was looked at."""
        return int(np.count_nonzero(self.bits))

    @property
    def share(self) -> float:
        """The share of the image that the shape covers, 0–1."""
        return self.area / self.frame.area

    @property
    def colour_name(self) -> str:
        """`dark red`, `grey`."""
        return name(*self.colour)

    @property
    def box(self) -> NormBox:
        """Whole thousandths of the sides, never without extent."""
        y_min, y_max = _span(self.top, self.top + self.size.height, self.frame.height)
        x_min, x_max = _span(self.left, self.left + self.size.width, self.frame.width)
        return NormBox(y_min, x_min, y_max, x_max)

    @property
    def point(self) -> NormPoint:
        """Its centre of mass, or the pixel of the shape nearest to it, in whole thousandths."""
        bits = self.bits
        ys, xs = np.nonzero(bits)
        y, x = float(ys.mean()) + 0.5, float(xs.mean()) + 0.5
        if not bits[int(y), int(x)]:
            nearest = int(((ys + 0.5 - y) ** 2 + (xs + 0.5 - x) ** 2).argmin())
            y, x = int(ys[nearest]) + 0.5, int(xs[nearest]) + 0.5
        y, x = self.top + y, self.left + x
        return NormPoint(round(y * NORM / self.frame.height), round(x * NORM / self.frame.width))


def region(
    top: int, left: int, bits: Bits, frame: Size, colour: tuple[int, int, int] = (128, 128, 128)
) -> Region:
    """A region of this shape, at this place of an image of the size `frame`."""
    height, width = bits.shape
    return Region(top, left, Size(width, height), np.packbits(bits).tobytes(), frame, colour)


def find_regions(rgb: Rgb) -> tuple[Region, ...]:
    """The distinct regions of an image, the largest first, at most 25; none in an even image."""
    if min(rgb.shape[:2]) < 8:
        return ()
    seen = _calmed(rgb)
    colours = lab(seen)
    background = ground(colours)
    inside = _foreground(background, rgb.shape[0], rgb.shape[1])
    if not inside.any():
        return ()
    labels, count = pieces(colours, inside, _cut(background, inside))
    return _largest(seen, labels, count, whole_image=background.distance is None)


def _calmed(rgb: Rgb) -> Rgb:
    """The image without grain: a median, and a blur when there is more noise than that removes."""
    image = Image.fromarray(rgb)
    grey = np.asarray(image.convert("L"), dtype=np.int16)
    noise = float(np.median(np.abs(np.diff(grey, axis=1))))
    if noise > 1:  # an even drawing keeps its corners
        image = image.filter(ImageFilter.MedianFilter(3))
    if noise > 4:
        image = image.filter(ImageFilter.BoxBlur(1))
    return np.asarray(image)


def _foreground(background: Ground, height: int, width: int) -> Bits:
    """Everything that differs from the background by at least half as much as its component does.

    An edge is a ramp of some pixels: half its height is where the thing ends.
    """
    if background.distance is None:
        return np.ones((height, width), bool)
    inside: Bits = background.distance > background.threshold
    labels, count = label(np.where(inside, 0, -1))
    if not count:
        return inside
    typical = _upper_quartiles(labels[inside], background.distance[inside], count)
    refined: Bits = inside & (background.distance > 0.45 * typical[labels])
    return refined


def _upper_quartiles(members: Labels, values: Floats, count: int) -> Floats:
    """Of each component. Member and value are sorted as one number, to 1/256."""
    keys = np.sort((members.astype(np.int64) << 20) | (values * 256).astype(np.int64))
    ends = np.cumsum(np.bincount(members, minlength=count))
    starts = np.append(0, ends[:-1])
    quartiles: Floats = (keys[starts + (ends - starts - 1) * 3 // 4] & 0xFFFFF) / np.float32(256)
    return quartiles


def _cut(background: Ground, inside: Bits) -> Cut:
    height, width = inside.shape
    if background.distance is None:  # a scene without a background: fewer and larger pieces
        smooth = max(1, round(0.008 * max(height, width)))
        least = max(12, round(0.004 * height * width))
        return Cut(apart=15, least_area=least, least_share=0, smooth=smooth, adaptive=True)
    smooth = max(1, round(0.004 * max(height, width)))
    least = max(12, round(0.0004 * height * width))
    return Cut(apart=24, least_area=least, least_share=0.08, smooth=smooth)


def _largest(seen: Rgb, labels: Labels, count: int, *, whole_image: bool) -> tuple[Region, ...]:
    height, width = labels.shape
    frame = Size(width, height)
    least = round((0.004 if whole_image else 0.0004) * height * width)
    area = np.bincount(labels[labels >= 0], minlength=count)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    at_edge = np.bincount(edge[edge >= 0], minlength=count) / edge.size
    found: list[Region] = []
    for i in np.argsort(-area, kind="stable"):
        if len(found) == MOST or area[i] < max(12, least):
            break
        if at_edge[i] > 0.22:  # it goes round the others: a background after all
            continue
        one = _region(seen, labels, int(i), frame)
        if one.area >= 0.12 * one.size.area and not _is_sliver(one):
            found.append(one)
    return tuple(sorted(found, key=lambda one: (-one.area, one.top, one.left)))


def _region(seen: Rgb, labels: Labels, number: int, frame: Size) -> Region:
    bits = labels == number
    rows, columns = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    red, green, blue = (round(float(c)) for c in seen[window][bits[window]].mean(axis=0))
    filled = without_holes(bits[window])
    return region(int(rows[0]), int(columns[0]), filled, frame, (red, green, blue))


def _is_sliver(one: Region) -> bool:
    """A strip along the edge of the image: the rim of a scan, not a thing."""
    size, frame = one.size, one.frame
    touches = (
        one.top == 0
        or one.left == 0
        or one.top + size.height == frame.height
        or one.left + size.width == frame.width
    )
    return touches and min(size.height / frame.height, size.width / frame.width) < 0.025


def _span(start: int, end: int, side: int) -> tuple[int, int]:
    low, high = round(start * NORM / side), round(end * NORM / side)
    return (low, high) if high > low else (min(low, NORM - 1), min(low, NORM - 1) + 1)
