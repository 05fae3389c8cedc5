"""`as: coco` — COCO's object detection and keypoint format.

Source: cocodataset.org/#format-data, and pycocotools where that page is silent.
"""

from __future__ import annotations

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
from runner.exporters.atomic import writing
from runner.exporters.record import as_line
from runner.roles import OpenImage
from runner.values.geometry import Polygon, Size
from runner.values.reference import Reference
from runner.values.result import Detection, Result

KEYPOINT = "point"
"""The name of the only keypoint that a point in an answer is."""


@dataclass(frozen=True, slots=True)
class Coco:
    """One JSON file. Ids count from 1: pycocotools takes an annotation with the id 0 for none.

    `bbox` is `[x, y, width, height]` in float pixels from the outer edge of the first pixel. A mask is
    written as run lengths, which hold its holes; an outline as polygon, unless it has holes. A point
    is one visible keypoint; a thing that is but a point has no `bbox`. Fields of a record are its
    `attributes`.
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
    """The images are gone through twice: their list comes before that of the annotations."""
    numbers = {label: number for number, label in enumerate(all_of_them.labels, 1)}
    info = {"description": "made by askpix", "simulated": all_of_them.simulated}
    file.write(b'{"info": ' + as_line(info).rstrip())
    keypoints = "point" in all_of_them.kinds
    categories = (_category(number, label, keypoints) for label, number in numbers.items())
    _write_list(file, "categories", categories)
    images = enumerate(all_of_them.images(folder), 1)
    _write_list(file, "images", (_image(number, each) for number, each in images))
    _write_list(file, "annotations", _annotations(all_of_them.images(folder), numbers))
    file.write(b"}\n")


def _write_list(file: BinaryIO, name: str, entries: Iterable[object]) -> None:
    between = b""
    file.write(f',\n"{name}": [\n'.encode())
    for entry in entries:
        file.write(between + as_line(entry).rstrip(b"\n"))
        between = b",\n"
    file.write(b"\n]" if between else b"]")


def _category(number: int, label: str, keypoints: bool) -> Mapping[str, object]:
    category: dict[str, object] = {"id": number, "name": label, "supercategory": ""}
    return category | ({"keypoints": [KEYPOINT], "skeleton": []} if keypoints else {})


def _image(number: int, image: Annotated) -> Mapping[str, object]:
    entry: dict[str, object] = {
        "id": number,
        "file_name": image.name,
        "width": image.size.width,
        "height": image.size.height,
    }
    return entry | ({"coco_url": image.image.address} if image.image.address else {})


def _annotations(
    images: Iterable[Annotated], numbers: Mapping[str, int]
) -> Iterator[Mapping[str, object]]:
    count = 0
    for number, image in enumerate(images, 1):
        for one in image.found:
            count += 1
            category = numbers[one.label or ""]
            about = {"id": count, "image_id": number, "category_id": category, "iscrowd": 0}
            yield about | annotation_of(one, image.size)


def annotation_of(one: Detection, size: Size) -> dict[str, object]:
    """What COCO says of a thing: where it is, and its score and fields, if any."""
    entry: dict[str, object] = {}
    extent = one.extent
    if extent is not None:
        entry["bbox"] = [extent.x_min, extent.y_min, extent.width, extent.height]
        entry["area"] = extent.area
    match kind_of(one):
        case "mask":
            assert one.mask is not None
            entry |= _run_lengths(one.mask.rle.size, one.mask.rle.counts, one.mask.area)
        case "polygon":
            entry |= _outline(one.polygon, size)
    if one.point is not None:
        entry |= {"keypoints": [one.point.x, one.point.y, 2], "num_keypoints": 1}
    if one.score is not None:
        entry["score"] = one.score
    return entry | ({"attributes": dict(one.fields)} if one.fields else {})


def _run_lengths(size: Size, counts: str, area: int) -> dict[str, object]:
    rle = {"size": [size.height, size.width], "counts": counts}
    return {"segmentation": rle, "area": area}


def _outline(rings: Sequence[Polygon], size: Size) -> dict[str, object]:
    """Rings, of which readers take all that any of them encloses; so where some overlap, as a hole
    does, run lengths."""
    from runner.postprocess.polygons import rasterised
    from runner.postprocess.rle import encode

    if len(rings) > 1:
        whole = rasterised(rings, size)
        if whole.area != sum(rasterised((ring,), size).area for ring in rings):
            return _run_lengths(size, encode(whole).counts, whole.area)
    flat = [[value for point in ring.points for value in point.as_list()] for ring in rings]
    return {"segmentation": flat, "area": sum(_area(ring) for ring in rings)}


def _area(ring: Polygon) -> float:
    """The area that a ring encloses, in square pixels (the shoelace formula)."""
    pairs = zip(ring.points, (*ring.points[1:], ring.points[0]), strict=True)
    return abs(sum(a.x * b.y - b.x * a.y for a, b in pairs)) / 2
