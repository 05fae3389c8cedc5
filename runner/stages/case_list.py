"""The list of the cases of a run, made once, with its plan: whatever happens to a folder meanwhile."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from itertools import count

from runner.roles import Found
from runner.sources.counted import Counted, scratch
from runner.values.case import CaseImages
from runner.values.image import Image


class CaseList:
    """Cases in their order, in a file that vanishes with the process; a list of a million takes no
    memory. It can be gone through any number of times.

    Images that a case shares with the one before it (a reference that goes with all of them) are
    kept once.
    """

    def __init__(self) -> None:
        self._file = scratch()
        self._file.execute("CREATE TABLE image (id INTEGER PRIMARY KEY, content BLOB)")
        self._file.execute(
            "CREATE TABLE listed (id INTEGER PRIMARY KEY, content BLOB, images TEXT)"
        )
        self._before: dict[int, tuple[int, Found]] = {}

    def add(self, case: CaseImages) -> None:
        """Puts a case at the end."""
        self._before = {id(image): (self._number(image), image) for image in case.images}
        images = [self._before[id(image)][0] for image in case.images]
        content = pickle.dumps((case.name, case.row, case.row_line))
        query = "INSERT INTO listed (content, images) VALUES (?, ?)"
        self._file.execute(query, (content, json.dumps(images)))

    def __iter__(self) -> Iterator[CaseImages]:
        before: dict[int, Found] = {}
        for number in count(1):
            query = "SELECT content, images FROM listed WHERE id = ?"
            found = self._file.execute(query, (number,)).fetchone()
            if found is None:
                return
            name, row, line = pickle.loads(found[0])
            numbers = json.loads(found[1])
            before = {each: before.get(each) or self._image(each) for each in numbers}
            yield CaseImages(name, tuple(before[each] for each in numbers), row, line)

    def others(self, cases: Iterator[CaseImages]) -> Iterator[str]:
        """The names of those of these cases that have an image that no case of the list has."""
        listed = Counted()
        for case in self:
            for image in case.images:
                listed.add(_identity(image))
        return (
            case.name
            for case in cases
            if any(not listed.times(_identity(image)) for image in case.images)
        )

    def _number(self, image: Found) -> int:
        if known := self._before.get(id(image)):
            return known[0]
        query = "INSERT INTO image (content) VALUES (?)"
        number = self._file.execute(query, (pickle.dumps(image),)).lastrowid
        assert number is not None
        return number

    def _image(self, number: int) -> Found:
        found = self._file.execute("SELECT content FROM image WHERE id = ?", (number,)).fetchone()
        image: Found = pickle.loads(found[0])
        return image


def _identity(image: Found) -> str:
    """Where an image is, by which it is known again when its name has changed; a name that two
    images share gets longer."""
    place = image.location if isinstance(image, Image) else image.path
    return f"{image.role} {place or image.name}"
