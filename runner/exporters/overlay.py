"""`as: overlay` — the images with what was found drawn on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.exporters.atomic import writing
from runner.exporters.names import Names, safe_name
from runner.exporters.notes import Notes
from runner.exporters.palette import Palette
from runner.exporters.record import error_of
from runner.roles import OpenImage
from runner.text.detections import LISTS, detections_of
from runner.values.geometry import Size
from runner.values.reference import Reference
from runner.values.result import USABLE, Detection, Result, ResultImage

QUALITY = 90


@dataclass(frozen=True, slots=True)
class Overlay:
    """A folder of JPEG images, long side at most 2,048 pixels; what is drawn at another size than
    its original says so.

    `find.boxes` draws only boxes, `find.masks` masks with their boxes, and so on; `find` and
    `find.rows` draw all there is. Images that cannot be drawn, and cases without an answer, are
    listed with the reason in `not-drawn.txt`.
    """

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one image in memory at a time."""
        target.mkdir(parents=True, exist_ok=True)
        sheet = Sheet(target, open_image, self.save)
        written = [path for result in results for path in sheet.draw(result)]
        return (*written, *sheet.notes.write(target))


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the images of one output share: the folder, the names, the colours."""

    target: Path
    open_image: OpenImage
    save: Reference
    names: Names = field(default_factory=Names)
    palette: Palette = field(default_factory=Palette)
    notes: Notes = field(default_factory=lambda: Notes("not-drawn.txt"))

    def draw(self, result: Result) -> Iterator[Path]:
        """The files of one result."""
        stem = self.target / self.names.path(result)
        if result.status not in USABLE:
            self.notes.add(result, error_of(result) or result.status)
            if result.status != "truncated":
                return
        found = [_narrowed(one, self.save.path) for one in detections_of(result, self.save.path)]
        for number in _images_to_draw(result, found):
            role = f"-{safe_name(result.images[number].role)}" if len(result.images) > 1 else ""
            path = stem.with_name(f"{stem.name}{role}.jpg")
            on_it = [one for one in found if one.image == number]
            why = self._draw_one(path, result, result.images[number], on_it)
            if why is None:
                yield path
            else:
                self.notes.add(result, f"{result.images[number].name}: {why}")

    def _draw_one(
        self, path: Path, result: Result, image: ResultImage, found: Sequence[Detection]
    ) -> str | None:
        """Writes the file, or says why it cannot."""
        from runner.exporters.drawing import draw
        from runner.exporters.upright import upright

        content = self.open_image(image)
        if content is None:
            return "the image is not on this machine"
        if image.size is None:
            return "the size of the image is not known"
        try:
            pixels = upright(content)
            notes = [*_notes_on(result, found), *scale_of(Size(*pixels.size), image.size)]
            draw(pixels, found, image.size, self.palette, notes)
        except (OSError, ValueError) as error:
            return f"cannot be drawn on: {error}"
        with writing(path) as file:
            # 4:4:4 keeps thin lines in their colour
            pixels.save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=False)
        return None


def _images_to_draw(result: Result, found: Sequence[Detection]) -> Sequence[int]:
    """Those that something was found in; else the last one sent, in which it was looked for."""
    numbers = sorted({one.image for one in found if 0 <= one.image < len(result.images)})
    return numbers or ([len(result.images) - 1] if result.images else [])


def _narrowed(one: Detection, path: Sequence[str]) -> Detection:
    """Only the geometry that was asked for, when a kind was named and the item has it."""
    kind = path[0] if path and path[0] in LISTS else "rows"
    match kind:
        case "boxes" if one.box is not None:
            return replace(one, point=None, polygon=(), mask=None)
        case "points" if one.point is not None:
            return replace(one, box=None, polygon=(), mask=None)
        case "polygons" if one.polygon:
            return replace(one, box=None, point=None, mask=None)
        case "masks" if one.mask is not None:
            return replace(one, point=None, polygon=())
        case _:
            return one


def _notes_on(result: Result, found: Sequence[Detection]) -> list[str]:
    """Said on the image itself: it travels without its folder."""
    notes = ["simulated"] if result.simulated else []
    if result.status == "truncated":
        notes.append(f"cut off after {len(found)}")
    elif not found:
        notes.append("nothing found")
    return notes


def scale_of(drawn: Size, original: Size) -> list[str]:
    """Numbers of a table are pixels of the original: who measures here must know."""
    if drawn == original:
        return []
    share = max(drawn.width, drawn.height) / max(original.width, original.height)
    return [f"drawn at {round(100 * share, 1):g} %"]
