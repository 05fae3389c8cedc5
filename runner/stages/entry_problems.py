"""What is wrong with one line of `images:`, with what lies nearby that may have been meant."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from runner.sources.candidate import Candidate
from runner.sources.inline import Inline
from runner.sources.inside import STAY
from runner.sources.normal import stored
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
    other_signs,
    short,
)
from runner.stages.survey import Survey
from runner.values.image import UnreadableImage
from runner.values.problem import Problem
from runner.values.result import Issue
from runner.workflow.spec import ImageEntry, Preparation


def entry_problems(entry: ImageEntry, preparation: Preparation, survey: Survey) -> list[Problem]:
    """The problems of an entry; `survey` grows by its images."""
    match entry.kind:
        case "web":
            found = list(_web(entry))
        case "data":
            found = list(_data(entry, preparation))
        case "file":
            found = list(_file(entry))
        case "pattern":
            found = list(_pattern(entry, preparation))
        case _:
            found = list(_folder(entry, preparation))
    if found and found[0].severity == "error":
        signs = other_signs(entry.text) if found[0].code in ("W401", "W403") else None
        return [replace(found[0], fix=signs), *found[1:]] if signs else found
    return [*found, *_contents(entry, preparation, survey)]


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
    path = stored(os.path.join(entry.base, entry.value))
    if os.path.isdir(path):
        fix = f"write `{entry.text.rstrip('/')}/` for all images in it"
        yield Problem("W403", f"`{entry.text}` is a folder, not a file", entry.place, fix=fix)
    elif not os.path.exists(path):
        message = f"there is no file `{entry.text}`"
        yield Problem("W403", message, entry.place, fix=other_name(path, entry), found=path)


def _folder(entry: ImageEntry, preparation: Preparation) -> Iterator[Problem]:
    path = stored(os.path.normpath(os.path.join(entry.base, entry.value)))
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
    skipped = [
        name
        for name in names_in(path)
        if not is_image(os.path.join(path, name), preparation.within)
    ]
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


def _contents(entry: ImageEntry, preparation: Preparation, survey: Survey) -> Iterator[Problem]:
    """One pass over the images: those named before, and those that cannot be sent."""
    again: list[str] = []
    broken: list[tuple[str, str]] = []
    unsent: list[str] = []
    outside: list[str] = []
    for candidate in _candidates(entry, preparation):
        if not survey.is_new(candidate):
            again.append(candidate.longer)
            continue
        issue = survey.refusal(candidate)
        if issue is not None and issue.code == "image_outside":
            outside.append(candidate.longer)
        elif not preparation.convert and _is_convertible(candidate, issue, survey):
            unsent.append(candidate.where)
        elif issue is not None:
            broken.append((candidate.longer, issue.why))
    if again:
        text = entry.text if entry.kind != "data" else "data:…"
        which = f": {_few(again)}" if entry.kind in ("pattern", "folder") else ""
        once = "it is asked about once" if len(again) == 1 else "they are asked about once"
        message = f"`{text}` names {_several(len(again), 'image')} once more{which}; {once}"
        yield Problem("W402", message, entry.place, severity="warning")
    if outside:
        leads = "is a link that leads" if len(outside) == 1 else "are links that lead"
        message = f"{_few(outside)} {leads} out of the folder of the workflow"
        yield Problem("W452", message, entry.place, fix=STAY)
    yield from _broken(entry, broken, survey.looks.bound)
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


def _broken(entry: ImageEntry, found: list[tuple[str, str]], bound: str) -> Iterator[Problem]:
    """The first images that cannot be used, and how many more; the last says how far was looked."""
    told = [f"`{name}`: {why}" for name, why in found[:3]]
    if more := [name for name, _ in found[3:]]:
        least = "at least " if bound else ""
        count = _several(len(more), "more image")
        told.append(f"{least}{count} of `{entry.text}` cannot be used: {_few(more)}")
    for number, why in enumerate(told, 1):
        ends = bound if number == len(told) else ""
        yield Problem("W414", f"{why}{ends}", entry.place, severity="warning")


def _candidates(entry: ImageEntry, preparation: Preparation) -> Iterator[Candidate]:
    return source_of(entry.kind, entry.value, "image", preparation).list(entry.base)


def _is_convertible(candidate: Candidate, issue: Issue | None, survey: Survey) -> bool:
    """True for a GIF and the like; those that are not looked at any more are told by their names."""
    if ENDINGS.get(ending_of(candidate.where)) not in CONVERTIBLE:
        return False
    return not survey.looks.left if issue is None else issue.code == "image_type_unsupported"


def _several(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _few(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
