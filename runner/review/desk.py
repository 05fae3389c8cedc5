"""The desk: a run and the file of truth on it, while a person decides. One decision at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock as Turn
from typing import TYPE_CHECKING, Literal

from runner.export import opener
from runner.exporters.palette import Palette
from runner.review.answers import Answers, Item, answers_of, steps_of
from runner.review.correction import answered, corrected, read_correction
from runner.review.picture import Shown, shown
from runner.review.telling import told_answer, told_image
from runner.review.truth_file import Key, Settled, TruthFile, Verdict, line_of, path_beside, settled
from runner.store.folder import FolderError, RunFolder
from runner.store.lock import Lock
from runner.values.result import USABLE, Result

if TYPE_CHECKING:
    from runner.values.answer import Json

State = Literal["new", "approved", "corrected", "rejected"]

LONGEST_NOTE = 2000


class Refused(Exception):
    """A decision that was not taken, and why; nothing was written."""


class Overtaken(Refused):
    """The answer was decided upon in another window after it was shown in this one."""


@dataclass(slots=True)
class Desk:
    """A review that is under way. It holds the lock of its file of truth until it is closed."""

    folder: RunFolder
    answers: Answers
    file: TruthFile
    lock: Lock
    written: int = 0
    _done: list[tuple[int, Settled | None]] = field(default_factory=list)
    _turn: Turn = field(default_factory=Turn)
    _closed: bool = False
    _palette: Palette = field(default_factory=Palette)

    @classmethod
    def open(cls, folder: RunFolder, target: Path | None) -> Desk:
        """Raises `FolderError`, `TruthFileError` and `StoreError` (another review has the file)."""
        path = target or _beside(folder)
        answers = answers_of(folder)
        lock = Lock(path.with_name(f".{path.name}.lock"), of=path)
        try:
            return cls(folder, answers, TruthFile.read(path), lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Gives the file back, after a decision that is being written."""
        with self._turn:
            self.lock.release()
            self._closed = True

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what there is to see ----------------------------------------------------------------------

    def overview(self) -> dict[str, Json]:
        """Every item with its state, in the order of the plan, and where decisions are written."""
        return {
            "run": self.folder.path.name,
            "workflow": str(self.folder.manifest().get("name")),
            "simulated": self.folder.manifest().get("simulated") is True,
            "file": self.file.path.name,
            "steps": [*steps_of(self.answers.items)],
            "items": [
                {"case": item.case, "step": item.step, "state": self.state(item)}
                for item in self.answers.items
            ],
            "undo": len(self._done),
        }

    def state(self, item: Item) -> State:
        """What was said of an item; of other images under the same name nothing was."""
        said = self._said(item)
        return "new" if said is None else said.verdict

    def count(self) -> Mapping[State, int]:
        """How many items are in each state."""
        found: dict[State, int] = {"new": 0, "approved": 0, "corrected": 0, "rejected": 0}
        for item in self.answers.items:
            found[self.state(item)] += 1
        return found

    def item(self, number: int) -> dict[str, Json]:
        """One answer as the page shows it: what is right, if that was said, or what was answered.
        Raises IndexError."""
        item = self._item(number)
        said = self._said(item)
        answer = self.answers.result(item) if said is None or said.right is None else said.right
        pattern = self.answers.patterns[item.step]
        return {
            "number": number,
            "case": item.case,
            "step": item.step,
            "state": self.state(item),
            "version": self._version(item),
            "note": said.note if said else "",
            "by_run": said.run if said else "",
            "changed_images": said is None and (item.case, item.step) in self.file.lines,
            "others": item.others,
            "status": answer.status,
            "usable": answer.status in USABLE,
            "error": answer.error,
            "images": [
                {"number": self.answers.number(image), **told_image(answer, position, pattern)}
                for position, image in enumerate(answer.images)
            ],
            **told_answer(answered(answer, pattern), pattern, self._palette),
        }

    def image(self, number: int) -> Shown | None:
        """An image of the run by its number, upright and in full size; None when it is not there any
        more or is another one now. Raises IndexError."""
        image = self.answers.images[_position(number)]
        content = opener(self.folder)(image)
        return None if content is None else shown(content, image)

    # -- what is said ------------------------------------------------------------------------------

    def decide(self, number: int, said: Mapping[str, object]) -> dict[str, Json]:
        """Takes a verdict and writes it. Raises `Refused`, `Uncorrectable`, `TruthFileError`, OSError
        and IndexError; then nothing was written."""
        item = self._item(number)
        with self._turn:
            if said.get("version") != self._version(item):
                raise Overtaken("this answer was decided upon elsewhere; here it is as it is now")
            before = self.file.lines.get((item.case, item.step))
            now = self._decided(item, said)
            if now != before:
                self._keep(now.key, now)
                self._done.append((number, before))
                self.written += 1
            return self._told(number)

    def undo(self) -> dict[str, Json]:
        """Takes the last decision of this review back. Raises as `decide` does."""
        with self._turn:
            if not self._done:
                raise Refused("there is nothing to take back")
            number, before = self._done[-1]
            item = self._item(number)
            self._keep((item.case, item.step), before)
            self._done.pop()
            return self._told(number)

    def _keep(self, key: Key, said: Settled | None) -> None:
        if self._closed:
            raise Refused("the review has ended")
        self.file.keep(key, said)

    def _decided(self, item: Item, said: Mapping[str, object]) -> Settled:
        verdict, note = said.get("verdict"), said.get("note", "")
        if not isinstance(note, str) or len(note) > LONGEST_NOTE:
            raise Refused(f"a note has at most {LONGEST_NOTE:,} letters")
        base, pattern = self._base(item), self.answers.patterns[item.step]
        of = self._said(item)
        run = of.run if of else self.folder.path.name
        match verdict:
            case "approved" if of is not None and of.right is not None:
                return replace(of, note=note)
            case "approved" if not item.usable:
                raise Refused("there is no answer to approve: correct it, or reject it")
            case "rejected":
                return settled(base, "rejected", note, self.folder.path.name)
            case "approved":
                return settled(base, "approved", note, run)
            case "corrected":
                right = corrected(base, read_correction(said.get("correction")), pattern)
                is_known = item.usable or (of is not None and of.right is not None)
                if is_known and right.answer == base.answer:  # opened, and saved as it was
                    return self._decided(item, {**said, "verdict": "approved"})
                kind: Verdict = "corrected"
                return settled(right, kind, note, self.folder.path.name)
        raise Refused("a verdict is approved, corrected or rejected")

    def _told(self, number: int) -> dict[str, Json]:
        return {"number": number, "state": self.state(self._item(number)), "undo": len(self._done)}

    def _item(self, number: int) -> Item:
        return self.answers.items[_position(number)]

    def _said(self, item: Item) -> Settled | None:
        said = self.file.lines.get((item.case, item.step))
        return said if said is not None and said.images == item.images else None

    def _base(self, item: Item) -> Result:
        """What a person starts from: what was said to be right, or what was answered."""
        said = self._said(item)
        if said is not None and said.right is not None:
            return said.right
        return answered(self.answers.result(item), self.answers.patterns[item.step])

    def _version(self, item: Item) -> str:
        said = self.file.lines.get((item.case, item.step))
        return "" if said is None else sha256(line_of(said).encode("utf-8", "replace")).hexdigest()


def _beside(folder: RunFolder) -> Path:
    workflow = Path(str(folder.manifest().get("workflow", "")))
    if not workflow.is_file():
        raise FolderError(
            f"the workflow of this run is not there any more ({workflow}); say where the truth"
            " belongs: --to NAME.truth.jsonl"
        )
    return path_beside(workflow)


def _position(number: int) -> int:
    """A position from the outside. Raises IndexError for one from the end of a list."""
    if number < 0:
        raise IndexError(number)
    return number


def told_states(count: Mapping[State, int]) -> Iterator[str]:
    """`3 approved`, `1 corrected`: what there is, in words."""
    yield from (f"{count[state]:,} {state}" for state in _ORDER if count[state])
    if count["new"]:
        yield f"{count['new']:,} not yet looked at"


_ORDER: Sequence[State] = ("approved", "corrected", "rejected")
