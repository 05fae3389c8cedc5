"""A truth that names images: the things of a case are those of its images together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from runner.sources.truth.names import Named, Names
from runner.sources.truth.numbers import on_image
from runner.sources.truth.told import Told
from runner.values.geometry import Size
from runner.values.result import Detection, ResultImage
from runner.values.truth import NoTruth, Things


class Unusable(Exception):
    """Why what a file says of an image cannot be used, as the end of a sentence."""


Entry = Detection | str
"""A thing, or a remark on one that is left out."""

Read = Callable[[Named, ResultImage], Iterator[tuple[Entry, Sequence[Detection]]]]
"""The things of an image with the keypoints of each. Raises `Unusable`."""


@dataclass(frozen=True, slots=True)
class ByImage:
    """The images of a truth file, and how to read what it says of one.

    `file` is its name as shown. `silence_is_empty` when an image that the file does not name has
    nothing on it by the convention of its format.
    """

    file: str
    names: Names
    read: Read
    silence_is_empty: bool = False
    closing: ExitStack = field(default_factory=ExitStack)

    def of(self, case: str, images: Sequence[ResultImage]) -> Told:
        """The things on the images of a case that the file names."""
        found: list[Detection] = []
        keypoints: list[Detection] = []
        remarks: list[str] = []
        silent: list[str] = []
        for index, image in enumerate(images):
            named = self.names.named(image)
            if isinstance(named, str):
                silent.append(f"{self.file} holds no truth of it: {named}")
                continue
            try:
                for entry, points in self.read(named, image):
                    thing = _placed(entry, image.size, remarks)
                    if thing is None:
                        continue
                    at = {"thing": len(found)}
                    found.append(replace(thing, image=index))
                    placed = [_placed(each, image.size, remarks) for each in points]
                    keypoints += [
                        replace(each, image=index, fields={**each.fields, **at})
                        for each in placed
                        if each is not None
                    ]
            except Unusable as error:
                why = f"{self.file}: {error}"
                return Told(NoTruth(why), (*remarks, why))
        if len(silent) == len(images) and not self.silence_is_empty:
            return Told(NoTruth(silent[0] if silent else f"{self.file}: the case has no image"))
        return Told(Things(tuple(found), tuple(keypoints)), tuple(remarks))

    def unasked(self) -> tuple[int, str]:
        """Images that nobody asked about."""
        return self.names.unasked()

    def clash(self) -> str | None:
        """A name that was taken for two images."""
        return self.names.clash()

    def close(self) -> None:
        """Lets go of its files."""
        self.names.close()
        self.closing.close()


def _placed(entry: Entry, size: Size | None, remarks: list[str]) -> Detection | None:
    """The thing as it lies on its image; what is to be said of it is added to the remarks."""
    if isinstance(entry, str):
        remarks.append(entry)
        return None
    thing, remark = on_image(entry, size)
    if remark:
        remarks.append(f"{entry.at}: {remark}")
    return thing
