"""`as: cvat` — CVAT for images 1.1, to correct in CVAT.

Source: docs.cvat.ai, "XML annotation format".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runner.exporters.annotated import (
    NOTES,
    Annotated,
    Annotations,
    annotated,
    kind_of,
)
from runner.exporters.atomic import encoded, writing
from runner.exporters.markup import attributes, element, number
from runner.roles import OpenImage
from runner.values.geometry import Point
from runner.values.mask import Mask
from runner.values.reference import Reference
from runner.values.result import Detection, Result

SCORE = "score"


@dataclass(frozen=True, slots=True)
class Cvat:
    """One XML file. Images count from 0; coordinates are float pixels.

    A mask is a `mask` (run lengths of the box around it, row by row), an outline a `polygon` for each
    ring, in one group, a box a `box`, a point `points`. The score and the fields of a record are
    attributes of its label.
    """

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The file, one for each combination and repeat, and the notes beside it, if any."""
        with annotated(results, self.save, f"{target.name}.{NOTES}") as all_of_them:
            written = [target.parent / folder / target.name for folder in all_of_them.folders]
            for path, folder in zip(written, all_of_them.folders, strict=True):
                with writing(path) as file:
                    _write(file, all_of_them, folder)
            return (*written, *all_of_them.notes.write(target.parent))


def _write(file: BinaryIO, all_of_them: Annotations, folder: Path) -> None:
    """The images are gone through twice: how many there are, and their attributes, come first."""
    names: dict[str, dict[str, None]] = {label: {} for label in all_of_them.labels}
    count = 0
    for image in all_of_them.images(folder):
        count += 1
        for one in image.found:
            names[one.label or ""].update(dict.fromkeys(_said(one)))
    file.write(b'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n')
    file.write(encoded("".join(f"{line}\n" for line in _meta(names, count, all_of_them.simulated))))
    for position, image in enumerate(all_of_them.images(folder)):
        file.write(encoded("".join(f"{line}\n" for line in _image(position, image))))
    file.write(b"</annotations>\n")


def _meta(names: Mapping[str, Iterable[str]], count: int, simulated: bool) -> Iterator[str]:
    yield f"  <meta><task>{element('name', 'askpix, simulated' if simulated else 'askpix')}"
    yield f"    <size>{count}</size><mode>annotation</mode><overlap>0</overlap>"
    yield "    <labels>"
    for label, own in names.items():
        words = ("mutable", "input_type", "default_value", "values")
        values = ("False", "text", "", "")
        told = "".join(element(*pair) for pair in zip(words, values, strict=True))
        inner = "".join(f"<attribute>{element('name', name)}{told}</attribute>" for name in own)
        yield f"      <label>{element('name', label)}<attributes>{inner}</attributes></label>"
    yield "    </labels>"
    yield "  </task></meta>"


def _image(position: int, image: Annotated) -> Iterator[str]:
    size = image.size
    about = {"id": position, "name": image.name, "width": size.width, "height": size.height}
    yield f"  <image{attributes(about)}>"
    for group, one in enumerate(image.found, 1):
        inner = "".join(
            f"{element('attribute', value, {'name': name})}" for name, value in _said(one).items()
        )
        for kind, where in _shapes(group, one):
            usual = {"label": one.label, "source": "auto", "occluded": 0, **where, "z_order": 0}
            yield f"    <{kind}{attributes(usual)}>{inner}</{kind}>"
    yield "  </image>"


def _said(one: Detection) -> dict[str, str]:
    """The score and the fields of a thing, as texts."""
    score = {} if one.score is None else {SCORE: number(one.score)}
    return score | {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in one.fields.items()
    }


def _shapes(group: int, one: Detection) -> Iterator[tuple[str, Mapping[str, object]]]:
    match kind_of(one):
        case "mask":
            assert one.mask is not None
            yield "mask", _run_lengths(one.mask)
        case "polygon":
            several = {"group_id": group} if len(one.polygon) > 1 else {}
            for ring in one.polygon:
                yield "polygon", {"points": _points(ring.points), **several}
        case "box":
            box = one.extent
            assert box is not None
            names = ("xtl", "ytl", "xbr", "ybr")
            yield "box", {n: number(v) for n, v in zip(names, box.as_list(), strict=True)}
        case "point":
            assert one.point is not None
            yield "points", {"points": _points((one.point,))}


def _points(points: Iterable[Point]) -> str:
    return ";".join(f"{number(point.x)},{number(point.y)}" for point in points)


def _run_lengths(mask: Mask) -> Mapping[str, object]:
    """Counts of pixels, row by row inside the box, background first."""
    import numpy as np

    from runner.postprocess.rle import bits_in, decode

    assert mask.tight_box is not None
    box = mask.tight_box.on_pixels(mask.rle.size)
    bits = bits_in(decode(mask.rle), box).ravel()
    edges = np.flatnonzero(np.diff(bits, prepend=False))
    counts = np.diff(edges, prepend=0, append=len(bits)).tolist()
    return {
        "rle": ", ".join(map(str, counts)),
        "left": box.x_min,
        "top": box.y_min,
        "width": box.width,
        "height": box.height,
    }
