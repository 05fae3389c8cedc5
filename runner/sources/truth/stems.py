"""The files of a folder by their names without ending: one for each image."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from runner.sources.opening import Unreadable
from runner.sources.truth.names import Named, Names

_AT_ONCE = 10_000


def names_in(folder: Path, ending: str, but: frozenset[str] = frozenset()) -> Names:
    """The files of a folder and its sub-folders with this ending; `info` is the path from the
    folder. Raises `Unreadable` for a folder without any."""
    names, waiting, count = Names(), list[Named](), 0
    for path in _files(folder, ending):
        if os.path.basename(path) in but:
            continue
        count += 1
        waiting.append(Named(path, path[: -len(ending)], path))
        if len(waiting) == _AT_ONCE:
            names.add_images(waiting)
            waiting.clear()
    names.add_images(waiting)
    names.seal()
    if not count:
        raise Unreadable("truth_empty", f"the folder holds no {ending} file")
    return names


def _files(folder: Path, ending: str) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith(ending) and not name.startswith("."):
                yield os.path.relpath(os.path.join(here, name), folder).replace(os.sep, "/")
