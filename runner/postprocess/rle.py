"""Run lengths: masks of a whole frame that cost as much as their outline.

A frame is read column by column, as COCO does; a run is a stretch of true pixels. Nothing here
ever holds a full canvas, so a mask of a 12-megapixel image takes a few kilobytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.values.geometry import Box, PixelBox, Size
from runner.values.mask import Rle

Positions = NDArray[np.int64]
Bits = NDArray[np.bool_]
"""A part of a frame as height × width truth values."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The true pixels of a frame: stretches [start, stop) of its pixels counted column by column.

    Rising, not empty, never touching: pixel (x, y) has the position x · height + y.
    """

    size: Size
    starts: Positions
    stops: Positions

    @property
    def area(self) -> int:
        """The number of true pixels."""
        return int((self.stops - self.starts).sum())


# -- COCO's compressed form -----------------------------------------------------------------------


def encode(runs: Runs) -> Rle:
    """COCO's compressed run lengths, byte for byte as pycocotools writes them."""
    return Rle(runs.size, _compress(_counts(runs)))


def decode(rle: Rle) -> Runs:
    """The runs of compressed run lengths. Raises ValueError when they do not fill the frame."""
    counts = _decompress(rle.counts)
    edges = np.cumsum(counts)
    if counts.min() < 0 or counts.max() > rle.size.area or edges[-1] != rle.size.area:
        raise ValueError(f"the run lengths do not fill {rle.size.width} × {rle.size.height} pixels")
    starts, stops = edges[0:-1:2].copy(), edges[1::2].copy()
    if counts[1:].all():
        return Runs(rle.size, starts, stops)
    return joined(rle.size, starts[stops > starts], stops[stops > starts])


def _counts(runs: Runs) -> Positions:
    if len(runs.starts) == 0:
        return np.array([runs.size.area], dtype=np.int64)
    edges = np.empty(2 * len(runs.starts), dtype=np.int64)
    edges[0::2], edges[1::2] = runs.starts, runs.stops
    counts = np.diff(edges, prepend=0, append=runs.size.area)
    return counts if counts[-1] else counts[:-1]


def _compress(counts: Positions) -> str:
    """Each count, from the fourth on as its difference to the last but one, in groups of 5 bits.

    The lowest group first, 32 marks that another follows, 48 makes it a printable character.
    Source: pycocotools `maskApi.c`, rleToString.
    """
    rest = counts.copy()
    rest[3:] -= counts[1:-2]
    size = rest ^ (rest >> 63)  # as many bits as the number needs, but for its sign
    most = (int(size.max()).bit_length() + 5) // 5
    more = np.zeros((len(rest), most), dtype=np.bool_)  # whether another group follows
    characters = np.empty((len(rest), most), dtype=np.uint8)
    for group in range(most):
        characters[:, group] = rest & 31
        rest >>= 5
        np.greater_equal(size, 1 << (5 * group + 4), out=more[:, group])
    characters += np.uint8(48)
    characters += more * np.uint8(32)
    used = np.ones_like(more)
    used[:, 1:] = more[:, :-1]
    return characters[used].tobytes().decode("ascii")


_MOST_GROUPS = 8
"""39 bits and a sign: frames of far more pixels than any image has."""


def _decompress(text: str) -> Positions:
    """The counts: eight characters before the end of each are looked at as one number."""
    try:
        codes = np.frombuffer(text.encode("ascii"), dtype=np.uint8) - np.uint8(48)
    except UnicodeEncodeError:
        raise _unreadable() from None
    if len(codes) == 0 or codes.max() > 63 or codes[-1] & 32:
        raise _unreadable()
    last = np.flatnonzero(codes < 32)
    groups = np.diff(last, prepend=-1)
    most = int(groups.max())
    if most > _MOST_GROUPS:
        raise _unreadable()
    behind = bytes(7) + codes.tobytes()
    eights = np.ndarray(len(codes), dtype="<u8", buffer=behind, strides=(1,))[last]
    eights >>= (64 - 8 * groups).view(np.uint64)
    counts = eights & np.uint64(31)
    for group in range(1, most):
        counts |= (eights >> np.uint64(3 * group)) & np.uint64(31 << 5 * group)
    unused = 64 - 5 * groups
    return _summed((counts.view(np.int64) << unused) >> unused)  # brings the sign down


def _unreadable() -> ValueError:
    return ValueError("these are no compressed run lengths")


def _summed(counts: Positions) -> Positions:
    """Undoes the differences, in place: count i is difference i plus count i − 2, from the fourth on."""
    for rest in (counts[1::2], counts[2::2]):
        rest.cumsum(out=rest)
    return counts


# -- Parts of a frame -----------------------------------------------------------------------------


def from_columns(columns: NDArray[np.generic], x: int, y: int, size: Size) -> Runs:
    """The runs of a part of a frame whose top-left pixel is (x, y).

    `columns` has the shape width × height: each row of the array is one column of pixels.
    """
    width, height = columns.shape
    if width == 0 or height == 0:
        return empty(size)
    guarded = np.zeros((width, height + 1), dtype=np.bool_)  # a false pixel ends every column
    guarded[:, :height] = columns
    flat = guarded.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat[0]:
        edges = np.concatenate([[0], edges])
    column, row = np.divmod(edges, height + 1)
    positions = (column + x) * size.height + (row + y)
    return joined(size, positions[0::2], positions[1::2])


def from_bits(bits: Bits, x: int, y: int, size: Size) -> Runs:
    """The runs of a part of a frame, height × width, whose top-left pixel is (x, y)."""
    return from_columns(np.ascontiguousarray(bits.T), x, y, size)


def bits_in(runs: Runs, part: PixelBox) -> Bits:
    """The pixels of a part of the frame, height × width; no more of the frame is drawn."""
    inside = cropped(runs, part)
    edges = np.empty(2 * len(inside.starts), dtype=np.int64)
    edges[0::2], edges[1::2] = inside.starts, inside.stops
    lengths = np.diff(edges, prepend=0, append=inside.size.area)
    columns = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return columns.reshape(part.width, part.height).T


def cropped(runs: Runs, part: PixelBox) -> Runs:
    """A part of the frame as a frame of its own. The part lies inside the frame."""
    height = runs.size.height
    near = slice(
        runs.stops.searchsorted(part.x_min * height, side="right"),
        runs.starts.searchsorted(part.x_max * height),
    )
    columns, tops, bottoms = by_column(Runs(runs.size, runs.starts[near], runs.stops[near]))
    tops = np.maximum(tops, part.y_min)
    bottoms = np.minimum(bottoms, part.y_max)
    seen = (bottoms > tops) & (columns >= part.x_min) & (columns < part.x_max)
    starts = (columns[seen] - part.x_min) * part.height + tops[seen] - part.y_min
    return joined(part.size, starts, starts + bottoms[seen] - tops[seen])


def by_column(runs: Runs) -> tuple[Positions, Positions, Positions]:
    """The runs cut at the ends of columns: of each piece the column, and its rows from a first to
    one beyond the last."""
    height = runs.size.height
    first = runs.starts // height
    tops, bottoms = runs.starts - first * height, runs.stops - first * height
    if not (bottoms > height).any():
        return first, tops, bottoms
    last = (runs.stops - 1) // height
    pieces = last - first + 1
    owner = np.repeat(np.arange(len(first)), pieces)
    columns = first[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    tops = np.maximum(runs.starts[owner] - columns * height, 0)
    bottoms = np.minimum(runs.stops[owner] - columns * height, height)
    return columns, tops, bottoms


def tight_box(runs: Runs) -> PixelBox | None:
    """The smallest half-open box around the true pixels; None when there are none."""
    if len(runs.starts) == 0:
        return None
    height = runs.size.height
    last = runs.stops - 1
    first_column, last_column = runs.starts // height, last // height
    wraps = bool((first_column != last_column).any())  # a run over a column's end touches both
    top = 0 if wraps else int((runs.starts % height).min())
    bottom = height if wraps else int((last % height).max()) + 1
    return PixelBox(int(first_column[0]), top, int(last_column[-1]) + 1, bottom)


def as_box(box: PixelBox) -> Box:
    """The same box in float pixels."""
    return Box(float(box.x_min), float(box.y_min), float(box.x_max), float(box.y_max))


def empty(size: Size) -> Runs:
    """No pixel at all."""
    nothing = np.empty(0, dtype=np.int64)
    return Runs(size, nothing, nothing)


def joined(size: Size, starts: Positions, stops: Positions) -> Runs:
    """Rising runs, those that touch made one: a run may reach a column's end and go on in the next."""
    if len(starts) < 2:
        return Runs(size, starts, stops)
    apart = starts[1:] != stops[:-1]
    return Runs(
        size,
        starts[np.concatenate([[True], apart])],
        stops[np.concatenate([apart, [True]])],
    )
