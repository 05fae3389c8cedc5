"""`as: masks` — one black-and-white PNG for each mask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.exporters.atomic import writing
from runner.exporters.names import Names, safe_name
from runner.exporters.notes import Notes
from runner.exporters.record import error_of
from runner.roles import OpenImage
from runner.text.detections import detections_of
from runner.values.geometry import PixelBox
from runner.values.mask import Rle
from runner.values.reference import Reference
from runner.values.result import USABLE, Detection, Result


@dataclass(frozen=True, slots=True)
class Masks:
    """A folder for each image, a file for each mask: `bed-1/001-healthy.png`, `bed-2.png/001.png`.

    A file has the size of the upright original; the thing is 255, the rest is 0. Cases without a
    mask are listed, with the reason, in `not-written.txt`.
    """

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one mask in memory at a time."""
        names, notes, written = Names(), Notes("not-written.txt"), list[Path]()
        target.mkdir(parents=True, exist_ok=True)
        for result in results:
            written.extend(self._of_case(result, target / names.path(result), notes))
        return (*written, *notes.write(target))

    def _of_case(self, result: Result, folder: Path, notes: Notes) -> Iterator[Path]:
        if result.status not in USABLE:
            notes.add(result, error_of(result) or result.status)
        found = [one for one in detections_of(result, self.save.path) if one.mask is not None]
        if not found and result.status in USABLE:
            notes.add(result, "no mask was found")
        several = len({one.image for one in found}) > 1
        for number, one in enumerate(found, 1):
            assert one.mask is not None
            label = f"-{safe_name(one.label)}" if one.label else ""
            role = f"-{_role(result, one)}" if several else ""
            path = folder / safe_name(f"{number:03}{role}{label}", ".png")
            try:
                write_mask(path, one.mask.rle, result.simulated)
            except ValueError as error:
                notes.add(result, f"mask {number}: {error}")
                continue
            yield path


def _role(result: Result, one: Detection) -> str:
    return result.image_title(one.image) if one.image < len(result.images) else str(one.image)


def write_mask(path: Path, rle: Rle, simulated: bool = False) -> None:
    """A PNG of 0 and 255. Raises ValueError for run lengths that do not fill their frame."""
    import numpy as np
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    from runner.postprocess.rle import bits_in, decode

    frame = PixelBox(0, 0, rle.size.width, rle.size.height)
    pixels = np.ascontiguousarray(bits_in(decode(rle), frame)).astype(np.uint8) * 255
    info = PngInfo()
    if simulated:
        info.add_text("Comment", "simulated: no model has looked at the image")
    with writing(path) as file:
        Image.fromarray(pixels).save(file, "PNG", pnginfo=info, compress_level=1)
