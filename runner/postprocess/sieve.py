"""Sieve: which detections stay: by label, by area, without doubles, at most so many, in an order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runner.values.geometry import Size
from runner.values.result import Detection

Order = Literal["largest", "smallest", "left_to_right", "top_to_bottom", "highest", "lowest"]
"""highest and lowest are of a field."""


@dataclass(frozen=True, slots=True)
class Area:
    """An area in square pixels, or as a share 0–1 of the image."""

    pixels: float = 0.0
    share: float = 0.0

    def of(self, image: Size | None) -> float:
        """In square pixels of an image; a share of an image whose size nobody knows is 0."""
        return self.pixels + self.share * (image.area if image else 0)


@dataclass(frozen=True, slots=True)
class Sieve:
    """What stays of detections. None means that nothing is asked.

    The order of work: labels and areas first; then the order is made; then what overlaps one before
    it of the same label by more than `max_overlap` (intersection over union, 0–1; of masks, where
    both have one) is dropped; then the first `keep` stay. `order_by` is the field of `highest` and
    `lowest`; what lacks it comes last.
    """

    labels: frozenset[str] | None = None
    min_area: Area | None = None
    max_area: Area | None = None
    order: Order | None = None
    order_by: str | None = None
    max_overlap: float | None = None
    keep: int | None = None

    def sift(
        self, found: Sequence[Detection], sizes: Sequence[Size | None]
    ) -> tuple[Detection, ...]:
        """The detections that stay; `sizes` are those of the images, in pixels, by position."""
        kept = [each for each in found if self._passes(each, sizes)]
        if self.order is not None:
            kept.sort(key=_key(self.order, self.order_by))
        if self.max_overlap is not None:
            from runner.postprocess.nms import overlapping  # numpy

            doubles = overlapping(kept, self.max_overlap)
            kept = [each for index, each in enumerate(kept) if index not in doubles]
        return tuple(kept[: self.keep])

    def _passes(self, found: Detection, sizes: Sequence[Size | None]) -> bool:
        if self.labels is not None and found.label not in self.labels:
            return False
        size = sizes[found.image] if found.image < len(sizes) else None
        area = area_of(found)
        if self.min_area is not None and area < self.min_area.of(size):
            return False
        return self.max_area is None or area <= self.max_area.of(size)


def area_of(found: Detection) -> float:
    """Of the box in square pixels; of the mask where there is no box; 0 for a point."""
    if found.box is not None:
        return found.box.area
    if found.mask is not None:
        return float(found.mask.area)
    return sum(ring.bounds.area for ring in found.polygon)


def _key(order: Order, field: str | None) -> Callable[[Detection], tuple[float, ...]]:
    """A key for a stable sort."""
    match order:
        case "largest":
            return lambda found: (-area_of(found),)
        case "smallest":
            return lambda found: (area_of(found),)
        case "left_to_right":
            return lambda found: _corner(found)
        case "top_to_bottom":
            return lambda found: _corner(found)[::-1]
        case "highest":
            return lambda found: _number(found, field, -1)
        case "lowest":
            return lambda found: _number(found, field, 1)


def _corner(found: Detection) -> tuple[float, float]:
    if found.point is not None:
        return found.point.x, found.point.y
    box = found.extent
    return (box.x_min, box.y_min) if box else (0.0, 0.0)


def _number(found: Detection, field: str | None, sign: int) -> tuple[float, float]:
    values: Mapping[str, object] = {"score": found.score, **found.fields}
    value = values.get(field or "score")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, sign * value
    return 1, 0.0
