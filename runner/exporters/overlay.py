"""`as: overlay` — the images with what was found drawn on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runner.exporters.atomic import writing
from runner.exporters.names import Names, safe_name
from runner.exporters.notes import Notes
from runner.exporters.palette import Palette
from runner.exporters.record import error_of
from runner.postprocess.boxes_3d import Camera
from runner.roles import OpenImage, TruthOf
from runner.text.detections import LISTS, detections_of
from runner.values.geometry import Size
from runner.values.reference import Reference
from runner.values.result import USABLE, Detection, Result, ResultImage
from runner.values.truth import Cell, NoTruth, Things

if TYPE_CHECKING:
    from PIL import Image

QUALITY = 90


@dataclass(frozen=True, slots=True)
class Overlay:
    """A folder of JPEG images, long side at most 2,048 pixels; what is drawn at another size than
    its original says so. The two images of a pair stand side by side.

    `find.boxes` draws only boxes, `find.masks` masks with their boxes, and so on; `find` and
    `find.rows` draw all there is. `against` draws a truth in dashes. `field_of_view`, the horizontal
    angle of the camera in degrees, draws 3D boxes. `join_points` makes ways of points. Images that cannot be
    drawn, and cases without an answer, are listed with the reason in `not-drawn.txt`.
    """

    save: Reference
    against: TruthOf | None = None
    field_of_view: float | None = None
    join_points: bool = False

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one case in memory at a time."""
        target.mkdir(parents=True, exist_ok=True)
        folder = Folder(target, open_image, self)
        written = [path for result in results for path in folder.draw(result)]
        return (*written, *folder.notes.write(target))


def overlay(
    result: Result, open_image: OpenImage, output: Overlay, number: int | None = None
) -> Image.Image:
    """What `as: overlay` draws of one result, in RGB. Raises ValueError with the reason when nothing
    can be drawn."""
    folder = Folder(Path(), open_image, output)
    drawn = folder.image(result, number)
    if drawn is None:
        raise ValueError("; ".join(folder.notes.lines) or f"{result.case}: there is no image")
    return drawn


@dataclass(frozen=True, slots=True)
class Folder:
    """What the images of one output share: the folder, the names, the colours."""

    target: Path
    open_image: OpenImage
    output: Overlay
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
        scene = self._scene(result)
        if len(result.images) == 2:
            yield from self._pair(stem, result, scene)
            return
        for number in scene.numbers():
            role = f"-{_which(result, number)}" if len(result.images) > 1 else ""
            pixels = self._drawn(result, number, scene)
            if pixels is not None:
                yield _saved(pixels, stem.with_name(f"{stem.name}{role}.jpg"))

    def image(self, result: Result, number: int | None = None) -> Image.Image | None:
        """What is drawn of a result, as an image: of a pair both, of more images the one of this
        number, or the last one that something was found in. None when none can be drawn, which is
        noted."""
        if result.status not in (*USABLE, "truncated"):
            self.notes.add(result, error_of(result) or result.status)
            return None
        scene = self._scene(result)
        if number is None and len(result.images) == 2:
            return self._side_by_side(result, scene)
        numbers = scene.numbers() if number is None else [number]
        return self._drawn(result, numbers[-1], scene) if numbers else None

    def _pair(self, stem: Path, result: Result, scene: Scene) -> Iterator[Path]:
        pixels = self._side_by_side(result, scene)
        if pixels is not None:
            yield _saved(pixels, stem.with_name(f"{stem.name}.jpg"))

    def _side_by_side(self, result: Result, scene: Scene) -> Image.Image | None:
        """Both images beside one another; the one that can be drawn when the other cannot."""
        from runner.exporters.side_by_side import side_by_side

        both = [
            (result.image_title(n), self._drawn(result, n, scene))
            for n in range(len(result.images))
        ]
        panels = [(role, pixels) for role, pixels in both if pixels is not None]
        return side_by_side(panels) if panels else None

    def _scene(self, result: Result) -> Scene:
        path = self.output.save.path
        found = [_narrowed(one, path) for one in detections_of(result, path)]
        if self.output.against is None:
            return Scene(result, found)
        match self.output.against(result):
            case Things(right):
                return Scene(result, found, [_narrowed(one, path) for one in right])
            case Result() as right:
                return Scene(result, found, [_narrowed(one, path) for one in right.detections])
            case NoTruth(why):
                self.notes.add(result, f"no truth is drawn: {why}")
            case Cell():
                self.notes.add(result, "no truth is drawn: a column of the table tells no places")
        return Scene(result, found, [], "no truth")

    def _drawn(self, result: Result, number: int, scene: Scene) -> Image.Image | None:
        """The image with everything on it; None when there is none, which is noted."""
        image = result.images[number]
        drawn = self._draw_one(image, scene, number)
        if isinstance(drawn, str):
            self.notes.add(result, f"{image.name}: {drawn}")
            return None
        return drawn

    def _draw_one(self, image: ResultImage, scene: Scene, number: int) -> Image.Image | str:
        from runner.exporters.drawing import draw
        from runner.exporters.upright import upright

        content = self.open_image(image)
        if content is None:
            return "the image is not on this machine"
        if image.size is None:
            return "the size of the image is not known"
        camera = None
        if self.output.field_of_view is not None:
            camera = Camera(image.window or image.size.box, self.output.field_of_view)
        found, right = scene.on(number)
        try:
            pixels = upright(content, frame=image.frame)
            notes = [*scene.notes(), *scale_of(Size(*pixels.size), image.size)]
            as_paths = self.output.join_points
            draw(pixels, found, image.size, self.palette, notes, right, camera, as_paths=as_paths)
        except (OSError, ValueError, EOFError) as error:
            return f"cannot be drawn on: {error}"
        return pixels


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be seen on the images of a result; `remark` is said on them, too."""

    result: Result
    found: Sequence[Detection]
    right: Sequence[Detection] = ()
    remark: str | None = None

    def numbers(self) -> Sequence[int]:
        """The images that something was found in; else the last one sent, in which it was looked
        for."""
        count = len(self.result.images)
        numbers = {one.image for one in (*self.found, *self.right) if 0 <= one.image < count}
        return sorted(numbers) or ([count - 1] if count else [])

    def on(self, number: int) -> tuple[list[Detection], list[Detection]]:
        """What was found on one image, and what is right for it."""
        found, right = (
            [one for one in some if one.image == number] for some in (self.found, self.right)
        )
        return found, right

    def notes(self) -> list[str]:
        """Said on the image itself: it travels without its folder."""
        notes = ["simulated"] if self.result.simulated else []
        if self.result.status == "truncated":
            notes.append(f"cut off after {len(self.found)}")
        elif not self.found:
            notes.append("nothing found")
        return [*notes, self.remark] if self.remark else notes


def _which(result: Result, number: int) -> str:
    """An image's role, or its number and name where others have that role."""
    role, title = result.images[number].role, result.image_title(number)
    told = role if title == role else f"{number + 1:03}-{PurePosixPath(title).stem}"
    return safe_name(told)


def _saved(pixels: Image.Image, path: Path) -> Path:
    with writing(path) as file:
        # 4:4:4 keeps thin lines in their colour
        pixels.save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=False)
    return path


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


def scale_of(drawn: Size, original: Size) -> list[str]:
    """Numbers of a table are pixels of the original: who measures here must know."""
    if drawn == original:
        return []
    share = max(drawn.width, drawn.height) / max(original.width, original.height)
    return [f"drawn at {round(100 * share, 1):g} %"]
