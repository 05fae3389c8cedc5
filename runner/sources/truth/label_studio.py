"""Label Studio's JSON export: a list of tasks with what people drew on their images, or corrected.

Source: labelstud.io/guide/export ("JSON"), and the pages of its image tags for what a region holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from runner.sources.opening import Unreadable, open_file
from runner.sources.truth.by_image import ByImage, Entry, Unusable
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.json_items import Item, entries
from runner.sources.truth.names import Named, Names
from runner.sources.truth.numbers import finite, numbers, ring
from runner.values.geometry import Box, Point, Size
from runner.values.result import Detection, ResultImage

_AT_ONCE = 10_000
_PLACES = frozenset({"rectangle", "polygon", "keypoint", "brush", "ellipse", "vector"})
_UPLOADED = re.compile(r"[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file."""

Thing = tuple[Entry, Sequence[Detection]]


@dataclass(frozen=True, slots=True)
class LabelStudio:
    """A file of tasks. A task without a finished annotation says nothing of its image, one with an
    empty annotation says that nothing is there. Predictions are no truth.

    An image is known by `data.file_name`, which our own tasks have, else by the address in its data.
    """

    file: Path
    within: Path | None = None

    def open(self, flaws: Flaws) -> ByImage:
        """Reads through the file once. Raises `Unreadable`."""
        with ExitStack() as closing:
            stream = closing.enter_context(open_file(self.file, self.within))
            reading = _Reading(self.file.name, stream, flaws)
            reading.note()
            kept = closing.pop_all()
        return ByImage(self.file.name, reading.names, reading.things, closing=kept)


class _Reading:
    """One file of tasks and what stands where in it."""

    def __init__(self, file: str, stream: BinaryIO, flaws: Flaws) -> None:
        self.file, self.stream, self.flaws, self.names = file, stream, flaws, Names()

    def note(self) -> None:
        """Goes through the file and notes which image each task is about."""
        waiting: list[Named] = []
        tasks = 0
        for item in entries(self.stream):
            tasks += 1
            waiting += self._task(item)
            if len(waiting) >= _AT_ONCE:
                self.names.add_images(waiting)
                waiting.clear()
        self.names.add_images(waiting)
        self.names.seal()
        if not tasks:
            raise Unreadable("truth_empty", "it holds no tasks")

    def things(self, named: Named, image: ResultImage) -> Iterator[Thing]:
        """What was drawn on an image, in the order of the file."""
        number, start, end = map(int, named.info.split())
        self.stream.seek(start)
        task = json.loads(self.stream.read(end - start).decode("utf-8", "replace"))
        where = f"{self.file}, task {number + 1}"
        regions = _annotation(task).get("result")
        if not isinstance(regions, list):
            raise Unusable(f"task {number + 1}: its annotation has no `result`")
        labels = {
            region.get("id"): region.get("value", {}).get("labels")
            for region in regions
            if isinstance(region, dict) and region.get("type") == "labels"
        }
        for position, region in enumerate(regions):
            at = f"{where}, region {position + 1}"
            if not isinstance(region, dict) or not isinstance(region.get("value"), dict):
                yield f"{at}: it has no `value`", ()
            elif (kind := str(region.get("type")).removesuffix("labels")) in _PLACES:
                yield _thing(at, kind, region, labels.get(region.get("id")), image), ()

    def _task(self, item: Item) -> Iterator[Named]:
        where, task = f"{self.file}, task {item.number + 1}", item.in_letters()
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            self.flaws.add(where, "it is no task; export as JSON, not as JSON-MIN")
            return
        name = _name(task["data"])
        if name is None:
            self.flaws.add(where, "its `data` names no image")
        elif _finished(task):
            yield Named(str(item.number), name, f"{item.number} {item.start} {item.end}")


def _name(data: Mapping[str, object]) -> str | None:
    """The path of the image of a task, as far as it is told."""
    if isinstance(data.get("file_name"), str):
        return str(data["file_name"])
    texts = [text for key in ("image", "img", *data) if isinstance(text := data.get(key), str)]
    if not texts or not texts[0]:
        return None
    address = urlsplit(texts[0])
    local = parse_qs(address.query).get("d")
    path = local[0] if local else unquote(address.path)
    folder, slash, last = path.rpartition("/")
    if "/upload/" in path:
        last = _UPLOADED.sub("", last, count=1)
    return f"{folder}{slash}{last}"


def _finished(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The annotations of a task that nobody cancelled."""
    found = task.get("annotations") or ()
    return [one for one in found if isinstance(one, dict) and not one.get("was_cancelled")]


def _annotation(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """The only one, or the one that is marked as ground truth. Raises `Unusable`."""
    finished = _finished(task)
    marked = [one for one in finished if one.get("ground_truth")]
    chosen = marked or finished
    if len(chosen) == 1:
        return chosen[0]
    raise Unusable(f"it was annotated {len(chosen)} times; mark one of them as ground truth")


def _thing(
    at: str, kind: str, region: Mapping[str, Any], apart: object, image: ResultImage
) -> Entry:
    """A region as a thing, or a remark on one that cannot be used. Raises `Unusable` for an image
    that was another one when it was drawn on."""
    value = region["value"]
    size = _size(region, image)
    own = value.get(f"{kind}labels") or apart
    label = str(own[0]) if isinstance(own, list) and own else None
    try:
        match kind:
            case "rectangle" | "polygon" | "keypoint":
                return _placed(at, kind, value, label, size)
            case "brush":
                return _brushed(at, value, label, size)
    except ValueError as error:
        return f"{at}: {error}"
    return f"{at}: the type `{region['type']}` is not read"


def _size(region: Mapping[str, Any], image: ResultImage) -> Size:
    width, height = finite(region.get("original_width")), finite(region.get("original_height"))
    if not width or not height or min(width, height) < 1:
        if image.size is None:
            raise Unusable(f"the size of `{image.name}` is not known here")
        return image.size
    size = Size(int(width), int(height))
    if image.size is not None and image.size != size:
        raise Unusable(
            f"`{image.name}` has {image.size.width} × {image.size.height} pixels, and"
            f" {size.width} × {size.height} in the file"
        )
    return size


def _placed(
    at: str, kind: str, value: Mapping[str, Any], label: str | None, size: Size
) -> Detection:
    x_share, y_share = size.width / 100, size.height / 100
    if kind == "polygon":
        points = [numbers(point) or () for point in value.get("points") or ()]
        if len(points) < 3 or any(len(point) != 2 for point in points):
            raise ValueError("an outline has at least three corners")
        flat = [each for x, y in points for each in (x * x_share, y * y_share)]
        return Detection(at, label, polygon=(ring(flat),))
    keys = ("x", "y") if kind == "keypoint" else ("x", "y", "width", "height")
    found = [finite(value.get(key)) for key in keys]
    if None in found:
        raise ValueError(f"`{keys[found.index(None)]}` is no number")
    x, y, *sides = (number for number in found if number is not None)
    x, y = x * x_share, y * y_share
    if not sides:
        return Detection(at, label, point=Point(x, y))
    width, height = sides[0] * x_share, sides[1] * y_share
    if width <= 0 or height <= 0:
        raise ValueError("width and height must be above 0")
    turn = finite(value.get("rotation")) or 0.0
    if turn % 360 == 0:
        return Detection(at, label, Box(x, y, x + width, y + height))
    corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    return Detection(at, label, polygon=(ring(list(_turned(x, y, corners, radians(turn)))),))


def _turned(
    x: float, y: float, corners: Sequence[tuple[float, float]], angle: float
) -> Iterator[float]:
    """Corners turned clockwise about the first one, which lies at (x, y)."""
    for across, down in corners:
        yield x + across * cos(angle) - down * sin(angle)
        yield y + across * sin(angle) + down * cos(angle)


def _brushed(at: str, value: Mapping[str, Any], label: str | None, size: Size) -> Detection:
    from runner.postprocess.brush import decode
    from runner.postprocess.masks import mask_of

    if value.get("format") != "rle" or not isinstance(value.get("rle"), list):
        raise ValueError("a brush has run lengths (`rle`)")
    mask = mask_of(decode(value["rle"], size), "rle")
    return Detection(at, label, mask.tight_box, mask=mask)
