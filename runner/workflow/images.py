"""`images:` — which images there are, by name; what they are is found out when they are gathered."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.text.suggest import did_you_mean
from runner.values.problem import Route
from runner.workflow.document import absolute, join
from runner.workflow.files import is_file, is_folder
from runner.workflow.findings import Findings
from runner.workflow.outside import stays
from runner.workflow.spec import ImageEntry, ImageSet, StepImage
from runner.workflow.words import quoted

UNNAMED = "image"
"""The name of images that the author gave none."""

ITEM = "item"
"""The cut-out that a step is run for."""

ALL = "all"
"""`{all: scans/*.jpg}`: these images together, in one request."""

RESERVED_ROLES = frozenset(["vars", "row", "item", "truth", "case", "run", "steps", "matrix", ALL])

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(//)?", re.IGNORECASE)


def image_sets(images: object, findings: Findings) -> tuple[ImageSet, ...]:
    """The images under each name, in the author's order."""
    if isinstance(images, dict) and images.keys() != {ALL}:
        for role in images:
            _check_role(role, findings)
        sets = [_set(role, value, ("images", role), findings) for role, value in images.items()]
    else:
        sets = [_set(UNNAMED, images, ("images",), findings)]
    return tuple(each for each in sets if each.entries)


def _set(role: str, value: object, route: Route, findings: Findings) -> ImageSet:
    together = isinstance(value, dict) and value.keys() == {ALL}
    if isinstance(value, dict) and together:
        value, route = value[ALL], (*route, ALL)
    return ImageSet(role, tuple(_entries(value, route, findings)), together)


def _check_role(role: str, findings: Findings) -> None:
    if role in RESERVED_ROLES:
        message = f"no images can be called `{role}`: the word has a meaning of its own"
        fix = f"write for example {role}_image:"
        if role == ALL:
            fix = "to send all of some images together, write for example pages: {all: scans/*.jpg}"
        findings.error("W207", ("images", role), message, fix, key=True)


def _entries(value: object, route: Route, findings: Findings) -> Iterator[ImageEntry]:
    listed = value if isinstance(value, list) else [value]
    for index, text in enumerate(listed):
        here = (*route, index) if isinstance(value, list) else route
        if isinstance(text, dict):
            yield from _pinned(text, here, findings)
        elif isinstance(text, str) and text.strip():
            entry = _entry(text.strip(), here, findings)
            if entry is not None:
                yield entry


def _pinned(written: Mapping[str, Any], route: Route, findings: Findings) -> Iterator[ImageEntry]:
    """A web image with the digest of its content."""
    url, sha256 = written.get("url"), written.get("sha256")
    if isinstance(url, str) and isinstance(sha256, str):
        entry = _entry(url.strip(), (*route, "url"), findings)
        if entry is not None:
            yield replace(entry, sha256=sha256.lower())


def _entry(text: str, route: Route, findings: Findings) -> ImageEntry | None:
    document = findings.document
    place, base = document.place(route), document.base(route)
    scheme = _SCHEME.match(text)
    if scheme and len(scheme[1]) > 1:  # one letter is a drive of Windows
        match scheme[1].lower():
            case "http" | "https" if scheme[2]:
                return ImageEntry("web", text, text, base, place)
            case "data":
                return ImageEntry("data", text, text, base, place)
        if not is_file(base / text):
            fix = f"write the path alone: {text[scheme.end() :]}" if scheme[1] == "file" else None
            fix = fix or "download the image, or use an https:// address"
            message = f"images cannot come from an address that starts with `{scheme[0]}`"
            findings.error("W449", place, message, fix)
            return None
    path = absolute(join(base, text))
    stays(text, path, route, findings)
    return ImageEntry(_kind(text, path), str(path), text, base, place)


def _kind(text: str, path: Path) -> Any:
    if is_folder(path) or text.endswith(("/", os.sep)):
        return "folder"
    if not is_file(path) and any(sign in text for sign in "*?["):
        return "pattern"
    return "file"


def step_images(
    step: Mapping[str, Any],
    route: Route,
    roles: tuple[str, ...] | None,
    findings: Findings,
    *,
    has_item: bool = False,
) -> tuple[StepImage, ...]:
    """The images that a step sends, in its order; empty for all of the case. `has_item`: it is run
    for cut-outs, one by one."""
    given = step.get("images")
    listed = given if isinstance(given, list) else [] if given is None else [given]
    chosen: list[StepImage] = []
    for index, value in enumerate(listed):
        here = (*route, "images", index) if isinstance(given, list) else (*route, "images")
        name = value.get("image") if isinstance(value, dict) else value
        here = (*here, "image") if isinstance(value, dict) else here
        if isinstance(name, str) and _is_known(name, here, roles, findings, has_item):
            resolution = value.get("media_resolution") if isinstance(value, dict) else None
            chosen.append(StepImage(name, resolution))
    return tuple(chosen)


def _is_known(
    name: str,
    route: Route,
    roles: tuple[str, ...] | None,
    findings: Findings,
    has_item: bool,
) -> bool:
    if roles is None or name in roles or (has_item and name == ITEM):
        return True
    if name.partition(".")[0] == ITEM:
        message = "`item` is an image only in a step that is run for cut-outs"
        said = "cut them out in a step before (do: crop), and write for_each: crops.images"
        findings.error("W331", route, message, said)
        return False
    if has_item:
        said = "write images: item; a list such as [item, image] sends more with it"
        findings.error("W305", route, f"there are no images called {quoted(name)}", said)
        return False
    if name.endswith(".images"):
        said = f"write for_each: {name} instead: the step is then run for each of them"
        findings.error("W305", route, f"there are no images called {quoted(name)}", said)
        return False
    if name == "images":
        said = "delete the line: all images of a case are sent when nothing is said"
        findings.error("W305", route, "`images` is no name of images", said)
        return False
    if re.search(r"\.(jpe?g|png|webp|heic|heif|gif|bmp|tiff?)$", name, re.IGNORECASE):
        message = f"{quoted(name)} is a file; here stands the name of images"
        said = "name files in `images:` at the top of the file"
        findings.error("W305", route, message, said)
        return False
    close = did_you_mean(name, roles)
    fix: str | None = f"did you mean `{close}`?" if close else None
    if roles == (UNNAMED,):
        fix = "write images: image, or delete the line: all images are sent"
    findings.error("W305", route, f"there are no images called {quoted(name)}", fix, allowed=roles)
    return False
