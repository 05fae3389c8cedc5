"""Comparing: two runs, or a run and a baseline file, or the combinations of one run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.baseline import HELD_AGAINST, BaselineError, margins_of, read_at
from runner.own_workflow import own_workflow
from runner.stages.answers_compared import answers_compared
from runner.stages.choices import matrix_of
from runner.stages.compare import Margins, compare
from runner.standing import standing_of
from runner.store.folder import FolderError, RunFolder
from runner.store.named_run import named_run
from runner.values.difference import Differences, Matrix
from runner.values.problem import Rejected
from runner.values.standing import Standing


class NotComparable(Exception):
    """Why two runs cannot be compared; says what to do."""


def differences(before: str, now: str, runs: Path) -> Differences:
    """What has changed from one to the other, each the name of a run or a baseline file. Boxes are
    matched where both are runs. Raises `NotComparable`."""
    return _compared(_side(before, runs), _side(now, runs), (before, now))


@dataclass(frozen=True, slots=True)
class Compared:
    """A run with what it is compared with; `folder` is that of the other run, None of a baseline file."""

    standing: Standing
    differences: Differences
    folder: RunFolder | None


def compared(before: str, now: RunFolder, runs: Path) -> Compared:
    """A run compared with another one, or with a baseline file. Raises `NotComparable`."""
    old, new = _side(before, runs), _Side(standing_of(now), now)
    return Compared(new.standing, _compared(old, new, (before, now.path.name)), old.folder)


def tested_against(run: RunFolder) -> str | None:
    """The baseline that `askpix test` held the run against, as it was then; None of another run."""
    path = run.path / HELD_AGAINST
    return str(path) if path.is_file() else None


def _compared(old: _Side, new: _Side, names: tuple[str, str]) -> Differences:
    answers = None
    if old.folder is not None and new.folder is not None:
        answers = answers_compared(old.folder.results(), new.folder.results())
    found = compare(old.standing, new.standing, _margins(new.folder), answers)
    if not found.pairs:
        raise NotComparable(
            f"{names[0]} and {names[1]} have no case in common: of the same name, with the same images"
        )
    return found


def _margins(run: RunFolder | None) -> Margins:
    """How much worse the metrics of a run may be, as its own workflow says."""
    if run is None:
        return {}
    with own_workflow(run) as load:
        try:
            return margins_of(load())
        except (Rejected, OSError):
            return {}


def matrix(run: str, runs: Path) -> Matrix:
    """The combinations of a run side by side. Raises `NotComparable`."""
    found = matrix_of(_side(run, runs).standing)
    if len(found.choices) < 2:
        raise NotComparable(f"{run} has no matrix; name a second run to compare it with")
    return found


@dataclass(frozen=True, slots=True)
class _Side:
    standing: Standing
    folder: RunFolder | None


def _side(word: str, runs: Path) -> _Side:
    try:
        if word.endswith(".json") and Path(word).is_file():
            standing = read_at(Path(word))
            assert standing is not None
            return _Side(standing, None)
        folder = named_run(word, runs)
        return _Side(standing_of(folder), folder)
    except (BaselineError, FolderError) as error:
        raise NotComparable(str(error)) from None
    except OSError as error:
        raise NotComparable(f"{word} cannot be read: {error}") from None
