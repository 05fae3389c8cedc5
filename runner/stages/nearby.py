"""What lies near a name that led nowhere: the names, endings and folders that may have been meant."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from runner.sources.sniff import ENDINGS
from runner.sources.walk import walk
from runner.text.suggest import did_you_mean
from runner.workflow.spec import ImageEntry

MOST_LOOKED_AT = 10_000
"""When nothing matches, as many names are looked at to find what may have been meant."""


def other_name(path: str, entry: ImageEntry) -> str | None:
    """A close name in the nearest folder that exists, put into the author's own text."""
    missing = path
    while not os.path.isdir(os.path.dirname(missing)) and os.path.dirname(missing) != missing:
        missing = os.path.dirname(missing)
    folder, name = os.path.split(missing)
    try:
        with os.scandir(folder) as entries:
            close = did_you_mean(name, (item.name for item in islice(entries, MOST_LOOKED_AT)))
    except OSError:
        return None
    if close is None or name not in entry.text.replace("\\", "/").split("/"):
        return None
    pieces = [
        close if piece == name else piece for piece in entry.text.replace("\\", "/").split("/")
    ]
    return f"did you mean `{'/'.join(pieces)}`?"


def other_ending(entry: ImageEntry, parts: tuple[str, ...], endings: Counter[str]) -> str | None:
    """The same pattern with the ending of the images that are there."""
    stem, dot, _ = parts[-1].rpartition(".")
    images = [ending for ending, _ in endings.most_common() if ending in ENDINGS]
    if not dot or not images or stem != "*":
        return None
    endless = entry.text[: len(entry.text) - len(parts[-1])]
    if len(images) == 1:
        return f"did you mean `{endless}*{images[0]}`?"
    return f"did you mean `{endless}*.{{{','.join(ending[1:] for ending in images[:4])}}}`?"


def folders_with_images(folder: str) -> list[str]:
    """The sub-folders that hold an image at any depth."""
    found = islice(files_in(folder, ("*", "**", "*")), MOST_LOOKED_AT)
    names = (
        os.path.relpath(path, folder).split(os.sep)[0]
        for path in found
        if ending_of(path) in ENDINGS
    )
    return list(dict.fromkeys(names))


def names_in(folder: str) -> list[str]:
    """The files in a folder, by name."""
    return [os.path.basename(path) for path in islice(files_in(folder, ("*",)), MOST_LOOKED_AT)]


def files_in(root: str, parts: tuple[str, ...]) -> Iterator[str]:
    """The files that match, without the folders that cannot be listed."""
    return (found for found in walk(root, parts) if isinstance(found, str))


def any_name(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The same folders with any file in them."""
    return (*parts[:-1], "*")


def ending_of(name: str) -> str:
    """`.jpg`, in small letters."""
    return os.path.splitext(name)[1].lower()


def endings_spoken(endings: Counter[str]) -> str:
    """Images first, then by number: `12 .png, 3 .txt`."""
    common = sorted(endings.most_common(), key=lambda item: item[0] not in ENDINGS)
    words = [f"{count} {ending or 'without an ending'}" for ending, count in common[:4]]
    return ", ".join(words) or "no files"


def short(path: str, entry: ImageEntry) -> str:
    """A folder as the author of the entry would write it."""
    try:
        short = os.path.relpath(path, entry.base).replace(os.sep, "/")
    except ValueError:  # another drive
        return path
    return "." if short == "." else f"{short}/"
