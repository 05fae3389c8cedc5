"""A mask as a value: what the model sent, and its pixels as run lengths. Never a full canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runner.values.geometry import Box, Size

MaskEncoding = Literal["png", "polygon_xy", "polygon_yx", "rle"]
"""How it was written: a PNG (by a model: inside its box), a ring of corners, x or y first, or, in a
truth file, run lengths."""


@dataclass(frozen=True, slots=True)
class Rle:
    """Run lengths of a full frame in COCO's compressed form: column-major, first run is background.

    Source: pycocotools `maskApi.c` (rleToString).
    """

    size: Size
    counts: str


@dataclass(frozen=True, slots=True)
class Mask:
    """The pixels of one thing, in the upright original image.

    `area` counts pixels; `tight_box` is the half-open extent of the true pixels, None when there
    are none.
    """

    encoding: MaskEncoding
    rle: Rle
    area: int
    tight_box: Box | None
