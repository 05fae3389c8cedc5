"""Pictures: the images of a page, as small as it needs for all of them to travel with it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from math import sqrt

from PIL import Image

from runner.exporters.upright import upright
from runner.roles import OpenImage
from runner.values.result import ResultImage

LARGEST = 5_800_000
"""Bytes of a page with everything on it; less than 6 MB, which is what mail takes anywhere."""

LEAST = 1_500_000
"""Bytes that its images have in any case, whatever is said of them."""


def room_beside(told: int) -> int:
    """Bytes of all images of a page that tells so much beside them; base64 makes a third more of them."""
    return max(LEAST, (LARGEST - told) * 3 // 4)


LONGEST = 1600
"""Pixels of the long side of an image, at most: a screen shows no more of it."""

SHORTEST = 96
QUALITIES = (82, 70, 58, 45)
"""Of WebP, the best first. Below the last one it takes a smaller image, which looks better than blocks."""

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
    """Makes pictures of `count` images, one at a time. They share `room`: what one does not need is there
    for the next. Without `room` all are as large as is of use."""

    open_image: OpenImage
    count: int
    room: int | None = None
    _done: int = 0
    _quality: int = 0
    """What was good enough for the last one; images of one run are much alike."""

    def picture(self, image: ResultImage) -> Picture | str:
        """The image; or why there is none, as a sentence."""
        made = self._made(image)
        self._done += 1
        if self.room is not None and isinstance(made, Picture):
            self.room -= len(made.content)
        return made

    def _made(self, image: ResultImage) -> Picture | str:
        content = self.open_image(image)
        if content is None:
            return _absence(image)
        try:
            pixels = upright(content, frame=image.frame)
        except (OSError, ValueError, EOFError) as error:
            return f"the image cannot be opened: {error}"
        if self.room is None:
            return _webp(_fitted(pixels, LONGEST), QUALITIES[0])
        return self._within(pixels, self.room // max(1, self.count - self._done))

    def _within(self, pixels: Image.Image, share: int) -> Picture:
        """The picture that has no more bytes than its share, if that is possible at all."""
        side = side_for(self.count)
        while True:
            fitted = _fitted(pixels, side)
            made = _webp(fitted, QUALITIES[self._quality])
            if len(made.content) < share * 0.6 and self._quality:
                self._quality -= 1  # of the next one
            while len(made.content) > share and self._quality < len(QUALITIES) - 1:
                self._quality += 1
                made = _webp(fitted, QUALITIES[self._quality])
            if len(made.content) <= share or side <= SHORTEST:
                return made
            side = int(side * min(0.8, sqrt(share / len(made.content))))


def _absence(image: ResultImage) -> str:
    if image.path is None or "://" in image.path:
        return "the image is not here: only the service has seen it"
    return "the image is not here any more, or is not what it was"


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
