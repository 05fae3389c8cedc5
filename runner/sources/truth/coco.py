"""A COCO file: boxes, outlines, run-length masks and keypoints of many images in one JSON object.

Source: cocodataset.org/#format-data, and pycocotools where that page is silent.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from runner.sources.counted import scratch
from runner.sources.opening import Unreadable, open_file
from runner.sources.truth.by_image import ByImage, Entry, Unusable
from runner.sources.truth.flaws import KEPT, Flaws
from runner.sources.truth.json_items import Item, items
from runner.sources.truth.names import Named, Names
from runner.sources.truth.numbers import finite, numbers, ring
from runner.values.geometry import Box, Point, Polygon, Size
from runner.values.mask import Mask, Rle
from runner.values.result import Detection, ResultImage

_LISTS = frozenset({"images", "annotations", "categories"})
_AT_ONCE = 10_000
Thing = tuple[Entry, Sequence[Detection]]


@dataclass(frozen=True, slots=True)
class Coco:
    """A file of COCO's object detection or keypoint format. `within` is the folder it must lie in.

    Only where each annotation stands is noted (16 bytes of a scratch file); it is read when its
    image is asked about. Outlines stay outlines, run lengths become masks.
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
        kept.callback(reading.categories.close)
        return ByImage(self.file.name, reading.names, reading.things, closing=kept)


class _Reading:
    """One COCO file and what stands where in it."""

    def __init__(self, file: str, stream: BinaryIO, flaws: Flaws) -> None:
        self.file, self.stream, self.flaws = file, stream, flaws
        self.names = Names()
        self.categories = _Categories()

    def note(self) -> None:
        """Goes through the file and notes where everything stands."""
        self.stream.seek(0)
        images: list[Named] = []
        things: list[tuple[str, str]] = []
        met: set[str] = set()
        for item in items(self.stream, _LISTS):
            met.add(item.key)
            match item.key:
                case "images":
                    images += self._image(item)
                case "annotations":
                    things += self._annotation(item)
                case _:
                    self._category(item)
            if len(images) + len(things) >= _AT_ONCE:
                self._flush(images, things)
        self._flush(images, things)
        if "images" not in met:
            why = "it is no COCO file: its list `images` is missing or empty"
            raise Unreadable("truth_broken", why)
        self._tell_repeated(self.names.seal())
        self._tell_orphans()

    def things(self, named: Named, image: ResultImage) -> Iterator[Thing]:
        """The annotations of an image, in the order of the file."""
        info = json.loads(named.info)
        _check_size(info.get("size"), image)
        for place in self.names.things(named.key):
            number, start, end = map(int, place.split())
            yield self._thing(number, self._read(start, end), info.get("size"))

    def _flush(self, images: list[Named], things: list[tuple[str, str]]) -> None:
        self.names.add_images(images)
        self.names.add_things(things)
        images.clear()
        things.clear()

    def _read(self, start: int, end: int) -> Any:
        self.stream.seek(start)
        return json.loads(self.stream.read(end - start).decode("utf-8", "replace"))

    def _image(self, item: Item) -> Iterator[Named]:
        where, value = self._where(item), item.in_letters()
        if not isinstance(value, dict) or not _is_key(value.get("id")):
            self.flaws.add(f"{where}.id", "an image has an `id`, a number or a text")
            return
        name = value.get("file_name")
        if not isinstance(name, str) or not name:
            self.flaws.add(f"{where}.file_name", "it names no file")
            return
        width, height = finite(value.get("width")), finite(value.get("height"))
        sized = width is not None and height is not None and min(width, height) >= 1
        size = [int(width or 0), int(height or 0)] if sized else None
        yield Named(_key(value["id"]), name, json.dumps({"size": size}))

    def _annotation(self, item: Item) -> Iterator[tuple[str, str]]:
        where, value = self._where(item), item.value
        if not isinstance(value, dict) or not _is_key(value.get("image_id")):
            self.flaws.add(f"{where}.image_id", "it names no image")
            return
        fault = _fault(value)
        if fault is not None:
            self.flaws.add(f"{where}.{fault[0]}", fault[1])
            return
        is_text = isinstance(value["image_id"], str)
        image = item.in_letters()["image_id"] if is_text else value["image_id"]
        yield _key(image), f"{item.number} {item.start} {item.end}"

    def _category(self, item: Item) -> None:
        value = item.in_letters()
        if not isinstance(value, dict) or not _is_key(value.get("id")):
            self.flaws.add(f"{self._where(item)}.id", "a category has an `id`")
            return
        name, points = value.get("name"), value.get("keypoints")
        self.categories.add(_key(value["id"]), name, points if isinstance(points, list) else [])

    def _where(self, item: Item) -> str:
        return f"{self.file}, {item.key}[{item.number}]"

    def _tell_repeated(self, count: int) -> None:
        if count:
            why = f"{count} of them have the `id` of another one and are left out"
            self.flaws.add(f"{self.file}, images", why)

    def _tell_orphans(self) -> None:
        count, first = self.names.orphans(KEPT)
        for owner, entry in first:
            where = f"{self.file}, annotations[{entry.split()[0]}].image_id"
            self.flaws.add(where, f"there is no image {owner}")
        self.flaws.count += max(0, count - len(first))

    def _thing(self, number: int, value: Mapping[str, Any], size: list[int] | None) -> Thing:
        where = f"{self.file}, annotations[{number}]"
        name, points = self.categories.of(value.get("category_id"))
        box = _box(value.get("bbox"))
        try:
            polygon, mask = _outline(value.get("segmentation"), size)
        except ValueError as error:
            return f"{where}.segmentation: {error}", ()
        keypoints = tuple(_keypoints(where, value.get("keypoints"), points))
        if box is None and mask is None and not polygon and not keypoints:
            return f"{where}: it has neither a box nor an outline nor keypoints", ()
        fields: dict[str, object] = {"iscrowd": True} if value.get("iscrowd") else {}
        if isinstance(value.get("attributes"), dict):
            fields["attributes"] = value["attributes"]
        score = finite(value.get("score"))
        thing = Detection(where, name, box, polygon=polygon, mask=mask, score=score, fields=fields)
        return thing, keypoints


class _Categories:
    """The names of categories and of their keypoints; there may be very many."""

    def __init__(self) -> None:
        self._file: sqlite3.Connection = scratch()
        self._file.execute("CREATE TABLE category (id TEXT PRIMARY KEY, name TEXT, points TEXT)")

    def add(self, id: str, name: object, points: Sequence[object]) -> None:
        named = None if name is None else str(name)
        row = (id, named, json.dumps([str(point) for point in points]))
        self._file.execute("INSERT OR IGNORE INTO category VALUES (?, ?, ?)", row)

    def of(self, id: object) -> tuple[str | None, list[str]]:
        """The name of a category, or its number where it has none."""
        if not _is_key(id):
            return None, []
        row = self._file.execute("SELECT name, points FROM category WHERE id = ?", (_key(id),))
        name, points = row.fetchone() or (None, "[]")
        return name if name is not None else str(id), json.loads(points)

    def close(self) -> None:
        self._file.close()


def _is_key(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _key(value: object) -> str:
    """Numbers and texts are different ids: `1` and `"1"`."""
    return json.dumps(value)


def _fault(value: Mapping[str, Any]) -> tuple[str, str] | None:
    """The key of an annotation that cannot be used, and why; None when all can."""
    box, outline, points = (value.get(key) for key in ("bbox", "segmentation", "keypoints"))
    if box is not None and _box(box) is None:
        return "bbox", "a box is four numbers: x, y, width and height, both above 0"
    match outline:
        case None | {"size": [int(), int()], "counts": str() | list()}:
            pass
        case list() if all(len(numbers(one) or ()) >= 6 and len(one) % 2 == 0 for one in outline):
            pass
        case _:
            return "segmentation", "an outline is a list of rings x, y, x, y, …, or run lengths"
    if points is not None and (numbers(points) is None or len(points) % 3):
        return "keypoints", "keypoints are numbers: x, y and visibility of each"
    return None


def _box(value: object) -> Box | None:
    found = numbers(value)
    if found is None or len(found) != 4 or found[2] <= 0 or found[3] <= 0:
        return None
    x, y, width, height = found
    return Box(x, y, x + width, y + height)


def _outline(value: Any, size: list[int] | None) -> tuple[tuple[Polygon, ...], Mask | None]:
    """Rings, or a mask. Raises ValueError for run lengths that are none."""
    if isinstance(value, list):
        return tuple(ring(numbers(one) or ()) for one in value), None
    if not isinstance(value, dict):
        return (), None
    height, width = value["size"]
    if size is not None and [width, height] != size:
        raise ValueError(
            f"a mask of {width} × {height} pixels on an image of {size[0]} × {size[1]}"
        )
    return (), _mask(Size(width, height), value["counts"])


def _mask(size: Size, counts: str | list[Any]) -> Mask:
    import numpy as np

    from runner.postprocess.masks import mask_of
    from runner.postprocess.rle import decode, joined

    if isinstance(counts, str):
        return mask_of(decode(Rle(size, counts)), "rle")
    found = numbers(counts)
    lengths = np.array(found or (), dtype=np.int64)
    if found is None or (lengths < 0).any() or lengths.sum() != size.area:
        raise ValueError(f"the run lengths do not fill {size.width} × {size.height} pixels")
    edges = np.cumsum(lengths)
    starts, stops = edges[0:-1:2], edges[1::2]
    longer = stops > starts
    return mask_of(joined(size, starts[longer], stops[longer]), "rle")


def _keypoints(where: str, value: Any, names: Sequence[str]) -> Iterator[Detection]:
    """The keypoints that were marked: visibility 0 is none, 1 hidden, 2 visible."""
    found = numbers(value) or ()
    for number in range(len(found) // 3):
        x, y, visible = found[3 * number : 3 * number + 3]
        if visible > 0:
            label = names[number] if number < len(names) else str(number)
            at = f"{where}.keypoints[{3 * number}]"
            yield Detection(at, label, point=Point(x, y), fields={"visible": visible > 1})


def _check_size(size: list[int] | None, image: ResultImage) -> None:
    """Raises `Unusable` for an image that was another one when its things were marked."""
    if size is None or image.size is None or size == [image.size.width, image.size.height]:
        return
    what = f"`{image.name}` has {image.size.width} × {image.size.height} pixels"
    turned = image.orientation >= 5 and size == [image.size.height, image.size.width]
    why = "; it was marked without the turn that its EXIF data tell" if turned else ""
    raise Unusable(f"{what}, and {size[0]} × {size[1]} in the file{why}")
