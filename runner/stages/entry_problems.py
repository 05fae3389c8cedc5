"""What is wrong with one line of `images:`, with what lies nearby that may have been meant."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from runner.sources.candidate import Candidate
from runner.sources.inline import Inline
from runner.sources.opening import Unreadable
from runner.sources.pattern import is_image, split
from runner.sources.sniff import CONVERTIBLE, ENDINGS, spoken
from runner.sources.web import refuse_credentials
from runner.stages.listing import source_of
from runner.stages.nearby import (
    MOST_LOOKED_AT,
    any_name,
    ending_of,
    endings_spoken,
    files_in,
    folders_with_images,
    names_in,
    other_ending,
    other_name,
    short,
)
from runner.values.image import UnreadableImage
from runner.values.problem import Problem
from runner.workflow.spec import ImageEntry, Preparation

Seen = dict[tuple[int, int], str]
"""The files of earlier entries, by device and inode."""


def entry_problems(
    entry: ImageEntry, preparation: Preparation, seen: Seen, several: bool
) -> list[Problem]:
    """The problems of an entry. `seen` grows by its files when there are `several` entries."""
    match entry.kind:
        case "web":
            return list(_web(entry))
        case "data":
            return list(_data(entry, preparation))
        case "file":
            found = list(_file(entry))
        case "pattern":
            found = list(_pattern(entry, preparation))
        case _:
            found = list(_folder(entry, preparation))
    if found and found[0].severity == "error":
        return found
    return [*found, *_contents(entry, preparation, seen, several)]


def _web(entry: ImageEntry) -> Iterator[Problem]:
    try:
        refuse_credentials(entry.value)
    except Unreadable as error:
        yield Problem("W415", error.issue.why, entry.place)


def _data(entry: ImageEntry, preparation: Preparation) -> Iterator[Problem]:
    found = next(
        Inline(entry.value, convert=preparation.convert, frame=preparation.frame).find(entry.base)
    )
    if isinstance(found, UnreadableImage):
        yield Problem(
            "W416", f"the image in the text cannot be used: {found.issue.why}", entry.place
        )


def _file(entry: ImageEntry) -> Iterator[Problem]:
    path = os.path.join(entry.base, entry.value)
    if os.path.isdir(path):
        fix = f"write `{entry.text.rstrip('/')}/` for all images in it"
        yield Problem("W403", f"`{entry.text}` is a folder, not a file", entry.place, fix=fix)
    elif not os.path.exists(path):
        message = f"there is no file `{entry.text}`"
        yield Problem("W403", message, entry.place, fix=other_name(path, entry), found=path)


def _folder(entry: ImageEntry, preparation: Preparation) -> Iterator[Problem]:
    path = os.path.normpath(os.path.join(entry.base, entry.value))
    text = entry.text.rstrip("/")
    if not os.path.isdir(path):
        message, fix = f"there is no folder `{entry.text}`", other_name(path, entry)
        if os.path.exists(path):
            message, fix = f"`{entry.text}` is a file, not a folder", f"write `{text}`"
        yield Problem("W403", message, entry.place, fix=fix, found=path)
        return
    deeper = folders_with_images(path)
    if next(_candidates(entry, preparation), None) is None:
        fix = f"write `{text}/**` to take those in its sub-folders" if deeper else None
        holds = endings_spoken(Counter(ending_of(name) for name in names_in(path)))
        message = f"there is no image in the folder `{entry.text}`, which has {holds}"
        yield Problem("W404", message, entry.place, fix=fix, found=path)
        return
    skipped = [name for name in names_in(path) if not is_image(os.path.join(path, name))]
    if skipped:
        yield Problem(
            "W405",
            f"{_several(len(skipped), 'file')} in `{entry.text}` {_be(len(skipped))} no image and"
            f" {_be(len(skipped))} skipped: {_few(skipped)}",
            entry.place,
            severity="warning",
        )
    if deeper:
        yield Problem(
            "W405",
            f"the images in sub-folders of `{entry.text}` are skipped: {_few(deeper)}",
            entry.place,
            severity="warning",
            fix=f"write `{text}/**` to take them, too",
        )


def _pattern(entry: ImageEntry, preparation: Preparation) -> Iterator[Problem]:
    if next(_candidates(entry, preparation), None) is not None:
        return
    root, parts = split(entry.value, entry.base)
    fix: str | None
    message = f"the pattern `{entry.text}` matches no file"
    if not os.path.isdir(root):
        fix = other_name(root, entry)
        message = f"{message}: there is no folder `{short(root, entry)}`"
        yield Problem("W401", message, entry.place, fix=fix, found=entry.text)
        return
    deeper = parts[0] != "**" and next(files_in(root, ("**", *parts)), None)
    endings = Counter(
        ending_of(name) for name in islice(files_in(root, any_name(parts)), MOST_LOOKED_AT)
    )
    if deeper:
        start = entry.text[: len(entry.text) - len("/".join(parts))]
        fix = f"write `{start}**/{'/'.join(parts)}` to look in its sub-folders"
    else:
        fix = other_ending(entry, parts, endings)
    message = f"{message} in `{short(root, entry)}`, which has {endings_spoken(endings)}"
    yield Problem("W401", message, entry.place, fix=fix, found=entry.text)


def _contents(
    entry: ImageEntry, preparation: Preparation, seen: Seen, several: bool
) -> Iterator[Problem]:
    """One pass over the files: those named before, and those of a type that is not sent."""
    again: list[str] = []
    unsent: list[str] = []
    for candidate in _candidates(entry, preparation):
        if candidate.problem is not None:
            why = f"`{candidate.longer}`: {candidate.problem.why}"
            yield Problem("W414", why, entry.place, severity="warning")
            continue
        if ENDINGS.get(ending_of(candidate.where)) in CONVERTIBLE and not preparation.convert:
            unsent.append(candidate.where)
        if several and (same := _identity(candidate.where)):
            if same in seen:
                again.append(candidate.longer)
            seen[same] = entry.text
    if again:
        message = f"`{entry.text}` names {_several(len(again), 'image')} once more: {_few(again)}"
        yield Problem("W402", message, entry.place, severity="warning")
    if unsent:
        what = spoken(ENDINGS[ending_of(unsent[0])])
        yield Problem(
            "W417",
            f"{_several(len(unsent), 'file')} of `{entry.text}` cannot be sent: `{os.path.basename(unsent[0])}`"
            f" is {what}, which is not among the types that Gemini documents",
            entry.place,
            severity="warning",
            fix="write `convert: png` at the top of the workflow",
        )


def _candidates(entry: ImageEntry, preparation: Preparation) -> Iterator[Candidate]:
    return source_of(entry.kind, entry.value, "image", preparation, None).list(entry.base)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _several(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _few(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
