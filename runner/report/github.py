"""Workflow commands of GitHub Actions: what it shows beside the lines of a change.

Source of the commands and of their escapes: docs.github.com, workflow commands; github.com/actions/runner,
ActionCommand.cs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.text.excerpt import visible
from runner.text.words import number
from runner.values.problem import Place, Severity

SHOWN = 10
"""GitHub shows so many errors and so many warnings of a step, and drops the rest without a word."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One remark beside a line of a file; without a place it stands above all files."""

    severity: Severity
    title: str
    message: str
    place: Place | None = None


def commands(annotations: Sequence[Annotation], root: Path) -> Iterator[str]:
    """A line for each annotation: errors, then warnings, otherwise in the order given, so the worst
    come first. Of more than GitHub shows, the last line says how many there are. `root` is the
    folder of the repository; files are named from there."""
    for severity in ("error", "warning"):
        ranked = [each for each in annotations if each.severity == severity]
        most = SHOWN if len(ranked) <= SHOWN else SHOWN - 1
        yield from (_command(each, root) for each in ranked[:most])
        if len(ranked) > most:
            yield f"::{severity} title=askpix::and {number(len(ranked) - most, f'more {severity}')}"


def _command(annotation: Annotation, root: Path) -> str:
    properties: dict[str, object] = {}
    if (place := annotation.place) is not None:
        properties = {"file": _from(root, place.file), "line": place.line, "col": place.column}
        if place.end_column is not None:
            properties |= {"endLine": place.line, "endColumn": place.end_column}
    properties["title"] = annotation.title
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{annotation.severity} {listed}::{_data(annotation.message)}"


def _from(root: Path, file: str) -> str:
    """The file as GitHub wants it: from the folder of the repository, with slashes."""
    path = os.path.abspath(file)
    absolute, real = os.path.abspath(root), os.path.realpath(root)
    for base, found in ((absolute, path), (real, os.path.realpath(path))):
        start = os.path.join(base, "")
        if found.startswith(start):
            return found.removeprefix(start).replace(os.sep, "/")
    return file.replace(os.sep, "/")


def _data(text: str) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return "".join(char if char == "\t" or char.isprintable() else visible(char) for char in text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
