"""`as: yolo` — labels for training with YOLO: boxes, or outlines where there are any.

Source: docs.ultralytics.com/datasets/detect and /segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runner.exporters.annotated import NOTES, Annotated, annotated
from runner.exporters.atomic import encoded, write_file
from runner.exporters.copies import copy_image
from runner.exporters.markup import number, yaml_text
from runner.exporters.rings import one_ring, rings_of
from runner.roles import OpenImage
from runner.values.geometry import Box, Point, Size
from runner.values.reference import Reference
from runner.values.result import Detection, Result

SIMULATED = "# simulated: no model has looked at these images\n"


@dataclass(frozen=True, slots=True)
class Yolo:
    """A folder with `data.yaml` and `labels/`: a text file for each image, empty where nothing is.

    Classes count from 0. When any thing of the output has a mask or an outline, all things are
    outlines: readers take no mixture. Parts and holes of a mask are joined by lines without width, so
    that a thing stays one line and no pixel is lost. Scores have no place in labels.
    `images` copies the images beside the labels.
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
            outlines = bool(all_of_them.kinds & {"mask", "polygon"})
            about = SIMULATED * all_of_them.simulated + data_yaml(all_of_them.labels)
            numbers = {label: number for number, label in enumerate(all_of_them.labels)}
            for folder in all_of_them.folders:
                written.append(write_file(target / folder / "data.yaml", encoded(about)))
                for image in all_of_them.images(folder):
                    lines = "".join(_lines(image, numbers, outlines))
                    path = target / folder / label_file(image.name)
                    written.append(write_file(path, encoded(lines)))
                    for one in image.found:
                        if one.extent is None:
                            why = f"{image.name}: {one.at}: a point is neither box nor outline"
                            all_of_them.notes.add(image.results[0], why)
                    if self.images:
                        beside = target / folder / "images"
                        written += copy_image(image, beside, open_image, all_of_them.notes)
            return (*written, *all_of_them.notes.write(target))


def label_file(name: str) -> PurePosixPath:
    """Where readers look for the labels of `images/NAME`: the same path under `labels/`, as `.txt`."""
    path = PurePosixPath("labels", name)
    return path.with_name(f"{path.stem}.txt")


def data_yaml(labels: Sequence[str]) -> str:
    """The file that readers are given. Without `path:` it means the folder that it lies in."""
    names = "".join(f"  {n}: {yaml_text(label)}\n" for n, label in enumerate(labels))
    kept = f"names:\n{names}" if names else "names: {}\n"
    return f"# Divide the images as you train: both name all of them.\ntrain: images\nval: images\nnc: {len(labels)}\n{kept}"


def _lines(image: Annotated, numbers: Mapping[str, int], outlines: bool) -> Iterator[str]:
    for one in image.found:
        extent = one.extent
        if extent is not None:
            shares = _outline(one, extent, image.size) if outlines else _box(extent, image.size)
            words = " ".join(number(share) for share in shares)
            yield f"{numbers[one.label or '']} {words}\n"


def _box(box: Box, size: Size) -> tuple[float, ...]:
    """The middle, the width and the height, as shares of the image's sides."""
    return (
        (box.x_min + box.x_max) / 2 / size.width,
        (box.y_min + box.y_max) / 2 / size.height,
        box.width / size.width,
        box.height / size.height,
    )


def _outline(one: Detection, extent: Box, size: Size) -> Iterator[float]:
    ring = one_ring(rings_of(one)) or (
        Point(extent.x_min, extent.y_min),
        Point(extent.x_max, extent.y_min),
        Point(extent.x_max, extent.y_max),
        Point(extent.x_min, extent.y_max),
    )
    for corner in ring:
        yield from (corner.x / size.width, corner.y / size.height)
