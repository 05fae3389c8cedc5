"""YOLO labels: a folder with a text file for each image, a line for each thing, in shares of its sides.

Source: docs.ultralytics.com/datasets/detect and /segment: `class x_center y_center width height`, or
`class x1 y1 x2 y2 …`; an image without things needs no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.sources.opening import Unreadable, open_file
from runner.sources.truth.by_image import ByImage, Entry, Unusable
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.names import Named
from runner.sources.truth.numbers import finite, ring
from runner.sources.truth.stems import names_in
from runner.values.geometry import Box, Size
from runner.values.result import Detection, ResultImage

NOT_LABELS = frozenset(
    {"classes.txt", "train.txt", "val.txt", "test.txt", "predefined_classes.txt"}
)
MOST_BYTES = 64 << 20
_SLACK = 1e-3
"""Shares are written with a few decimals: a box at the edge may reach this far beyond it."""


@dataclass(frozen=True, slots=True)
class Yolo:
    """The labels of detection and segmentation; `labels` are the classes by number."""

    file: Path
    labels: Mapping[int, str] = field(default_factory=dict)
    within: Path | None = None

    def open(self, flaws: Flaws) -> ByImage:
        """Lists the folder and looks at each line once. Raises `Unreadable`."""
        names = names_in(self.file, ".txt", NOT_LABELS)
        for named in names.every():
            try:
                for entry in self._entries(named.info, Size(1, 1)):
                    if isinstance(entry, str):
                        flaws.add(*entry.split(": ", 1))
            except Unusable as error:
                flaws.add(named.info, str(error))
        return ByImage(f"{self.file.name}/", names, self._things, silence_is_empty=True)

    def _things(
        self, named: Named, image: ResultImage
    ) -> Iterator[tuple[Entry, tuple[Detection, ...]]]:
        if image.size is None:
            raise Unusable(f"the size of `{image.name}` is not known here")
        for entry in self._entries(named.info, image.size):
            if isinstance(entry, Detection):  # the others were told when the folder was opened
                yield entry, ()

    def _entries(self, name: str, size: Size) -> Iterator[Entry]:
        try:
            with open_file(self.file / name, self.within) as stream:
                content = stream.read(MOST_BYTES + 1)
        except (Unreadable, OSError) as error:
            raise Unusable(f"{name} cannot be read: {error}") from error
        if len(content) > MOST_BYTES:
            raise Unusable(f"{name} is larger than {MOST_BYTES >> 20} MB")
        lines = content.decode("utf-8-sig", "replace").splitlines()
        for number, line in enumerate(lines, 1):
            if words := line.split():
                yield self._thing(f"{name}, line {number}", words, size)

    def _thing(self, where: str, words: list[str], size: Size) -> Entry:
        values = [finite(word) for word in words]
        for position, (word, value) in enumerate(zip(words, values, strict=True), 1):
            if value is None:
                return f"{where}, column {position}: `{word[:40]}` is no number"
        kind, *shares = [value for value in values if value is not None]
        if kind < 0 or kind != int(kind):
            return f"{where}, column 1: `{words[0]}` is no number of a class"
        label = self.labels.get(int(kind), str(int(kind)))
        score = shares.pop() if len(shares) == 5 else None
        outside = [n for n, share in enumerate(shares, 2) if not -_SLACK <= share <= 1 + _SLACK]
        if outside:
            return f"{where}, column {outside[0]}: a share of the image lies between 0 and 1"
        if len(shares) == 4:
            box = _box(shares, size)
            if box.area <= 0:
                return f"{where}, column 4: width and height must be above 0"
            return Detection(where, label, box, score=score)
        if len(shares) < 6 or len(shares) % 2:
            return (
                f"{where}: {len(words)} numbers are neither a box (5) nor an outline (7, 9, 11, …)"
            )
        sides = (size.width, size.height) * (len(shares) // 2)
        pixels = [share * side for share, side in zip(shares, sides, strict=True)]
        return Detection(where, label, polygon=(ring(pixels),))


def _box(shares: list[float], size: Size) -> Box:
    x, y, width, height = shares
    return Box(
        (x - width / 2) * size.width,
        (y - height / 2) * size.height,
        (x + width / 2) * size.width,
        (y + height / 2) * size.height,
    )
