"""`truth:` — correct answers by name: columns of the table, and files that name images."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, get_args

from runner.sources.parquet import INSTALL, NEEDS_PYARROW, is_there
from runner.text.suggest import LOOSELY, did_you_mean
from runner.values.problem import Rejected, Route, errors_of
from runner.values.shape import Space
from runner.workflow.dataset import SAVE_AS_CSV, SPREADSHEETS, table_format
from runner.workflow.document import absolute
from runner.workflow.files import NotReadable, content_of, is_file, is_folder, missing_file
from runner.workflow.findings import Findings
from runner.workflow.outside import stays
from runner.workflow.parts import ANY, Part
from runner.workflow.spec import SourceFile, TruthFormat, TruthSpec
from runner.workflow.words import one_of, quoted

FORMATS: tuple[str, ...] = tuple(each for each in get_args(TruthFormat) if each != "column")
FOLDERS = frozenset({"yolo", "masks"})

_OPTIONS: Mapping[str, frozenset[str]] = {
    "classes": frozenset({"yolo", "masks"}),
    "step": frozenset({"results"}),
}
"""Options of a truth and the formats that take them."""

_MOST_LOOKED_AT = 1000

_NUMBER_AS_KEY = re.compile(rb"(^[ ]*|[{,][ ]*)(\d+)([ ]*:[ \r\n])", re.MULTILINE)
"""Other tools number classes with `0: cat`; keys of this format are texts."""


@dataclass(frozen=True, slots=True)
class Truths:
    """The truths of a workflow, what references to them lead to, and the files that they are in."""

    specs: tuple[TruthSpec, ...] = ()
    parts: Mapping[str, Part] = field(default_factory=dict)
    sources: tuple[SourceFile, ...] = ()


def truths_of(
    data: Mapping[str, Any], columns: tuple[str, ...] | None, findings: Findings
) -> Truths:
    """Every truth that is named, at the top of the file and in the dataset. One that cannot be
    used is told; references to it lead anywhere. `columns` are those of the table, if known."""
    specs: list[TruthSpec] = []
    parts: dict[str, Part] = {}
    sources: list[SourceFile] = []
    for route, written in _written(data):
        name = str(route[-1])
        if name in parts:
            message = f"there are two truths `{name}`"
            findings.error("W454", route, message, "give one of them another name", key=True)
            continue
        parts[name] = ANY
        spec = _spec(name, written, route, columns, findings)
        if spec is not None:
            labels, files = _labels(written, spec, route, findings)
            spec = replace(spec, labels=labels)
            specs.append(spec)
            parts[name] = _part(spec)
            sources += [*_copied(spec), *files]
    return Truths(tuple(specs), parts, tuple(sources))


def _written(data: Mapping[str, Any]) -> Iterator[tuple[Route, Any]]:
    for route, owner in (((), data), (("dataset",), data.get("dataset"))):
        named = owner.get("truth") if isinstance(owner, dict) else None
        if isinstance(named, dict):
            for name, written in named.items():
                if written is not None:
                    yield (*route, "truth", name), written


def _spec(
    name: str, written: Any, route: Route, columns: tuple[str, ...] | None, findings: Findings
) -> TruthSpec | None:
    place = findings.document.place(route, key=True)
    if isinstance(written, str):
        written, at = {"file": written}, route
    else:
        at = (*route, "file")
    column, file = written.get("column"), written.get("file")
    if (column is None) == (file is None):
        message = "a truth is either a `file` or a `column` of the table"
        findings.error("W454", route, message, "write one of them", key=True)
        return None
    if column is not None:
        return _column(name, written, (*route, "column"), columns, findings)
    path = findings.document.path(at, file)
    if not stays(file, path, at, findings):
        return None
    form = _format(file, path, written.get("format"), at, findings)
    if form is None or not _options_fit(written, form, route, findings):
        return None
    return TruthSpec(name, form, place, absolute(path), step=written.get("step"))


def _column(
    name: str,
    written: Mapping[str, Any],
    at: Route,
    columns: tuple[str, ...] | None,
    findings: Findings,
) -> TruthSpec | None:
    column = written["column"]
    extra = [key for key in ("format", "classes", "step") if written.get(key) is not None]
    if extra:
        message = f"`{extra[0]}` has no meaning beside `column`"
        findings.error("W454", (*at[:-1], extra[0]), message, "delete the line", key=True)
        return None
    if columns is not None and column not in columns:
        close = did_you_mean(column, columns, LOOSELY)
        fix = f"did you mean `{close}`?" if close else None
        message = (
            f"the dataset has no column {quoted(column)}"
            if columns
            else "this workflow has no `dataset`, so there are no columns"
        )
        findings.error("W313", at, message, fix, allowed=columns)
        return None
    place = findings.document.place(at[:-1], key=True)
    return TruthSpec(name, "column", place, column=column)


def _format(
    name: str, path: Path, written: str | None, at: Route, findings: Findings
) -> TruthFormat | None:
    """The format of a file or folder; None when there is none, which is told."""
    place = findings.document.place(at)
    if is_folder(path):
        form = written or _format_of_folder(path)
        if form in FOLDERS:
            return form  # type: ignore[return-value]  # one of the literal words
        message = f"{quoted(name)} is a folder"
        fix = "name the file in it"
        if written is None:
            message += " with neither label files (.txt) nor masks (.png)"
            fix = "name a file, or a folder that holds them"
        findings.error("W454", place, message, fix)
        return None
    if not is_file(path):
        findings.problems.append(missing_file("W454", name, path, place, "with the truth"))
        return None
    is_spreadsheet = path.suffix.lower() in SPREADSHEETS
    form = None if is_spreadsheet else written or _format_of_file(path)
    if form is None:
        message = f"{quoted(name)} is not named like a truth that can be read"
        fix = f"write format: {one_of(FORMATS)} beside `file:`"
        if is_spreadsheet:
            message, fix = f"`{name}` is a spreadsheet", SAVE_AS_CSV
        findings.error("W454", place, message, fix)
        return None
    if form in FOLDERS:
        message = f"`format: {form}` is a folder with a file for each image"
        findings.error("W454", place, message, "name the folder")
        return None
    if form == "boxes" and path.suffix.lower() == ".parquet" and not is_there():
        findings.error("W453", place, NEEDS_PYARROW, INSTALL)
        return None
    return form  # type: ignore[return-value]  # the schema admits only these words


def _format_of_file(path: Path) -> str | None:
    ending = path.suffix.lower()
    if ending == ".json":
        return "labelstudio" if _is_list(path) else "coco"
    match table_format(path):
        case None:
            return None
        case "jsonl":
            return "results"
        case _:
            return "boxes"


def _is_list(path: Path) -> bool:
    """Whether the JSON of a file is a list, as that of Label Studio's tasks is."""
    try:
        with path.open("rb") as file:
            return file.read(_LOOKED_AT).removeprefix(BOM_UTF8).lstrip()[:1] == b"["
    except OSError:
        return False  # opening it tells what is wrong


_LOOKED_AT = 1000


def _format_of_folder(path: Path) -> str | None:
    """What the first files of a folder, or of its sub-folders, look like."""
    for _, folders, files in islice(os.walk(path), _MOST_LOOKED_AT):
        folders.sort()
        endings = {os.path.splitext(file)[1].lower() for file in files if file != "classes.txt"}
        if ".txt" in endings:
            return "yolo"
        if ".png" in endings:
            return "masks"
    return None


def _options_fit(written: Mapping[str, Any], form: str, route: Route, findings: Findings) -> bool:
    for option, forms in _OPTIONS.items():
        if written.get(option) is not None and form not in forms:
            message = f"`{option}` has no meaning for `format: {form}`"
            findings.error("W454", (*route, option), message, "delete the line", key=True)
            return False
    return True


def _labels(
    written: Any, spec: TruthSpec, route: Route, findings: Findings
) -> tuple[dict[int, str], list[SourceFile]]:
    """The names of classes by number, and the file that they are in."""
    if spec.format not in FOLDERS or spec.file is None:
        return {}, []
    classes = written.get("classes") if isinstance(written, dict) else None
    at = (*route, "classes")
    match classes:
        case list() | dict():
            return _numbered(classes), []
        case str():
            path = findings.document.path(at, classes)
            if not stays(classes, path, at, findings):
                return {}, []
            if not is_file(path):
                place = findings.document.place(at)
                findings.problems.append(missing_file("W454", classes, path, place, "of classes"))
                return {}, []
            return _read_labels(path, at, findings)
    found = _beside(spec.file) if spec.format == "yolo" else None
    return _read_labels(found, route, findings) if found else ({}, [])


def _beside(folder: Path) -> Path | None:
    """The list of classes that tools write beside labels: `data.yaml` above, `classes.txt` among
    them."""
    above = (folder, folder.parent, folder.parent.parent)
    names = [folder / "classes.txt", *(each / "data.yaml" for each in above)]
    return next((path for path in names if is_file(path)), None)


def _read_labels(
    path: Path, at: Route, findings: Findings
) -> tuple[dict[int, str], list[SourceFile]]:
    try:
        content = content_of(path, findings.document.within)
        if path.suffix.lower() in (".yaml", ".yml"):
            labels = _from_yaml(content, path)
        else:
            lines = content.decode("utf-8-sig").splitlines()
            labels = {number: line.strip() for number, line in enumerate(lines) if line.strip()}
    except NotReadable as error:
        if error.outside:
            return {}, []  # found by itself, so it is not looked at
        why = error.why
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except ValueError as error:
        why = str(error)
    else:
        return labels, [SourceFile(absolute(path), "truth", content)]
    findings.error("W454", at, f"the classes in `{path.name}` cannot be read: {why}")
    return {}, []


def _from_yaml(content: bytes, path: Path) -> dict[int, str]:
    from runner.text.source import read

    try:
        data = read(_NUMBER_AS_KEY.sub(rb'\1"\2"\3', content), path.name).data
    except Rejected as rejected:
        raise ValueError(errors_of(rejected.problems)[0].message) from None
    names = data.get("names") if isinstance(data, dict) else None
    if not isinstance(names, list | dict):
        raise ValueError("it has no `names:`")
    if isinstance(data, dict) and data.get("kpt_shape") is not None:
        raise ValueError("labels of poses (`kpt_shape`) are not read; a COCO file holds keypoints")
    return _numbered(names)


def _numbered(names: list[Any] | dict[Any, Any]) -> dict[int, str]:
    pairs = enumerate(names) if isinstance(names, list) else names.items()
    return {int(n): str(name) for n, name in pairs if str(n).isdigit() and name is not None}


def _copied(spec: TruthSpec) -> list[SourceFile]:
    """A file is copied into the run folder like a table; a folder stays where it is."""
    if spec.file is None or spec.format in FOLDERS:
        return []
    return [SourceFile(spec.file, "truth", None)]


def _part(spec: TruthSpec) -> Part:
    """What a reference to a truth may look at."""
    match spec.format:
        case "boxes":
            return _list({"box": "box"}, *_columns(spec))
        case "coco":
            spaces: dict[str, Space] = {
                "box": "box", "polygon": "polygon", "mask": "mask", "point": "point"
            }  # fmt: skip
            return _list(spaces, "iscrowd", "attributes", "score", "visible", "thing")
        case "labelstudio":
            places: dict[str, Space] = {
                "box": "box", "polygon": "polygon", "mask": "mask", "point": "point"
            }  # fmt: skip
            return _list(places)
        case "yolo":
            return _list({"box": "box", "polygon": "polygon"}, "score")
        case "masks":
            return _list({"box": "box", "mask": "mask"})
        case _:
            return ANY


def _list(spaces: Mapping[str, Space], *others: str) -> Part:
    fields = {name: Part("coordinates", spaces=frozenset({one})) for name, one in spaces.items()}
    fields |= {"label": Part("text")} | dict.fromkeys(others, ANY)
    every = frozenset(spaces.values())
    return Part("list", entry=Part("record", fields=fields, spaces=every), spaces=every)


def _columns(spec: TruthSpec) -> tuple[str, ...]:
    from runner.sources.opening import Unreadable
    from runner.sources.table import columns
    from runner.sources.truth.boxes import COLUMNS

    assert spec.file is not None
    try:
        names = columns(spec.file, table_format(spec.file) or "csv", COLUMNS)
    except Unreadable:
        return ()  # opening it tells what is wrong
    return tuple(name for name in names if name not in (*COLUMNS, "label"))
