"""Bytes that are read a slice at a time, so that nobody has to hold all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol


class Content(Protocol):
    """Bytes by their slices; `bytes` are such, and so is a file that stays on the disk."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Those bytes of others from `start` to `stop`, read when they are asked for."""

    content: Content
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(len(self))
        return self.content[self.start + start : self.start + max(start, stop)]


SLICE = 256 << 10


def whole(pieces: Iterable[Content]) -> bytes:
    """All bytes of these pieces in memory, once."""
    held = BytesIO()
    for piece in pieces:
        for start in range(0, len(piece), SLICE):
            held.write(piece[start : start + SLICE])
    return held.getvalue()
