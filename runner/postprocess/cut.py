"""Cut: which part of an image a box is cut out as."""

from __future__ import annotations

from dataclasses import dataclass

from runner.values.geometry import Box, PixelBox, Size


@dataclass(frozen=True, slots=True)
class Margin:
    """Room around a box: `pixels` on every side, or a `share` 0–1 of its width to the left and the
    right, and of its height above and below."""

    pixels: float = 0.0
    share: float = 0.0

    def around(self, box: Box) -> Box:
        """The box with its margin; it may reach out of the image."""
        across = self.pixels + self.share * max(0.0, box.width)
        along = self.pixels + self.share * max(0.0, box.height)
        return Box(box.x_min - across, box.y_min - along, box.x_max + across, box.y_max + along)


@dataclass(frozen=True, slots=True)
class Cut:
    """How boxes are cut out: with a `margin`, as a `square`, and not at all below `min_size` pixels
    of width or height, the margin not counted."""

    margin: Margin = Margin()
    square: bool = False
    min_size: int = 1

    def window(self, box: Box, size: Size) -> PixelBox | None:
        """The part of an image of this size, in its whole pixels, half-open, edges rounded half up;
        None for a box that is too small, or outside the image.

        A square is as wide as the longer side of the box with its margin. Where it would reach out
        of the image it is moved inside, and where the image is too small it is less than square.
        """
        inside = box.clipped(size)
        if inside.area == 0:
            return None
        whole = inside.on_pixels(size)
        if min(whole.width, whole.height) < self.min_size:
            return None
        wide = self.margin.around(box)
        return self._squared(wide, size) if self.square else wide.clipped(size).on_pixels(size)

    def _squared(self, box: Box, size: Size) -> PixelBox:
        whole = box.on_grid()
        side = max(whole.width, whole.height)
        x_min, x_max = _span(whole.x_min + whole.x_max, side, size.width)
        y_min, y_max = _span(whole.y_min + whole.y_max, side, size.height)
        return PixelBox(x_min, y_min, x_max, y_max)


def _span(twice_the_middle: int, length: int, side: int) -> tuple[int, int]:
    """A span of this length around a middle, moved into 0–`side`."""
    length = min(length, side)
    start = min(max((twice_the_middle - length) // 2, 0), side - length)
    return start, start + length
