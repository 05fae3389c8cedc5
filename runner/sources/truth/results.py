"""The `results.jsonl` of another run, taken as right: its answer for the case of the same name; and
what a review wrote, whose lines are the same with a verdict before them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runner.sources.opening import Unreadable, open_file
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.names import Named, Names
from runner.sources.truth.told import Told
from runner.text.result_line import from_line
from runner.values.result import USABLE, Result, ResultImage
from runner.values.truth import NoTruth

LARGEST = 64 << 20
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Results:
    """The results of one step of a run. `step` may be left out when the run has only one.

    `within` is the folder that the file must lie in.
    """

    file: Path
    step: str | None = None
    within: Path | None = None

    def open(self, flaws: Flaws) -> ByCase:
        """Notes where the line of each case stands. Raises `Unreadable`."""
        stream = open_file(self.file, self.within)
        try:
            names, waiting, steps = Names(), list[Named](), dict[str, None]()
            for case, step, place in self._lines(stream, flaws):
                if len(steps) < 100:
                    steps[step] = None
                if self.step in (None, step):
                    waiting.append(Named(case, case, place))
                if len(waiting) == _AT_ONCE:
                    names.add_images(waiting)
                    waiting.clear()
            names.add_images(waiting)
            self._check_steps(list(steps))
            if names.seal():
                raise Unreadable("truth_twice", _SEVERAL)
        except BaseException:
            stream.close()
            raise
        return ByCase(self.file.name, names, stream)

    def _lines(self, stream: BinaryIO, flaws: Flaws) -> Iterator[tuple[str, str, str]]:
        start = number = 0
        while line := stream.readline(LARGEST):
            number += 1
            end = start + len(line)
            if line.strip():
                try:
                    value = json.loads(line)
                    case, step = value["case"], value["step"]
                    if not (isinstance(case, str) and isinstance(step, str)):
                        raise TypeError
                    yield case, step, f"{number} {start} {end}"
                except (ValueError, KeyError, TypeError, RecursionError):
                    flaws.add(f"{self.file.name}, line {number}", "it is no line of results")
            start = end

    def _check_steps(self, steps: list[str]) -> None:
        if self.step is not None and self.step not in steps:
            raise Unreadable("truth_step", f"it holds no results of a step `{self.step}`")
        if self.step is None and len(steps) > 1:
            named = " and ".join(f"`{step}`" for step in steps[:3])
            raise Unreadable("truth_step", f"it holds results of {named}; write `step:` beside it")
        if not steps:
            raise Unreadable("truth_empty", "it holds no results")


_SEVERAL = "it holds several answers for one case (`matrix` or `repeat`); only one can be right"


@dataclass(frozen=True, slots=True)
class ByCase:
    """The lines of results by their case."""

    file: str
    names: Names
    stream: BinaryIO

    def of(self, case: str, images: Sequence[ResultImage]) -> Told:
        """The result of the case of this name."""
        named = self.names.keyed(case)
        if named is None:
            return Told(NoTruth(f"{self.file} holds no result of it"))
        number, start, end = map(int, named.info.split())
        self.stream.seek(start)
        try:
            line = self.stream.read(end - start).decode()
            verdict = _verdict(line)
            if verdict == "rejected":
                why = f"{self.file}, line {number}: the answer was rejected, and none is right yet"
                return Told(NoTruth(why))
            result = from_line(line)
        except ValueError:
            why = f"{self.file}, line {number}: it is no line of results"
            return Told(NoTruth(why), (why,))
        if verdict is not None and (name := _other_image(result, images)):
            why = f"{self.file}, line {number}: what was said is of another image `{name}`"
            return Told(NoTruth(why), (why,))
        if result.status not in USABLE:
            return Told(NoTruth(f"{self.file}, line {number}: its status is `{result.status}`"))
        return Told(result)

    def unasked(self) -> tuple[int, str]:
        """Cases that nobody asked about."""
        return self.names.unasked()

    def clash(self) -> str | None:
        """Cases have one name each."""
        return None

    def close(self) -> None:
        """Lets go of the file."""
        self.names.close()
        self.stream.close()


def _verdict(line: str) -> object:
    """What a person said of the answer in a review; None when no review wrote the line. Raises
    ValueError for a line that is no JSON."""
    review = json.loads(line).get("review")
    return review.get("verdict") if isinstance(review, dict) else None


def _other_image(result: Result, images: Sequence[ResultImage]) -> str | None:
    """The name of an image that was another one when a person looked at it."""
    now = {image.name: image.sha256 for image in images}
    seen = ((image.name, image.sha256) for image in result.images if image.sha256)
    return next((name for name, was in seen if now.get(name) not in (None, was)), None)
