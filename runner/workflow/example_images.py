"""The images of an example: found by the roles of its step, and looked at while the file is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.values.image import Image, UnreadableImage
from runner.values.passing import MOST_FILE_BYTES
from runner.workflow.document import absolute
from runner.workflow.example_entry import Asked, Written
from runner.workflow.files import is_file, missing_file
from runner.workflow.findings import Findings
from runner.workflow.outside import outside
from runner.workflow.spec import SourceFile
from runner.workflow.words import kind_of, one_of, quoted

Below = tuple[str | int, ...]
"""The route of a name inside an example."""


def example_images(
    written: Written, asked: Asked, findings: Findings, sources: dict[Path, SourceFile]
) -> tuple[Image, ...]:
    """The images of an example in the order of the step; none when one is wrong, which is told. Their
    files are added to `sources`."""
    named = _by_role(written, asked, findings)
    found = [_image(*each, written, asked, findings, sources) for each in named]
    images = tuple(image for image in found if image is not None)
    return images if len(images) == len(named) else ()


def _by_role(
    written: Written, asked: Asked, findings: Findings
) -> Sequence[tuple[str, str, Below]]:
    """The role and the name of each image, and where the name stands."""
    given, roles = written.data.get("images"), asked.roles
    if roles is None or given is None:  # what is missing is told by the schema
        return ()
    if isinstance(given, dict):
        listed = {role for role, names in given.items() if isinstance(names, list)}
        if set(given) == set(roles) and listed <= asked.together:
            return [
                (role, name, ("images", role, *at))
                for role in roles
                for name, at in _each(given[role])
            ]
    else:
        names = list(_each(given))
        if len(roles) == 1 and (roles[0] in asked.together or len(names) == 1):
            return [(roles[0], name, ("images", *at)) for name, at in names]
        if len(names) == len(roles) and asked.together.isdisjoint(roles):
            pairs = zip(roles, names, strict=True)
            return [(role, name, ("images", *at)) for role, (name, at) in pairs]
    if len(roles) == 1:
        message = f"the step sends one image, and here is {kind_of(given)}"
        fix = "write images: example.jpg, and an example for each image"
    else:
        message = f"the step sends {one_of(roles, 'and')}, and an example needs each of them"
        fix = f"write images: {{{', '.join(f'{role}: {role}.jpg' for role in roles)}}}"
    findings.error("W457", written.place("images"), message, fix)
    return ()


def _image(
    role: str,
    name: str,
    at: Below,
    written: Written,
    asked: Asked,
    findings: Findings,
    sources: dict[Path, SourceFile],
) -> Image | None:
    """The image of this name, as it would be found under `images:`."""
    from runner.sources import SOURCES
    from runner.sources.inspect import MOST_BYTES

    place, document = written.place(*at), findings.document
    if "://" in name[:12]:
        fix = "download it: an example is looked at before anything is asked"
        findings.error("W457", place, "an image of an example is a file", fix)
        return None
    frame = document.data.get("frame")
    options: dict[str, object] = {
        "role": role,
        "convert": asked.preparation.convert,
        "frame": int(frame) if isinstance(frame, int | float) else 0,
    }
    if name.startswith("data:"):
        source, path = SOURCES["data"](name, **options), None
    else:
        path = absolute(written.path(name, *at))
        uploads = document.data.get("upload") in ("auto", "files")
        options["within"] = document.within
        options["most_bytes"] = MOST_FILE_BYTES if uploads else MOST_BYTES
        source = SOURCES["file"](str(path), **options)
    (candidate,) = source.list(Path())
    found = source.read(candidate, candidate.name)
    if isinstance(found, Image):
        if path is not None:
            sources.setdefault(path, SourceFile(path, "example", None))
        return found
    _tell(found, name, path, written, at, findings)
    return None


def _tell(
    found: UnreadableImage,
    name: str,
    path: Path | None,
    written: Written,
    at: Below,
    findings: Findings,
) -> None:
    """Why an image cannot be used."""
    place = written.place(*at)
    if found.issue.code == "image_outside":
        findings.problems.append(outside(name, place))
    elif path is not None and not is_file(path):
        findings.problems.append(missing_file("W457", name, path, place, ""))
    else:
        message = f"{quoted(name)} cannot be used: {found.issue.why}"
        findings.error("W457", place, message)


def _each(given: object) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every name in a text or a list of texts, and where it stands."""
    if isinstance(given, list):
        yield from ((name, (at,)) for at, name in enumerate(given))
    elif isinstance(given, str):
        yield given, ()
