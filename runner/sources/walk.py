"""Walks folders for files that match a pattern: sorted, lazily, folder by folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice, product
from pathlib import Path

from runner.sources.inside import is_inside
from runner.sources.normal import composed
from runner.sources.opening import outside
from runner.sources.order import natural
from runner.values.result import Issue

_MOST_ALTERNATIVES = 64


@dataclass(frozen=True, slots=True)
class Blocked:
    """A folder that is not listed, and why."""

    folder: str
    issue: Issue


def walk(root: str, parts: tuple[str, ...], within: Path | None = None) -> Iterator[str | Blocked]:
    """The files below `root` whose path matches these components, in natural order.

    `*`, `?`, `[abc]`, `{a,b}` stand for parts of one name, `**` for any number of folders. The
    ending is compared without regard to capitals, and umlauts without regard to how they are
    stored. Names that begin with a dot are matched only by a component that does, too. `**` does
    not enter links to folders, so it cannot go in circles; a component that names one does,
    where it leads to a folder `within` this one. Each folder is visited once, whatever the pattern.
    """
    steps = tuple(_alternatives(composed(part)) for part in _without_repeats(parts))
    stack = [_below(root, frozenset({0}), steps)]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
        elif isinstance(found, tuple):
            folder, states, is_link = found
            if is_link and not is_inside(folder, within):
                yield Blocked(folder, outside().issue)
            else:
                stack.append(_below(folder, states, steps))
        else:
            yield found


Steps = tuple[tuple[str, ...], ...]
Deeper = tuple[str, frozenset[int], bool]
"""A folder to enter, the positions in the pattern inside it, whether it is a link."""

_ANY_DEPTH = ("**",)


def _below(folder: str, states: frozenset[int], steps: Steps) -> Iterator[str | Blocked | Deeper]:
    """Files to yield and folders to enter, in the order of their names.

    `states` are the positions in the pattern that the entries of this folder may stand at.
    """
    states |= {state + 1 for state in states if steps[state] == _ANY_DEPTH}
    try:
        with os.scandir(folder) as entries:
            found = [_step(entry, states, steps) for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        why = f"the folder cannot be listed: {error.strerror or type(error).__name__}"
        yield Blocked(folder, Issue("folder_unreadable", why))
        return
    kept = sorted((item for item in found if item), key=lambda item: natural(item[0]))
    for name, onward, is_link in kept:
        path = os.path.join(folder, name)
        yield path if onward is None else (path, onward, is_link)


def _step(
    entry: os.DirEntry[str], states: frozenset[int], steps: Steps
) -> tuple[str, frozenset[int] | None, bool] | None:
    """The entry's name, the positions inside it (None for a file) and whether it is a link to a
    folder; None when it has no part."""
    name = composed(entry.name)
    matching = [state for state in states if _matches(name, steps[state])]
    last = len(steps) - 1
    if not _is_folder(entry):
        return (entry.name, None, False) if last in matching else None
    is_link = entry.is_symlink()
    deeper = entry.name[:1] != "." and not is_link
    onward = frozenset(
        {state for state in states if steps[state] == _ANY_DEPTH and deeper}
        | {state + 1 for state in matching if state < last and steps[state] != _ANY_DEPTH}
    )
    return (entry.name, onward, is_link) if onward else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False


def _matches(name: str, alternatives: tuple[str, ...]) -> bool:
    return any(_matches_one(name, pattern) for pattern in alternatives)


def _matches_one(name: str, pattern: str) -> bool:
    if name.startswith(".") and not pattern.startswith("."):
        return False
    stem, dot, ending = pattern.rpartition(".")
    if not dot or set(ending) & set("*?[]"):
        return fnmatchcase(name, pattern)
    own_stem, _, own_ending = name.rpartition(".")
    return own_ending.casefold() == ending.casefold() and fnmatchcase(own_stem, stem)


def _alternatives(part: str) -> tuple[str, ...]:
    """`*.{jpg,png}` → `*.jpg`, `*.png`."""
    pieces: list[list[str]] = []
    rest = part
    while True:
        before, brace, behind = rest.partition("{")
        inner, close, after = behind.partition("}")
        if not brace or not close or "," not in inner:
            pieces.append([rest])
            break
        pieces += [[before], inner.split(",")]
        rest = after
    every = islice(product(*pieces), _MOST_ALTERNATIVES)
    return tuple(dict.fromkeys("".join(choice) for choice in every))


def _without_repeats(parts: tuple[str, ...]) -> Iterator[str]:
    """`**/**` is `**`; a `**` at the end means every file below."""
    for position, part in enumerate(parts):
        if part != "**" or parts[position - 1 : position] != ("**",):
            yield part
    if parts[-1:] == ("**",):
        yield "*"
