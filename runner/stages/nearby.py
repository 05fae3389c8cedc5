"""What lies near a name that led nowhere: the names, endings and folders that may have been meant."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from runner.sources.normal import composed
from runner.sources.sniff import ENDINGS
from runner.sources.walk import walk
from runner.text.suggest import LOOSELY, did_you_mean
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
            close = did_you_mean(
                name, (item.name for item in islice(entries, MOST_LOOKED_AT)), LOOSELY
            )
    except OSError:
        return None
    if close is None or name not in entry.text.replace("\\", "/").split("/"):
        return None
    pieces = [
        close if piece == name else piece for piece in entry.text.replace("\\", "/").split("/")
    ]
    return f"did you mean `{'/'.join(pieces)}`?"


def same_name(path: str) -> str | None:
    """The file in the same folder that differs only in its ending, or in capitals."""
    folder, name = os.path.split(path)
    return next((near for near in names_in(folder) if _stem(near) == _stem(name)), None)


def other_signs(text: str) -> str | None:
    """What to write for a path of Windows on another system, or for several in one text."""
    if "\\" in text and os.sep != "\\":
        if re.match(r"[A-Za-z]:", text):
            return f"paths that start with `{text[:2]}` lead to a file only on Windows"
        slashes = text.replace("\\", "/")
        return f"write / instead of \\: `{slashes}`"
    pieces = [piece.strip().strip("\"'") for piece in text.split(",")]
    if len(pieces) > 1 and "{" not in text and all(map(_is_path, pieces)):
        return f"write a list: [{', '.join(_in_list(piece) for piece in pieces)}]"
    return None


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
    if os.path.isabs(entry.text):
        return os.path.join(path, "")
    start = entry.text.split("/")[0] if entry.text.startswith("~") else ""
    try:
        short = os.path.relpath(path, os.path.expanduser(start) if start else entry.base)
    except ValueError:  # another drive
        return path
    if short == ".":
        return f"{start}/" if start else "."
    return os.path.join(start, short, "").replace(os.sep, "/")


def _stem(name: str) -> str:
    return os.path.splitext(composed(name))[0].casefold()


def _is_path(text: str) -> bool:
    return ending_of(text) in ENDINGS or text.endswith("/") or "*" in text


def _in_list(text: str) -> str:
    """A path as it stands in a list of YAML, in quotes where it needs them."""
    return text if re.fullmatch(r"[\w.~/][\w.~/*? ()+-]*", text) else f'"{text}"'
