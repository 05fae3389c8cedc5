"""Whether a file really lies in the folder that a workflow may not leave, wherever its links lead."""

from __future__ import annotations

import os
from os.path import normcase, realpath
from pathlib import Path

LEADS_OUTSIDE = "leads outside the folder of the workflow"
"""Said of a name, wherever it is written."""

STAY = "move the files beside the workflow, or run with --allow-outside"
"""What to do about it."""


def is_inside(path: str | Path, within: Path | None) -> bool:
    """Whether a path leads into this folder (itself without links), links followed; None is everywhere.

    What does not exist is judged by the part of the path that does; a name that no file can have
    leads nowhere.
    """
    if within is None:
        return True
    try:
        real, folder = normcase(realpath(path)), normcase(within)
    except (OSError, ValueError):
        return True
    return real == folder or real.startswith(folder.rstrip(os.sep) + os.sep)


def is_open_inside(number: int, path: str | Path, within: Path | None) -> bool:
    """The same for a file that is open under this number.

    A link may have been replaced since the path was looked at, so what counts is that the very file
    that is open lies there.
    """
    if within is None:
        return True
    try:
        real = realpath(path)
        return is_inside(real, within) and os.path.samestat(os.fstat(number), os.lstat(real))
    except (OSError, ValueError):
        return False


def real_folder(folder: Path) -> Path:
    """The folder itself, absolute and without links: what `is_inside` measures by."""
    try:
        return Path(realpath(folder))
    except (OSError, ValueError):  # there can be no such folder, or it is gone: told elsewhere
        return folder
