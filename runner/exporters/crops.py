"""`as: crops` — every thing as an image of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, get_args

from runner.exporters.annotated import NOTES, Annotated, annotated
from runner.exporters.atomic import writing
from runner.exporters.names import safe_name
from runner.exporters.notes import Notes
from runner.postprocess.cut import Cut, Margin
from runner.roles import OpenImage
from runner.values.geometry import PixelBox, Size
from runner.values.image import Background
from runner.values.reference import Reference
from runner.values.result import Detection, Result

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Crops:
    """A folder for each image, a PNG for each thing: `photos/bed-1/001-healthy.png`.

    The pixels are those of the original in its full size, upright, untouched but for transparent
    parts, which lie on white. Edges are rounded half up. `padding` is room around the box, in pixels
    (20) or as a share of it (`5%`); it ends at the edges of the image.
    """

    save: Reference
    padding: int | str = 0

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one image in memory at a time."""
        written: list[Path] = []
        target.mkdir(parents=True, exist_ok=True)
        cut = Cut(margin(self.padding))
        with annotated(results, self.save, NOTES) as all_of_them:
            for folder in all_of_them.folders:
                for image in all_of_them.images(folder):
                    if image.found:
                        written += _crops(
                            image, cut, target / folder, open_image, all_of_them.notes
                        )
            return (*written, *all_of_them.notes.write(target))


def margin(padding: int | str) -> Margin:
    """The margin that is written `20` (pixels) or `5%`. Raises ValueError for anything else."""
    text = str(padding).strip()
    if text.endswith("%"):
        share = float(text[:-1]) / 100
        if not 0 <= share <= 1:
            raise ValueError("a share is at most 100%")
        return Margin(share=share)
    if int(text) < 0:
        raise ValueError("a margin is at least 0")
    return Margin(pixels=int(text))


def _crops(
    image: Annotated, cut: Cut, target: Path, open_image: OpenImage, notes: Notes
) -> Iterator[Path]:
    pixels = _opened(image, open_image)
    if isinstance(pixels, str):
        notes.add(image.results[0], f"{image.name}: {pixels}")
        return
    path = PurePosixPath(image.name)
    here = target / path.with_name(path.stem)
    for number, one in enumerate(image.found, 1):
        window = _window(one, cut, image.size)
        if window is None:
            notes.add(image.results[0], f"{image.name}: {one.at}: a point cannot be cut out")
            continue
        crop = pixels.crop((window.x_min, window.y_min, window.x_max, window.y_max))
        crop = _shown(crop, one, window, image.size)
        yield _save(crop, here / _name(number, one), image.is_simulated)


def _window(one: Detection, cut: Cut, size: Size) -> PixelBox | None:
    """What is cut out: of a cut-out of the workflow just that, of other things their box."""
    own = one.fields.get("window")
    if isinstance(own, Mapping):
        return PixelBox(**own)
    return cut.window(one.extent, size) if one.extent else None


def _shown(crop: Image.Image, one: Detection, window: PixelBox, size: Size) -> Image.Image:
    """The cut-out as the model saw it: on the background that the workflow asks for."""
    background = one.fields.get("background")
    if background not in get_args(Background) or "window" not in one.fields:
        return crop
    from runner.postprocess.backdrop import on_background, pixels_of

    shown = pixels_of(one, size)
    return crop if shown is None else on_background(crop, shown, window, str(background))


def _opened(image: Annotated, open_image: OpenImage) -> Image.Image | str:
    """The image in its full size, or why there is none."""
    from runner.exporters.upright import upright

    content = open_image(image.image)
    if content is None:
        return "the image is not on this machine"
    try:
        pixels = upright(content, whole=True, frame=image.image.frame)
    except (OSError, ValueError) as error:
        return f"the image cannot be opened: {error}"
    if Size(*pixels.size) != image.size:
        return f"the image has {pixels.width} × {pixels.height} pixels now"
    return pixels


def _name(number: int, one: Detection) -> str:
    return safe_name(f"{number:03}-{safe_name(one.label or '')}", ".png")


def _save(crop: Image.Image, path: Path, simulated: bool) -> Path:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if simulated:
        info.add_text("Comment", "simulated: no model has looked at the image")
    with writing(path) as file:
        crop.save(file, "PNG", pnginfo=info, icc_profile=crop.info.get("icc_profile"))
    return path
