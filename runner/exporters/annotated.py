"""Images with what was found on them: the form from which every format of annotations is written.

Rules that all of these formats share, so that a thing is told in the same way everywhere:

- An image stands there once for each combination and repeat, whatever asked about it; images on which
  nothing was found are there, too. Of a result with several images it is those on which something was
  found, else the last one, in which it was looked for.
- A result without a whole answer adds no image: it is no image without things. It is noted.
- Labels are numbered in alphabetical order, the same in all files of an output. A thing without a label
  takes the first text among its fields, else `object`.
- Places are cut at the edges of the image; what has no extent then is left out, and noted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Literal

from runner.exporters.names import Folders, Mirror
from runner.exporters.notes import Notes
from runner.exporters.record import error_of
from runner.exporters.things import name_of
from runner.text.detections import detections_of
from runner.text.result_line import from_line, to_line
from runner.values.geometry import Size
from runner.values.reference import Reference
from runner.values.result import USABLE, Detection, Result, ResultImage

UNNAMED = "object"
"""The label of a thing that has none."""

Kind = Literal["mask", "polygon", "box", "point"]
"""How exactly a place is told, the most exact first."""

NOTES = "not-written.txt"


@dataclass(frozen=True, slots=True)
class Annotated:
    """An image and what was found on it, in pixels, every label a text.

    `name` is its path from the folder of the workflow, made safe, another for each image. `results`
    are those that it comes from, without their answers.
    """

    name: str
    image: ResultImage
    size: Size
    found: tuple[Detection, ...]
    results: tuple[Result, ...]

    @property
    def is_simulated(self) -> bool:
        """True when no model has looked at it."""
        return any(result.simulated for result in self.results)


@dataclass(slots=True)
class Annotations:
    """All images of an output, in a scratch file: the memory grows with the labels alone.

    `labels` are in order; `kinds` are the places that there are; `simulated` says that some are.
    """

    file: sqlite3.Connection
    notes: Notes
    labels: tuple[str, ...] = ()
    kinds: frozenset[Kind] = frozenset()
    simulated: bool = False

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder of each combination and repeat, relative; of a run without either `.`, alone."""
        rows = self.file.execute("SELECT name FROM folder ORDER BY rowid").fetchall()
        return tuple(Path(name) for (name,) in rows) or (Path(),)

    def images(self, folder: Path) -> Iterator[Annotated]:
        """The images of one combination and repeat, in the order in which they come first in the
        plan; one at a time."""
        rows = self.file.execute(
            "SELECT image.name, entry.line FROM entry JOIN image ON image.rowid = entry.image"
            " WHERE entry.folder = ? ORDER BY entry.image, entry.rowid",
            (folder.as_posix(),),
        )
        for name, group in groupby(rows, key=lambda row: str(row[0])):
            results = tuple(from_line(line) for _, line in group)
            image = results[0].images[0]
            assert image.size is not None
            found = tuple(one for result in results for one in result.detections)
            yield Annotated(name, image, image.size, found, results)


@contextmanager
def annotated(results: Iterable[Result], save: Reference, notes: str) -> Iterator[Annotations]:
    """What results say of their images, as long as the context is open. `notes` names the file that
    tells what cannot be written."""
    file = sqlite3.connect("")  # a file of SQLite's own that vanishes with the connection
    try:
        yield _Gathering(file, save, Notes(notes)).all_of(results)
    finally:
        file.close()


class _Gathering:
    """Results on their way into the scratch file."""

    def __init__(self, file: sqlite3.Connection, save: Reference, notes: Notes) -> None:
        self.file, self.save, self.notes = file, save, notes
        self.folders, self.mirror = Folders(), Mirror()
        self.labels: set[str] = set()
        self.kinds: set[Kind] = set()
        self.simulated = False
        file.execute("PRAGMA temp_store = FILE")
        file.execute("CREATE TABLE folder (name TEXT UNIQUE)")
        file.execute("CREATE TABLE image (origin TEXT UNIQUE, name TEXT)")
        file.execute("CREATE TABLE entry (folder TEXT, image INTEGER, line TEXT)")

    def all_of(self, results: Iterable[Result]) -> Annotations:
        for result in results:
            if why := _left_out(result):
                self.notes.add(result, why)
            else:
                self._add(result)
        self.file.execute("CREATE INDEX place ON entry (folder, image)")
        labels, kinds = tuple(sorted(self.labels)), frozenset(self.kinds)
        return Annotations(self.file, self.notes, labels, kinds, self.simulated)

    def _add(self, result: Result) -> None:
        if why := error_of(result):
            self.notes.add(result, why)
        self.simulated |= result.simulated
        found = detections_of(result, self.save.path)
        folder = self.folders.of(result).as_posix()
        for number in images_of(result, found):
            image = result.images[number]
            if image.size is None:
                self.notes.add(result, f"{image.name}: the size of the image is not known")
                continue
            self.file.execute("INSERT OR IGNORE INTO folder VALUES (?)", (folder,))
            on_it = tuple(self._usable(result, found, number, image.size))
            slim = replace(
                result, answer=None, images=(image,), detections=on_it, issues=(), usage={}, row={}
            )
            entry = (folder, self._image(image), to_line(slim))
            self.file.execute("INSERT INTO entry VALUES (?, ?, ?)", entry)

    def _image(self, image: ResultImage) -> int:
        origin = json.dumps([image.address or image.path or image.sha256 or image.name])
        row = self.file.execute("SELECT rowid FROM image WHERE origin = ?", (origin,)).fetchone()
        if row is None:
            name = self.mirror.name(image)
            self.file.execute("INSERT INTO image VALUES (?, ?)", (origin, name))
            row = self.file.execute("SELECT last_insert_rowid()").fetchone()
        return int(row[0])

    def _usable(
        self, result: Result, found: Sequence[Detection], number: int, size: Size
    ) -> Iterator[Detection]:
        for one in found:
            if one.image == number:
                placed = on_image(narrowed(one, self.save.path), size)
                if isinstance(placed, str):
                    self.notes.add(result, f"{one.at}: {placed}")
                    continue
                label = (name_of(one) or "").strip() or UNNAMED
                self.labels.add(label)
                self.kinds.add(kind_of(placed))
                yield replace(placed, label=label, image=0)


def _left_out(result: Result) -> str | None:
    """Why a result adds no image; None when it does."""
    if result.status not in USABLE:
        return error_of(result) or result.status
    return None if result.images else "it has no image"


def images_of(result: Result, found: Sequence[Detection]) -> Sequence[int]:
    """Those that something was found on; else the last one sent, in which it was looked for."""
    numbers = sorted({one.image for one in found if 0 <= one.image < len(result.images)})
    return numbers or ([len(result.images) - 1] if result.images else [])


def kind_of(one: Detection) -> Kind:
    """The most exact place of a thing that has one."""
    if one.mask is not None:
        return "mask"
    if one.polygon:
        return "polygon"
    return "box" if one.box is not None else "point"


def narrowed(one: Detection, path: Sequence[str]) -> Detection:
    """Only the kind of place that `save:` names (`find.boxes`), if the thing has it; a mask keeps its
    box."""
    match path[0] if path else "":
        case "boxes" if one.box is not None:
            return replace(one, point=None, polygon=(), mask=None)
        case "points" if one.point is not None:
            return replace(one, box=None, polygon=(), mask=None)
        case "polygons" if one.polygon:
            return replace(one, point=None, mask=None)
        case "masks" if one.mask is not None:
            return replace(one, point=None, polygon=())
        case _:
            return one


def on_image(one: Detection, size: Size) -> Detection | str:
    """The thing as far as it lies on its image, or why nothing of it does."""
    why = "it has no place in the image"
    box, mask = one.box and one.box.clipped(size), one.mask
    if box is not None and box.area == 0:
        box, why = None, "its box has no extent in the image"
    if mask is not None:
        fault = _fault(one, size)
        mask, why = (None, fault) if fault else (mask, why)
    rings = tuple(ring.clipped(size) for ring in one.polygon)
    rings = tuple(ring for ring in rings if ring.bounds.area > 0)
    if one.polygon and not rings:
        why = "its outline has no extent in the image"
    point = one.point and one.point.clipped(size)
    if box is None and mask is None and not rings and point is None:
        return why
    return replace(one, box=box, mask=mask, polygon=rings, point=point)


def _fault(one: Detection, size: Size) -> str | None:
    from runner.postprocess.rle import decode

    assert one.mask is not None
    if one.mask.tight_box is None:
        return "its mask is empty"
    if one.mask.rle.size != size:
        return "its mask is of another size than its image"
    try:
        decode(one.mask.rle)
    except ValueError as error:
        return str(error)
    return None
