"""`as: labelme` — LabelMe, a JSON file for each image."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from runner.exporters.annotated import NOTES, Annotated, annotated, kind_of
from runner.exporters.atomic import encoded, write_file
from runner.exporters.copies import copy_image
from runner.roles import OpenImage
from runner.values.mask import Mask
from runner.values.reference import Reference
from runner.values.result import Detection, Result

VERSION = "5.5.0"
"""The version of LabelMe whose files these are: masks are known since 5.3."""


@dataclass(frozen=True, slots=True)
class Labelme:
    """A folder of JSON files, each to lie beside its image; `images` copies the images there.

    A box is a `rectangle`, an outline a `polygon` (one for each ring, in one group), a point a
    `point`, a mask a `mask`: a PNG of its box, of which `points` are the first and the last pixel.
    """

    save: Reference
    images: bool = False

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one image in memory at a time."""
        written: list[Path] = []
        target.mkdir(parents=True, exist_ok=True)
        with annotated(results, self.save, NOTES) as all_of_them:
            for folder in all_of_them.folders:
                here = target / folder
                for image in all_of_them.images(folder):
                    path = PurePosixPath(image.name)
                    content = json.dumps(document(image), ensure_ascii=False, indent=2) + "\n"
                    beside = here / path.with_name(f"{path.stem}.json")
                    written.append(write_file(beside, encoded(content)))
                    if self.images:
                        written += copy_image(image, here, open_image, all_of_them.notes)
            return (*written, *all_of_them.notes.write(target))


def document(image: Annotated) -> Mapping[str, object]:
    """The content of one file."""
    shapes = [shape for number, one in enumerate(image.found, 1) for shape in _shapes(number, one)]
    return {
        "version": VERSION,
        "flags": {"simulated": True} if image.is_simulated else {},
        "shapes": shapes,
        "imagePath": PurePosixPath(image.name).name,
        "imageData": None,
        "imageHeight": image.size.height,
        "imageWidth": image.size.width,
    }


def _shapes(number: int, one: Detection) -> Iterable[Mapping[str, object]]:
    match kind_of(one):
        case "mask":
            assert one.mask is not None
            yield _mask(one, one.mask)
        case "polygon":
            group = number if len(one.polygon) > 1 else None
            for ring in one.polygon:
                yield _shape(one, "polygon", ring.as_list(), group=group)
        case "box":
            box = one.extent
            assert box is not None
            yield _shape(one, "rectangle", [[box.x_min, box.y_min], [box.x_max, box.y_max]])
        case "point":
            assert one.point is not None
            yield _shape(one, "point", [one.point.as_list()])


def _shape(
    one: Detection, kind: str, points: list[list[float]], group: int | None = None
) -> dict[str, object]:
    said = {**({} if one.score is None else {"score": one.score}), **one.fields}
    return {
        "label": one.label,
        "points": points,
        "group_id": group,
        "description": json.dumps(said, ensure_ascii=False) if said else "",
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }


def _mask(one: Detection, mask: Mask) -> Mapping[str, object]:
    from PIL import Image

    from runner.postprocess.rle import bits_in, decode

    assert mask.tight_box is not None
    box = mask.tight_box.on_pixels(mask.rle.size)
    png = BytesIO()
    Image.fromarray(bits_in(decode(mask.rle), box)).save(png, "PNG")
    corners = [[box.x_min, box.y_min], [box.x_max - 1, box.y_max - 1]]
    shape = _shape(one, "mask", [[float(x), float(y)] for x, y in corners])
    return shape | {"mask": b64encode(png.getvalue()).decode()}
