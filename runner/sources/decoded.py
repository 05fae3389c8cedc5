"""Images that are cut into many parts are decoded once: the last few of them stay in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

MOST_BYTES = 40 << 20
"""Of decoded pixels that a process keeps, beside the newest: a photograph of 12 megapixels."""


@dataclass(slots=True)
class _Decoded:
    """One image; the lock lets one thread decode it while others wait."""

    lock: Lock = field(default_factory=Lock)
    pixels: Pixels | None = None

    @property
    def byte_count(self) -> int:
        if self.pixels is None:
            return 0
        return self.pixels.width * self.pixels.height * len(self.pixels.getbands())


@dataclass(slots=True)
class Decoded:
    """The images that were decoded last, by what they are. Safe for several threads."""

    most_bytes: int = MOST_BYTES
    _lock: Lock = field(default_factory=Lock)
    _recent: OrderedDict[Hashable, _Decoded] = field(default_factory=OrderedDict)

    def pixels(self, key: Hashable, decode: Callable[[], Pixels]) -> Pixels:
        """The pixels under this key; `decode` makes them when they are not here (any more). Nobody may
        change them. Raises what `decode` raises, which the next one who asks tries again."""
        with self._lock:
            found = self._recent.setdefault(key, _Decoded())
            self._recent.move_to_end(key)
        with found.lock:
            if found.pixels is None:
                found.pixels = decode()
            pixels = found.pixels
        with self._lock:
            total = sum(each.byte_count for each in self._recent.values())
            while total > self.most_bytes and len(self._recent) > 1:
                _, oldest = self._recent.popitem(last=False)
                total -= oldest.byte_count
        return pixels
