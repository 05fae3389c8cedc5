"""`as: voc` — Pascal VOC, an XML file for each image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runner.exporters.annotated import NOTES, Annotated, annotated
from runner.exporters.atomic import encoded, write_file
from runner.exporters.copies import copy_image
from runner.exporters.markup import element
from runner.roles import OpenImage
from runner.values.geometry import Box, Size
from runner.values.reference import Reference
from runner.values.result import Result


@dataclass(frozen=True, slots=True)
class Voc:
    """A folder `Annotations/`; `images` copies the images into `JPEGImages/` beside it.

    Coordinates are whole pixels that count from 1, the last one included: the pixels 0–9 are
    `xmin` 1, `xmax` 10. Edges are rounded half up, and a box has at least one pixel. Source: the
    ground truth of the VOC challenges, "Top left pixel co-ordinates : (1, 1)", and their devkit
    (host.robots.ox.ac.uk/pascal/VOC). Masks and outlines are written as the boxes around them.
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
                    path = PurePosixPath("Annotations", image.name)
                    path = path.with_name(f"{path.stem}.xml")
                    written.append(write_file(here / path, encoded(document(image))))
                    for one in image.found:
                        if one.extent is None:
                            why = f"{image.name}: {one.at}: a point is no box"
                            all_of_them.notes.add(image.results[0], why)
                    if self.images:
                        beside = here / "JPEGImages"
                        written += copy_image(image, beside, open_image, all_of_them.notes)
            return (*written, *all_of_them.notes.write(target))


def document(image: Annotated) -> str:
    """The XML of one image."""
    path = PurePosixPath(image.name)
    size = image.size
    source = "askpix, simulated" if image.is_simulated else "askpix"
    lines = [
        "<annotation>",
        f"  {element('folder', path.parent.name or 'JPEGImages')}",
        f"  {element('filename', path.name)}",
        f"  {element('path', image.name)}",
        f"  <source>{element('database', source)}</source>",
        f"  <size><width>{size.width}</width><height>{size.height}</height><depth>3</depth></size>",
        "  <segmented>0</segmented>",
        *(line for one in image.found for line in _object(one.label, one.extent, size)),
        "</annotation>",
    ]
    return "\n".join(lines) + "\n"


def _object(label: str | None, box: Box | None, size: Size) -> Iterator[str]:
    if box is None:
        return
    whole = box.on_pixels(size)
    edges = {
        "xmin": whole.x_min + 1,
        "ymin": whole.y_min + 1,
        "xmax": whole.x_max,
        "ymax": whole.y_max,
    }
    yield f"  <object>{element('name', label)}"
    yield "    <pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
    yield f"    <bndbox>{''.join(element(name, edge) for name, edge in edges.items())}</bndbox>"
    yield "  </object>"
