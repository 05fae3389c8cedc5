"""Files that a workflow names: their bytes, or why there are none, whatever the name is."""

from __future__ import annotations

from pathlib import Path

from runner.text.suggest import did_you_mean
from runner.values.problem import Place, Problem
from runner.workflow.words import quoted

MOST_BYTES = 20_000_000
"""Prompts, schemas and workflows are written by people; more than this is something else."""


class NotReadable(Exception):
    """Why a file cannot be read, as the end of a sentence. `missing` when there is none."""

    def __init__(self, why: str, *, missing: bool = False) -> None:
        super().__init__(why)
        self.why, self.missing = why, missing


def content_of(path: Path, most: int | None = MOST_BYTES) -> bytes:
    """The bytes of a file. Raises `NotReadable`, also for a name that no file can have."""
    try:
        if path.is_dir():
            raise NotReadable("it is a folder")
        if path.exists() and not path.is_file():
            raise NotReadable("it is no ordinary file")
        if most is not None and path.stat().st_size > most:
            raise NotReadable(f"it is larger than {most // 1_000_000} MB")
        return path.read_bytes()
    except FileNotFoundError:
        raise NotReadable("it does not exist", missing=True) from None
    except OSError as error:
        raise NotReadable(error.strerror or str(error)) from None
    except ValueError:
        raise NotReadable("no file can have this name", missing=True) from None


def is_file(path: Path) -> bool:
    """Whether there is such a file; False for names that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; False for names that no folder can have."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def missing_file(code: str, name: str, path: Path, place: Place | None, purpose: str) -> Problem:
    """The problem of a file that does not exist, with the nearest name in its folder."""
    message = f"there is no file {quoted(name)}" + (f" {purpose}" if purpose else "")
    return Problem(code, message, place, fix=_nearest(name, path))


def _nearest(name: str, path: Path) -> str:
    try:
        neighbours = sorted(each.name for each in path.parent.iterdir() if each.is_file())
    except (OSError, ValueError):
        return f"there is no folder `{path.parent}` either"
    close = did_you_mean(path.name, neighbours)
    if close:
        return f"did you mean `{name.removesuffix(path.name)}{close}`?"
    return "paths start from the file that they are written in"
