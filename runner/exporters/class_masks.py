"""`as: masks_indexed` and `as: masks_coloured` — one PNG for each image, a value for each label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runner.exporters.annotated import NOTES, Annotated, Annotations, annotated
from runner.exporters.atomic import encoded, write_file, writing
from runner.exporters.palette import Colour
from runner.exporters.table import Row
from runner.roles import OpenImage
from runner.values.reference import Reference
from runner.values.result import Result

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BACKGROUND = "background"

MOST_LABELS = 254
"""Values of a byte but for 0, the background, and 255, which means undecided in Pascal VOC."""


@dataclass(frozen=True, slots=True)
class IndexedMasks:
    """A folder of PNGs of the size of their images: each pixel is the number of a label, 0 is
    background. `classes.txt` has the labels in order, the background first.

    Where masks lie on one another, the smaller one is on top. The palette is that of the VOC
    challenges; an image without a mask is all background.
    """

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one image in memory at a time."""
        return _write(results, self.save, target, coloured=False)


@dataclass(frozen=True, slots=True)
class ColouredMasks:
    """The same in colours, for readers without palettes: `classes.csv` has the colour of each label,
    red, green and blue."""

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one image in memory at a time."""
        return _write(results, self.save, target, coloured=True)


def colour(number: int) -> Colour:
    """The colour of a label in the VOC challenges, black for 0: the bits of its number, from the
    lowest, dealt out to red, green and blue, from the highest of each.

    Source: the VOC devkit's VOClabelcolormap (host.robots.ox.ac.uk/pascal/VOC).
    """
    channels = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            channels[channel] |= (number >> (3 * place + channel) & 1) << (7 - place)
    red, green, blue = channels
    return red, green, blue


def _write(
    results: Iterable[Result], save: Reference, target: Path, *, coloured: bool
) -> Sequence[Path]:
    written: list[Path] = []
    target.mkdir(parents=True, exist_ok=True)
    with annotated(results, save, NOTES) as all_of_them:
        for folder in all_of_them.folders:
            for image in all_of_them.images(folder):
                written.append(_paint(image, all_of_them, target / folder, coloured=coloured))
        written.append(_legend(all_of_them.labels[:MOST_LABELS], target, coloured=coloured))
        return (*written, *all_of_them.notes.write(target))


def _legend(labels: Sequence[str], target: Path, *, coloured: bool) -> Path:
    names = [" ".join(label.split()) for label in (BACKGROUND, *labels)]
    if not coloured:
        return write_file(target / "classes.txt", encoded("".join(f"{n}\n" for n in names)))
    from io import StringIO

    from runner.exporters.csv import write_table

    columns = ("label", "red", "green", "blue")
    rows: list[Row] = [
        dict(zip(columns, (name, *colour(number)), strict=True))
        for number, name in enumerate(names)
    ]
    text = StringIO(newline="")
    write_table(text, columns, rows)
    return write_file(target / "classes.csv", encoded(text.getvalue()))


def _paint(image: Annotated, all_of_them: Annotations, folder: Path, *, coloured: bool) -> Path:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    pixels = Image.fromarray(_numbers(image, all_of_them), "L")
    pixels.putpalette([channel for number in range(256) for channel in colour(number)])
    info = PngInfo()
    if image.is_simulated:
        info.add_text("Comment", "simulated: no model has looked at the image")
    path = PurePosixPath(image.name)
    with writing(folder / path.with_name(f"{path.stem}.png")) as file:
        (pixels.convert("RGB") if coloured else pixels).save(file, "PNG", pnginfo=info)
    return folder / path.with_name(f"{path.stem}.png")


def _numbers(image: Annotated, all_of_them: Annotations) -> NDArray[np.uint8]:
    """The number of the label of each pixel, height × width."""
    import numpy as np

    from runner.postprocess.rle import bits_in, decode

    numbers = {label: n for n, label in enumerate(all_of_them.labels[:MOST_LABELS], 1)}
    canvas = np.zeros((image.size.height, image.size.width), np.uint8)
    masks = [(one.mask, one) for one in image.found if one.mask is not None]
    for one in image.found:
        if one.mask is None or one.label not in numbers:
            why = (
                "it has no mask" if one.mask is None else f"only {MOST_LABELS} labels have a value"
            )
            all_of_them.notes.add(image.results[0], f"{image.name}: {one.at}: {why}")
    for mask, one in sorted(masks, key=lambda pair: -pair[0].area):
        if mask.tight_box is None or one.label not in numbers:
            continue
        box = mask.tight_box.on_pixels(image.size)
        part = canvas[box.y_min : box.y_max, box.x_min : box.x_max]
        part[bits_in(decode(mask.rle), box)] = numbers[one.label]
    return canvas
