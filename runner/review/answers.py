"""The answers of a run that a person is to look at: where each stands, without holding them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.review.pattern import Learning, Pattern
from runner.store.folder import FolderError, RunFolder
from runner.text.result_line import from_line
from runner.text.source import read
from runner.values.problem import Rejected
from runner.values.result import USABLE, Result, ResultImage


class RunChanged(Exception):
    """The results are other ones than when the review began."""


_GONE_ON = "the run has been gone on with meanwhile; start the review again"


@dataclass(slots=True)
class Item:
    """An answer to look at: that of a step for a case. Where there are several (`matrix`, `repeat`)
    it is the first usable one, because one answer is right for all; `others` counts the rest."""

    case: str
    step: str
    start: int
    usable: bool
    images: tuple[str | None, ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """The items of a run in the order of the plan, its images by number, and what its steps answer."""

    file: Path
    items: tuple[Item, ...]
    images: tuple[ResultImage, ...]
    numbers: Mapping[object, int]
    patterns: Mapping[str, Pattern]

    def result(self, item: Item) -> Result:
        """The answer of an item, read when it is its turn. Raises `RunChanged`."""
        with self.file.open("rb") as stream:
            stream.seek(item.start)
            line = stream.readline()
        try:
            found = from_line(line.decode())
        except ValueError:
            raise RunChanged(_GONE_ON) from None
        if (found.case, found.step) != (item.case, item.step):
            raise RunChanged(_GONE_ON)
        return found

    def number(self, image: ResultImage) -> int:
        """Under which number an image is served."""
        return self.numbers[_identity(image)]


def answers_of(folder: RunFolder) -> Answers:
    """Reads through the results of a run once. Raises `FolderError` when there is nothing to look
    at."""
    file = folder.results_file
    if not file.is_file():
        raise FolderError(f"{folder.path} has no results.jsonl yet: let the run come to its end")
    finding = _Finding(_asking_steps(folder.path))
    try:
        finding.go_through(file)
    except (OSError, ValueError) as error:
        raise FolderError(f"the results of {folder.path} cannot be read: {error}") from None
    if not finding.items:
        raise FolderError(f"{folder.path} holds no answer that could be looked at")
    patterns = {step: learning.pattern() for step, learning in finding.learning.items()}
    items = tuple(finding.items.values())
    return Answers(file, items, tuple(finding.images), finding.numbers, patterns)


@dataclass(slots=True)
class _Finding:
    steps: Mapping[str, Mapping[str, Sequence[str]]] | None
    """The steps that ask, with the words that their fields allow; None when nobody knows."""
    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    images: list[ResultImage] = field(default_factory=list)
    numbers: dict[object, int] = field(default_factory=dict)
    learning: dict[str, Learning] = field(default_factory=dict)

    def go_through(self, file: Path) -> None:
        with file.open("rb") as stream:
            start = 0
            for line in stream:
                self._add(from_line(line.decode()), start)
                start += len(line)

    def _add(self, result: Result, start: int) -> None:
        if result.status == "skipped" or not self._asks(result):
            return
        choices = (self.steps or {}).get(result.step, {})
        self.learning.setdefault(result.step, Learning(choices)).add(result)
        for image in result.images:
            if _identity(image) not in self.numbers:
                self.numbers[_identity(image)] = len(self.images)
                self.images.append(image)
        usable = result.status in USABLE
        digests = tuple(image.sha256 for image in result.images)
        found = Item(result.case, result.step, start, usable, digests)
        known = self.items.setdefault((result.case, result.step), found)
        if known is not found:
            known.others += 1
            if usable and not known.usable:
                known.start, known.usable, known.images = start, True, digests

    def _asks(self, result: Result) -> bool:
        return bool(result.model) if self.steps is None else result.step in self.steps


def _identity(image: ResultImage) -> object:
    return image.sha256, image.path, image.frame


def _asking_steps(folder: Path) -> dict[str, dict[str, Sequence[str]]] | None:
    """Every step that asks a model, by its id, with the words that its fields may hold."""
    try:
        data: Any = read((folder / "resolved.yaml").read_bytes(), "resolved.yaml").data
        steps = [step for step in data["steps"] if step.get("do", "ask") == "ask"]
        return {str(step["id"]): dict(_choices(step)) for step in steps}
    except (OSError, Rejected, KeyError, TypeError, AttributeError):
        return None


def _choices(step: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    for written in (step.get("fields"), step.get("list_of")):
        for name, field_ in written.items() if isinstance(written, Mapping) else ():
            words = field_.get("choices") if isinstance(field_, Mapping) else field_
            if isinstance(words, list) and all(isinstance(each, str) for each in words):
                yield str(name), words


def steps_of(items: Iterable[Item]) -> tuple[str, ...]:
    """The steps that are looked at, in the order of the plan."""
    return tuple(dict.fromkeys(item.step for item in items))
