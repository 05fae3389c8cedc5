"""Pictures: the images of a page, as small as it needs for all of them to travel with it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from math import sqrt

from PIL import Image

from runner.exporters.upright import upright
from runner.roles import OpenImage
from runner.values.result import ResultImage

ROOM = 3_900_000
"""Bytes of all images within a page. Base64 makes a third more of it, so that with 200 of them a page
has less than 6 MB."""

LONGEST = 1600
"""Pixels of the long side of an image, at most: a screen shows no more of it."""

SHORTEST = 96
BEST, WORST = 82, 45
"""WebP qualities. Below the lower one it takes a smaller image, which looks better than blocks."""

SIDES = ((20, LONGEST), (40, 1280), (60, 1024), (120, 768), (250, 512))
"""Up to so many images, pixels of their long side."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as it is shown, as WebP."""

    width: int
    height: int
    content: bytes

    @property
    def address(self) -> str:
        """Itself, as a `data:` address."""
        return f"data:image/webp;base64,{b64encode(self.content).decode()}"


def side_for(count: int) -> int:
    """Pixels of the long side when so many images are shown."""
    return next((side for most, side in SIDES if count <= most), 384)


@dataclass(slots=True)
class Encoder:
    """Makes pictures of images, one at a time. `left` of them share `room`: what one does not need is
    there for the next. Without `room` all are as large as is of use."""

    open_image: OpenImage
    left: int
    room: int | None = ROOM

    def picture(self, image: ResultImage) -> Picture | str:
        """The image; or why there is none, as a sentence."""
        share = None if self.room is None else self.room // max(1, self.left)
        made = self._made(image, share)
        self.left -= 1
        if self.room is not None and isinstance(made, Picture):
            self.room -= len(made.content)
        return made

    def _made(self, image: ResultImage, share: int | None) -> Picture | str:
        content = self.open_image(image)
        if content is None:
            return _absence(image)
        try:
            pixels = upright(content, frame=image.frame)
        except (OSError, ValueError, EOFError) as error:
            return f"the image cannot be opened: {error}"
        return _encoded(pixels, LONGEST if share is None else side_for(self.left), share)


def _absence(image: ResultImage) -> str:
    if image.path is None or "://" in image.path:
        return "the image is not here: only the service has seen it"
    return "the image is not here any more, or is not what it was"


def _encoded(pixels: Image.Image, side: int, share: int | None) -> Picture:
    while True:
        fitted = _fitted(pixels, side)
        made = _webp(fitted, BEST)
        if share is not None and len(made.content) > share:
            made = _best_within(fitted, share)
        if share is None or len(made.content) <= share or side <= SHORTEST:
            return made
        side = int(side * min(0.8, sqrt(share / len(made.content))))


def _best_within(pixels: Image.Image, share: int) -> Picture:
    """The best quality that fits; the worst when none does."""
    made = _webp(pixels, WORST)
    for quality in (70, 58):
        better = _webp(pixels, quality)
        if len(better.content) <= share:
            return better
    return made


def _fitted(pixels: Image.Image, side: int) -> Image.Image:
    longest = max(pixels.size)
    if longest <= side:
        return pixels
    width, height = (max(1, round(each * side / longest)) for each in pixels.size)
    return pixels.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _webp(pixels: Image.Image, quality: int) -> Picture:
    file = BytesIO()
    profile = pixels.info.get("icc_profile")
    pixels.save(file, "WEBP", quality=quality, method=3, icc_profile=profile or b"")
    return Picture(*pixels.size, file.getvalue())


Place = Callable[[Picture], str]
"""Where a picture is for the page: an address."""
