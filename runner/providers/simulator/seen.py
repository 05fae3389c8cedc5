"""What the simulator sees in an image: its size and its distinct regions, remembered for a while."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock

from runner.providers.simulator.colours import usual_name
from runner.providers.simulator.errors import ApiError
from runner.providers.simulator.pixels import Pixels, Undecodable, decode
from runner.providers.simulator.vision import LONG_SIDE, Region, find_regions
from runner.values.geometry import Size

REMEMBERED = 128
"""Images of which the regions are kept; a region is small."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One image. `fingerprint` is made from the decoded pixels, so what is chosen by it does not
    depend on the file's name or format."""

    size: Size
    regions: tuple[Region, ...]
    colour: str
    fingerprint: bytes

    @property
    def summary(self) -> str:
        """What there is to say of the image, in words for people."""
        count = len(self.regions)
        words = [region.colour_name for region in self.regions[:5]]
        found = f"{count} distinct region{'' if count == 1 else 's'}"
        if words:
            found += f" ({', '.join(words)}{', …' if count > 5 else ''})"
        return f"{self.size.width} × {self.size.height} pixels, mostly {self.colour}, {found}"


@dataclass(slots=True)
class Eyes:
    """Looks at images in threads, and remembers those seen last by the SHA-256 of their bytes."""

    _known: OrderedDict[str, Future[Seen]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    async def look(self, content: bytes) -> Seen:
        """What is seen. Raises a 400 when the bytes are no image that can be decoded."""
        try:
            return await asyncio.to_thread(self._look, content)
        except Undecodable:
            raise ApiError(400, "Unable to process input image.") from None

    def _look(self, content: bytes) -> Seen:
        """The same bytes are looked at once, however many ask at the same time."""
        key = hashlib.sha256(content).hexdigest()
        with self._lock:
            known = self._known.get(key)
            seen = self._known.setdefault(key, Future())
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        if known is None:
            try:
                seen.set_result(_see(content))
            except Exception as error:
                seen.set_exception(error)
        return seen.result()


def _see(content: bytes) -> Seen:
    pixels = decode(content, LONG_SIDE)
    colour = usual_name(pixels.rgb)
    return Seen(pixels.size, find_regions(pixels.rgb), colour, _fingerprint(pixels))


def _fingerprint(pixels: Pixels) -> bytes:
    return hashlib.sha256(repr(pixels.size).encode() + pixels.rgb.tobytes()).digest()
