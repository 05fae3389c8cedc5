"""Masks: what a model painted or outlined → the pixels of one thing, as run lengths.

A painted mask covers its box and nothing else. It is resized to the pixels of the box and cut at
the middle, by the rule of the Gemini cookbook ("resize it to the size of the bounding box, and
threshold it at 127"; github.com/google-gemini/cookbook, Spatial_understanding). The full frame is
never drawn: a dense mask of a 12-megapixel image would take 12 MB for every item.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from runner.postprocess.polygons import rasterised
from runner.postprocess.rle import Runs, as_box, empty, encode, from_columns, tight_box
from runner.values.geometry import PixelBox, Polygon, Size
from runner.values.mask import Mask, MaskEncoding
from runner.values.result import Issue

THRESHOLD = 127
"""Brighter pixels belong to the thing."""


def painted(grey: Image.Image, whole: PixelBox, size: Size, window: PixelBox | None = None) -> Mask:
    """The mask that an 8-bit grey image (mode L) of any size paints onto its box.

    `whole` may reach beyond the frame, or beyond the `window` of it that was sent; only the part
    inside it is resampled.
    """
    inside = whole.within(window or size.box)
    if inside is None:
        return mask_of(empty(size), "png")
    part = (
        (inside.x_min - whole.x_min) * grey.width / whole.width,
        (inside.y_min - whole.y_min) * grey.height / whole.height,
        (inside.x_max - whole.x_min) * grey.width / whole.width,
        (inside.y_max - whole.y_min) * grey.height / whole.height,
    )
    shape = (inside.width, inside.height)
    resized = grey.resize(shape, Image.Resampling.BILINEAR, box=part)
    # Turned only now: Pillow rounds between its two passes, and their order moves some pixels.
    columns = np.asarray(resized.transpose(Image.Transpose.TRANSPOSE)) > THRESHOLD
    return mask_of(from_columns(columns, inside.x_min, inside.y_min, size), "png")


def outlined(
    rings: Sequence[Polygon], size: Size, encoding: MaskEncoding, window: PixelBox | None = None
) -> Mask:
    """The mask of the pixels whose centres the rings enclose, within the window that was sent."""
    return mask_of(rasterised(rings, size, window), encoding)


def remarks(mask: Mask, box: PixelBox | None) -> tuple[Issue, ...]:
    """What makes one doubt a mask: it holds nothing, or all of its box."""
    if mask.area == 0:
        return (Issue("mask_empty", "the mask holds no pixel"),)
    if box is not None and mask.tight_box == as_box(box) and mask.area == box.width * box.height:
        return (Issue("mask_fills_box", "the mask fills its box: it says no more than the box"),)
    return ()


def mask_of(runs: Runs, encoding: MaskEncoding) -> Mask:
    """The mask of these runs."""
    box = tight_box(runs)
    return Mask(encoding, encode(runs), runs.area, as_box(box) if box is not None else None)
