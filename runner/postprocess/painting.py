"""Painting: the outline of a thing → its mask as models paint it, the reverse of reading one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from runner.postprocess.polygons import rasterised
from runner.postprocess.rle import bits_in
from runner.values.geometry import Box, Polygon, Size

SIDE = 256
"""Of the masks that Gemini 2.5 was seen to paint (github.com/google-gemini/cookbook, image segmentation)."""


def painting(rings: Sequence[Polygon], box: Box) -> str:
    """A `data:` URI of a grey PNG that covers the box and nothing else: white is the thing."""
    canvas = Size(SIDE, SIDE)
    zoom = SIDE / box.width, SIDE / box.height
    moved = [ring.shifted(-box.x_min, -box.y_min).scaled(*zoom) for ring in rings]
    bits = bits_in(rasterised(moved, canvas), canvas.box)
    content = BytesIO()
    Image.fromarray(np.where(bits, 255, 0).astype(np.uint8)).save(content, "PNG")
    return f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"
