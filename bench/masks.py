"""What masks of a 12-megapixel image cost: ours beside pycocotools, and others that are installed.

    python bench/masks.py
    pip install faster-coco-eval hotcoco opencv-python-headless    # more columns

Each line is a piece of work: the median of five rounds in milliseconds of CPU time, ours first, then
how many times as long the others take. All rounds of a line are interleaved, so that what else the
machine does meets all alike. Others keep masks as compressed run lengths only; ours are measured twice,
from those and from runs, as a check holds them that compares a mask more than once. Answers are compared
with a truth that lies a few pixels beside them. The masks are smooth 256 × 256 PNGs in boxes whose sizes spread like
those of real answers (median 1.8 % of the image). The last lines say how far the results differ, and
what 1,000 masks take in memory.
"""

from __future__ import annotations

import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Mapping
from importlib import import_module
from io import BytesIO
from itertools import pairwise
from statistics import median
from time import process_time
from types import ModuleType

import numpy as np
from PIL import Image

from runner.postprocess.mask_text import grey_image
from runner.postprocess.masks import mask_of, outlined, painted
from runner.postprocess.polygons import rings
from runner.postprocess.regions import difference, intersection, ious, placed, union
from runner.postprocess.rle import Runs, bits_in, cropped, decode, tight_box
from runner.values.geometry import PixelBox, Point, Polygon, Size
from runner.values.mask import Mask

FRAME = Size(4000, 3000)
MASKS = 25
MANY = 200
ROUNDS = 5
PEERS = {
    "pycocotools": "pycocotools.mask",
    "faster-coco-eval": "faster_coco_eval.core.mask",
    "hotcoco": "hotcoco.mask",
}

Work = Callable[[], object]


def main() -> None:
    """Prints the table."""
    random = np.random.default_rng(0)
    boxes = [_box(random) for _ in range(MASKS)]
    texts = [_blob(random) for _ in range(MASKS)]
    stars = [_star(random) for _ in range(MASKS)]
    masks = [_ours(text, box) for text, box in zip(texts, boxes, strict=True)]
    peers = _peers()
    print(f"{'':44}{'ours, ms':>10}" + "".join(f"{name:>18}" for name in peers))
    _row(
        f"{MASKS} base64 PNGs to run lengths",
        lambda: [_ours(text, box) for text, box in zip(texts, boxes, strict=True)],
        peers,
        lambda peer: [
            peer.encode(_canvas(text, box)) for text, box in zip(texts, boxes, strict=True)
        ],
    )
    _row(
        f"{MASKS} outlines of 40 corners to run lengths",
        lambda: [outlined([star], FRAME, "polygon_xy") for star in stars],
        peers,
        lambda peer: [peer.frPyObjects([_flat(star)], 3000, 4000) for star in stars],
    )
    _rows_of_matrices(random, masks, peers)
    _rows_of_pairs(masks, peers)
    _row(
        f"{MASKS} masks to pixels (ours: within the box)",
        lambda: [_pixels(mask) for mask in masks],
        peers,
        lambda peer: [peer.decode(_theirs(mask)) for mask in masks],
    )
    opencv = _modules({"OpenCV": "cv2"})
    _row(
        f"{MASKS} masks to rings with holes",
        lambda: [rings(mask) for mask in masks],
        opencv,
        lambda cv2: [_contours(cv2, mask) for mask in masks],
    )
    _compare(texts, boxes, masks, peers)


def _rows_of_matrices(
    random: np.random.Generator, masks: list[Mask], peers: Mapping[str, ModuleType]
) -> None:
    for count in (MASKS, MANY):
        there = [_moved(masks[n % MASKS], random) for n in range(count)]
        found = [mask_of(_beside(runs), "png") for runs in map(_runs, there)]
        sides = [[_theirs(mask) for mask in side] for side in (there, found)]
        held = [[_runs(mask) for mask in side] for side in (there, found)]
        for what, ours in (
            ("", lambda there=there, found=found: ious([*map(_runs, there)], [*map(_runs, found)])),
            (", of runs", lambda held=held: ious(*held)),
        ):
            _row(
                f"IoU of {count} × {count} masks{what}",
                ours,
                peers,
                lambda peer, sides=sides: peer.iou(*sides, [False] * len(sides[1])),
            )


def _rows_of_pairs(masks: list[Mask], peers: Mapping[str, ModuleType]) -> None:
    theirs = [_theirs(mask) for mask in masks]
    pairs = list(pairwise(masks))
    held = list(pairwise(_runs(mask) for mask in masks))
    their_pairs = list(pairwise(theirs))
    for name, work, both in (("union", union, False), ("intersection", intersection, True)):
        for what, ours in (
            ("", lambda work=work: [work(_runs(a), _runs(b)) for a, b in pairs]),
            (", of runs", lambda work=work: [work(a, b) for a, b in held]),
        ):
            _row(
                f"{name} of {len(pairs)} pairs{what}",
                ours,
                peers,
                lambda peer, both=both: [peer.merge([a, b], both) for a, b in their_pairs],
            )
    _row(f"difference of {len(pairs)} pairs", lambda: [_without(a, b) for a, b in pairs], {}, None)
    _row(
        f"union of all {MASKS}",
        lambda: union(*(decode(mask.rle) for mask in masks)),
        peers,
        lambda peer: peer.merge(theirs),
    )


def _row(
    name: str,
    ours: Work,
    peers: Mapping[str, ModuleType],
    work: Callable[[ModuleType], object] | None,
) -> None:
    times: dict[str, list[float]] = {"": []} | {peer: [] for peer in peers}
    for _ in range(ROUNDS):
        times[""].append(_took(ours))
        for peer, module in peers.items():
            assert work is not None
            times[peer].append(_took(lambda module=module: work(module)))
    mine = median(times.pop(""))
    others = "".join(f"{_times(median(taken) / mine):>18}" for taken in times.values())
    print(f"{name:44}{mine * 1000:10.2f}{others}")


def _times(ratio: float) -> str:
    return "cannot" if ratio != ratio else f"{ratio:.1f} ×"


def _took(work: Work) -> float:
    """NaN for a package that cannot do it."""
    start = process_time()
    try:
        work()
    except (AttributeError, TypeError, NotImplementedError):
        return float("nan")
    return process_time() - start


def _compare(
    texts: list[str], boxes: list[PixelBox], masks: list[Mask], peers: Mapping[str, ModuleType]
) -> None:
    coco = peers.get("pycocotools")
    if coco is not None:
        different = sum(
            coco.encode(_canvas(text, box))["counts"].decode() != mask.rle.counts
            for text, box, mask in zip(texts, boxes, masks, strict=True)
        )
        print(f"{different} of {MASKS} masks differ from those of a full canvas and pycocotools")
        runs, theirs = [decode(mask.rle) for mask in masks], [_theirs(mask) for mask in masks]
        apart = np.abs(ious(runs, runs) - coco.iou(theirs, theirs, [False] * MASKS)).max()
        print(f"the largest difference of an IoU is {apart:g}")
    tracemalloc.start()
    kept = [_ours(texts[n % MASKS], boxes[n % MASKS]) for n in range(1000)]
    held, peak = tracemalloc.get_traced_memory()
    print(f"{len(kept):,} masks: {held / 1e6:.1f} MB kept, {peak / 1e6:.0f} MB at most on the way")


def _peers() -> Mapping[str, ModuleType]:
    return _modules(PEERS)


def _modules(names: Mapping[str, str]) -> Mapping[str, ModuleType]:
    found = {}
    for name, module in names.items():
        try:
            found[name] = import_module(module)
        except ImportError:
            print(f"{name} is not installed")
    return found


def _runs(mask: Mask) -> Runs:
    return decode(mask.rle)


def _moved(mask: Mask, random: np.random.Generator) -> Mask:
    """The same mask in another place of the frame."""
    box = tight_box(_runs(mask))
    assert box is not None
    x = int(random.integers(0, FRAME.width - box.width))
    y = int(random.integers(0, FRAME.height - box.height))
    place = PixelBox(x, y, x + box.width, y + box.height)
    return mask_of(placed(cropped(_runs(mask), box), place, FRAME), "png")


def _beside(runs: Runs) -> Runs:
    """What of it is still there when it moves by 5 columns."""
    shift = 5 * FRAME.height
    moved = Runs(FRAME, runs.starts - shift, runs.stops - shift)
    keep = moved.starts >= 0
    return Runs(FRAME, moved.starts[keep], moved.stops[keep])


def _theirs(mask: Mask) -> dict[str, object]:
    return {"size": [3000, 4000], "counts": mask.rle.counts.encode()}


def _without(one: Mask, other: Mask) -> object:
    return difference(decode(one.rle), decode(other.rle))


def _pixels(mask: Mask) -> object:
    runs = decode(mask.rle)
    box = tight_box(runs)
    return None if box is None else bits_in(runs, box)


def _contours(cv2: ModuleType, mask: Mask) -> object:
    return cv2.findContours(_full(mask), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)


def _full(mask: Mask) -> np.ndarray:
    return np.ascontiguousarray(bits_in(decode(mask.rle), FRAME.box)).astype(np.uint8)


def _flat(ring: Polygon) -> list[float]:
    return [value for point in ring.points for value in (point.x, point.y)]


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
