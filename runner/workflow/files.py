"""Files that a workflow names: their bytes, or why there are none, whatever the name is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from runner.sources.inside import LEADS_OUTSIDE, is_inside, is_open_inside
from runner.text.suggest import did_you_mean
from runner.values.problem import Place, Problem
from runner.workflow.words import quoted

MOST_BYTES = 20_000_000
"""Prompts, schemas and workflows are written by people; more than this is something else."""


_DASHES = "\u2013\u2014"


class NotReadable(Exception):
    """Why a file cannot be read, as the end of a sentence. `missing` when there is none, `outside`
    when it lies where the workflow may not look."""

    def __init__(self, why: str, *, missing: bool = False, outside: bool = False) -> None:
        super().__init__(why)
        self.why, self.missing, self.outside = why, missing, outside


def content_of(path: Path, within: Path | None = None) -> bytes:
    """The bytes of a file that lies `within` a folder (None is anywhere). Raises `NotReadable`, also
    for a name that no file can have."""
    try:
        if not is_inside(path, within):
            raise NotReadable(LEADS_OUTSIDE, outside=True)
        if path.is_dir():
            raise NotReadable("it is a folder")
        if path.exists() and not path.is_file():
            raise NotReadable(_NO_FILE)
        with open(path, "rb", opener=_open_at_once) as file:
            if not is_open_inside(file.fileno(), path, within):
                raise NotReadable(LEADS_OUTSIDE, outside=True)
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NotReadable(_NO_FILE)
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise NotReadable(f"it is larger than {MOST_BYTES // 1_000_000} MB")
        return content
    except FileNotFoundError:
        raise NotReadable("it does not exist", missing=True) from None
    except OSError as error:
        raise NotReadable(error.strerror or str(error)) from None
    except ValueError:
        raise NotReadable("no file can have this name", missing=True) from None


_NO_FILE = "it is no ordinary file"


def _open_at_once(name: str, flags: int) -> int:
    """Opens a file without waiting: a pipe may have taken its place."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


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
    return Problem(code, message, place, fix=_nearest(name, path, place))


def _nearest(name: str, path: Path, place: Place | None) -> str:
    try:
        neighbours = sorted(each.name for each in path.parent.iterdir() if each.is_file())
    except (OSError, ValueError):
        return f"there is no folder `{path.parent}` either"
    here = Path(place.file) if place else None
    close = did_you_mean(path.name, [each for each in neighbours if path.with_name(each) != here])
    if close:
        return f"did you mean `{name.removesuffix(path.name)}{close}`?"
    if place is not None:
        return "paths start from the file that they are written in"
    option = name.lstrip(_DASHES)
    if option != name:  # some programs turn two hyphens into a dash
        return f"options start with two hyphens: --{option}"
    return _workflows_among(neighbours)


def _workflows_among(names: list[str]) -> str:
    """For a file named on the command line: those that may have been meant."""
    workflows = [name for name in names if name.endswith((".workflow.yaml", ".workflow.yml"))]
    if not workflows:
        return "there is no workflow file in this folder; `askpix init` writes one"
    shown = ", ".join(f"`{name}`" for name in workflows[:3])
    more = f" and {len(workflows) - 3} more" if len(workflows) > 3 else ""
    return f"in this folder there {'is' if len(workflows) == 1 else 'are'} {shown}{more}"
