"""What a mask of a 12-megapixel image costs: ours beside the full canvas of pycocotools.

    python bench/masks.py

Prints the median milliseconds of CPU time for one mask. The masks are smooth 256 × 256 PNGs in
boxes whose sizes spread like those of real answers (median 1.8 % of the image).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from statistics import median
from time import process_time

import numpy as np
from PIL import Image

from runner.postprocess.mask_text import grey_image
from runner.postprocess.masks import outlined, painted
from runner.postprocess.polygons import rings
from runner.postprocess.rle import decode, iou
from runner.values.geometry import PixelBox, Point, Polygon, Size
from runner.values.mask import Mask

FRAME = Size(4000, 3000)
MASKS = 25
ROUNDS = 5


def main() -> None:
    """Prints the table."""
    random = np.random.default_rng(0)
    boxes = [_box(random) for _ in range(MASKS)]
    texts = [_blob(random) for _ in range(MASKS)]
    outlines = [_star(random) for _ in range(MASKS)]
    ours = [_ours(text, box) for text, box in zip(texts, boxes, strict=True)]
    runs = [decode(mask.rle) for mask in ours]
    _row("base64 PNG to run lengths", lambda n: _ours(texts[n], boxes[n]))
    _row("  the PNG alone", lambda n: grey_image(texts[n]))
    _row(
        "outline of 40 corners to run lengths",
        lambda n: outlined([outlines[n]], FRAME, "polygon_xy"),
    )
    _row("run lengths to rings", lambda n: rings(ours[n]))
    _row("IoU of two masks", lambda n: iou(runs[n], runs[n - 1]))
    try:
        from pycocotools import mask as coco
    except ImportError:
        print("pycocotools is not installed")
        return
    _row("full canvas + pycocotools", lambda n: coco.encode(_canvas(texts[n], boxes[n])))
    different = sum(
        coco.encode(_canvas(text, box))["counts"].decode() != mask.rle.counts
        for text, box, mask in zip(texts, boxes, ours, strict=True)
    )
    print(f"{different} of {MASKS} differ from the full canvas")


def _row(name: str, work: Callable[[int], object]) -> None:
    times = []
    for _ in range(ROUNDS):
        for n in range(MASKS):
            start = process_time()
            work(n)
            times.append(process_time() - start)
    print(f"{name:40} {median(times) * 1000:8.2f} ms")


def _ours(text: str, box: PixelBox) -> Mask:
    grey = grey_image(text)
    assert isinstance(grey, Image.Image)
    return painted(grey, box, FRAME)


def _canvas(text: str, box: PixelBox) -> np.ndarray:
    grey = grey_image(text)
    assert isinstance(grey, Image.Image)
    canvas = Image.new("L", (FRAME.width, FRAME.height))
    resized = grey.resize((box.width, box.height), Image.Resampling.BILINEAR)
    canvas.paste(resized, (box.x_min, box.y_min))
    return np.asfortranarray((np.asarray(canvas) > 127).astype(np.uint8))


def _box(random: np.random.Generator) -> PixelBox:
    side = np.sqrt(random.lognormal(np.log(211_000), 0.8))
    width, height = int(min(side * 1.2, 3000)), int(min(side / 1.2, 2500))
    x, y = int(random.integers(0, 4000 - width)), int(random.integers(0, 3000 - height))
    return PixelBox(x, y, x + width, y + height)


def _blob(random: np.random.Generator) -> str:
    coarse = Image.fromarray(random.integers(0, 256, (6, 6), dtype=np.uint8))
    smooth = coarse.resize((256, 256), Image.Resampling.BICUBIC)
    content = BytesIO()
    smooth.point(lambda value: 255 * (value > 100)).save(content, "PNG")
    return "data:image/png;base64," + b64encode(content.getvalue()).decode()


def _star(random: np.random.Generator) -> Polygon:
    angles = np.sort(random.random(40) * 2 * np.pi)
    radii = random.lognormal(np.log(230), 0.5) * (0.7 + 0.3 * random.random(40))
    corners = zip(2000 + radii * np.cos(angles), 1500 + radii * np.sin(angles), strict=True)
    return Polygon(tuple(Point(float(x), float(y)) for x, y in corners))


if __name__ == "__main__":
    main()
