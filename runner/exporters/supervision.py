"""`to_supervision` — results as `supervision.Detections`, for its annotators, trackers and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runner.exporters.annotated import UNNAMED, narrowed, on_image
from runner.exporters.things import name_of
from runner.text.detections import detections_of
from runner.values.geometry import Box, Size
from runner.values.result import USABLE, Detection, Result

if TYPE_CHECKING:
    import numpy as np
    import supervision
    from numpy.typing import NDArray


def to_supervision(
    result: Result, save: str = "", labels: Sequence[str] | None = None, image: int = -1
) -> supervision.Detections:
    """What a result found on one of its images, as supervision has it.

    `save` is the part of the answer (`boxes`, `masks`), `image` the position of the image, the last
    one by default. `xyxy` is in float pixels; `class_id` counts in `labels`, else in the labels of this
    result in alphabetical order, and `data["class_name"]` has the labels. `confidence` is there when
    every thing has a score. Masks are full frames; where only some things have one, the others are
    filled boxes. Points, which supervision keeps elsewhere, are left out.

    Raises ValueError for a result without a whole answer (found nothing is another thing) and for a
    label that is not in `labels`; ImportError without supervision (pip install supervision).
    """
    import numpy as np
    import supervision as sv

    if result.status not in USABLE:
        raise ValueError(f"{result.case}: {result.status}: {result.error or 'no usable answer'}")
    number = range(len(result.images))[image]
    size = result.images[number].size
    if size is None:
        raise ValueError(f"the size of {result.images[number].name} is not known")
    path = tuple(save.split(".")) if save else ()
    placed = (
        on_image(narrowed(one, path), size)
        for one in detections_of(result, path)
        if one.image == number
    )
    found = [
        (one, box) for one in placed if not isinstance(one, str) and (box := one.extent) is not None
    ]
    names = [(name_of(one) or "").strip() or UNNAMED for one, _ in found]
    order = list(labels) if labels is not None else sorted(set(names))
    if unknown := sorted(set(names) - set(order)):
        raise ValueError(f"the label {unknown[0]!r} is not in `labels`")
    about: dict[str, Any] = {}
    if any(one.mask is not None or one.polygon for one, _ in found):
        about["mask"] = np.stack([_bits(one, box, size) for one, box in found])
    if found and all(one.score is not None for one, _ in found):
        about["confidence"] = np.array([one.score for one, _ in found], np.float32)
    return sv.Detections(
        xyxy=np.array([box.as_list() for _, box in found], np.float64).reshape(-1, 4),
        class_id=np.array([order.index(name) for name in names], int),
        data={"class_name": np.array(names, str)},
        **about,
    )


def _bits(one: Detection, box: Box, size: Size) -> NDArray[np.bool_]:
    """The pixels of a thing in its whole frame, height × width."""
    import numpy as np

    from runner.postprocess.polygons import rasterised
    from runner.postprocess.rle import bits_in, decode

    if one.mask is None and not one.polygon:
        pixels = box.on_pixels(size)
        bits = np.zeros((size.height, size.width), bool)
        bits[pixels.y_min : pixels.y_max, pixels.x_min : pixels.x_max] = True
        return bits
    runs = decode(one.mask.rle) if one.mask is not None else rasterised(one.polygon, size)
    return bits_in(runs, size.box)
