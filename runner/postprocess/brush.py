"""Label Studio's brush: a mask as run lengths of the bits of its RGBA image, row by row.

A stream of bits: 32 for the count of values, 5 for the bits of a value less 1, four times 4 for the
bits of each of four lengths less 1. Then pieces: 1 bit that tells a run from single values, 2 that
choose the length, the count less 1, and the value of the run or each single value.
Source: github.com/thi-ng/umbrella, packages/rle-pack, which Label Studio uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from runner.postprocess.rle import Bits, Runs, bits_in, from_bits
from runner.values.geometry import PixelBox, Size

LENGTHS = (3, 4, 8, 16)
"""Bits of the four lengths, as Label Studio writes them."""

_CHANNELS = 4
_FULL = 255


def encode(runs: Runs) -> list[int]:
    """The bytes of a mask, 0–255: its pixels are 255 in all channels."""
    size = runs.size
    bits = bits_in(runs, PixelBox(0, 0, size.width, size.height)).ravel()
    edges = np.flatnonzero(np.diff(bits)) + 1
    counts = np.diff(edges, prepend=0, append=len(bits)) * _CHANNELS
    parts = [f"{len(bits) * _CHANNELS:032b}", f"{7:05b}", *(f"{n - 1:04b}" for n in LENGTHS)]
    inside = bool(bits[0])
    for count in counts.tolist():
        parts += _pieces(count, _FULL if inside else 0)
        inside = not inside
    text = "".join(parts)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def _pieces(count: int, value: int) -> Iterator[str]:
    while count:
        now = min(count, 1 << LENGTHS[-1])
        choice = next(n for n, bits in enumerate(LENGTHS) if now <= 1 << bits)
        yield f"1{choice:02b}{now - 1:0{LENGTHS[choice]}b}{value:08b}"
        count -= now


def decode(content: Sequence[int], size: Size) -> Runs:
    """The mask of these bytes: where the last channel is above 0. Raises ValueError when they do not
    fill the frame."""
    try:
        stream = _Stream(bytes(content))
        values = stream.take(32)
        if values != size.area * _CHANNELS:
            raise _unfit(size)
        width = stream.take(5) + 1
        lengths = [stream.take(4) + 1 for _ in range(4)]
        flat = np.zeros(values, dtype=np.bool_)
        at = 0
        while at < values:
            is_run = stream.take(1)
            beyond = at + stream.take(lengths[stream.take(2)]) + 1
            if beyond > values:
                raise _unfit(size)
            if is_run:
                flat[at:beyond] = stream.take(width) > 0
            else:
                flat[at:beyond] = [stream.take(width) > 0 for _ in range(beyond - at)]
            at = beyond
    except (TypeError, ValueError, IndexError) as error:
        raise _unfit(size) from error
    bits: Bits = flat.reshape(size.height, size.width, _CHANNELS)[:, :, -1]
    return from_bits(bits, 0, 0, size)


def _unfit(size: Size) -> ValueError:
    return ValueError(f"the brush strokes do not fill {size.width} × {size.height} pixels")


class _Stream:
    """Numbers of so many bits each, from the left. Raises IndexError at the end."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, bits: int) -> int:
        first, last = self._at // 8, (self._at + bits - 1) // 8
        if last >= len(self._content):
            raise IndexError
        number = int.from_bytes(self._content[first : last + 1], "big")
        self._at += bits
        return (number >> (8 * (last + 1) - self._at)) & ((1 << bits) - 1)
