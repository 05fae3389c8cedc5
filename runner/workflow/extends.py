"""`extends:` — reads a workflow file and its parents, and lays one over the other.

What is written in a file wins over what it extends: mappings are merged key by key, lists are
replaced, `images`, `dataset` and `steps` are never merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from runner import library
from runner.sources.inside import is_inside
from runner.text.source import read
from runner.text.suggest import did_you_mean
from runner.values.problem import Place, Problem, Rejected, Route
from runner.workflow.document import Document, File, absolute, join
from runner.workflow.files import NotReadable, content_of, is_file, missing_file
from runner.workflow.outside import outside
from runner.workflow.schema import beside

LIBRARY = "lib:"
"""Starts the name of something that is shipped: `lib:detect/boxes`."""

OWN = frozenset({"version", "name", "description", "partial", "extends"})
"""What a file says of itself only."""

WHOLE = frozenset({("images",), ("dataset",), ("steps",)})
"""Never merged. So are single variables and schemas, which are one thing each."""

RIVALS: Mapping[str, str] = {
    "images": "dataset",
    "dataset": "images",
    "thinking": "thinking_budget",
    "thinking_budget": "thinking",
}
"""Two words for one thing: whoever writes one does not inherit the other."""


def open_document(path: Path, within: Path | None = None) -> tuple[Document, tuple[File, ...]]:
    """The merged document of a file, and all files that shaped it, the named one first.

    `within` is the folder that neither `extends:` nor any path in the document may leave. Raises
    `Rejected` when one of the files cannot be read or is no workflow at all.
    """
    files = tuple(_chain(_open(path, str(path)), within))
    document = Document({}, files[0])
    for file in reversed(files):
        document = _over(file, document)
    return replace(document, within=within), files


def _chain(file: File, within: Path | None) -> Iterator[File]:
    seen = [file]
    yield file
    while (parent := _parent(file, within)) is not None:
        path, shown = parent
        if any(absolute(path) == absolute(other.path) for other in seen):
            _refuse_cycle(file, shown, [other.source.file for other in seen])
        file = _open(path, shown)
        seen.append(file)
        yield file


def _parent(file: File, within: Path | None) -> tuple[Path, str] | None:
    """The path of the file that this one extends, and its name as shown."""
    data = file.source.data
    name = data.get("extends") if isinstance(data, dict) else None
    if not isinstance(name, str) or not name:
        return None  # a wrong value is told with all the others
    place = file.source.place(("extends",))
    if name.startswith(LIBRARY):
        return _shipped(name, place), name
    path = join(file.folder, name)
    if not is_inside(path, within):
        raise Rejected(outside(name, place))
    if not is_file(path):
        raise Rejected(missing_file("W442", name, path, place, "to extend"))
    return path, str(path)


def _shipped(name: str, place: Place) -> Path:
    known = library.workflows()
    short = name.removeprefix(LIBRARY)
    if short in known:
        return known[short]
    close = did_you_mean(short, known)
    raise Rejected(
        Problem(
            "W442",
            f"no workflow `{name}` comes with askpix",
            place,
            fix=f"did you mean `{LIBRARY}{close}`?" if close else None,
            allowed=tuple(f"{LIBRARY}{each}" for each in known),
        )
    )


def _refuse_cycle(file: File, shown: str, seen: list[str]) -> None:
    place = file.source.place(("extends",))
    circle = " → ".join([*seen, shown])
    message = (
        "this file extends itself" if len(seen) == 1 else f"files extend in a circle: {circle}"
    )
    raise Rejected(Problem("W443", message, place, fix="delete one of the `extends:` lines"))


def _open(path: Path, shown: str) -> File:
    try:
        content = content_of(path)
    except NotReadable as error:
        if error.missing:
            raise Rejected(missing_file("W441", shown, path, None, "")) from None
        fix = "name a workflow file"
        message = f"`{shown}` cannot be read: {error.why}"
        raise Rejected(Problem("W441", message, fix=fix)) from None
    source = read(content, shown, beside)
    _refuse_other_than_keys(source.data, source.place(()))
    return File(path, source, content)


def _refuse_other_than_keys(data: object, place: Place) -> None:
    if isinstance(data, dict):
        return
    found = "a list" if isinstance(data, list) else "only a text" if data else "empty"
    raise Rejected(
        Problem(
            "W204",
            f"a workflow is written as keys and values, and this file is {found}",
            place,
            fix="start with the line `version: 1`; `askpix init` writes a first workflow",
        )
    )


def _over(file: File, below: Document) -> Document:
    data = file.source.data
    assert isinstance(data, dict)
    if not below.data:
        return Document(data, file)
    origins: dict[Route, File] = {}
    inherited = {
        key: value for key, value in below.data.items() if key not in OWN and key[:2] != "x-"
    }
    merged = _merge(data, inherited, (), below, origins)
    replaced: dict[Route, str] = {
        route: below.origin(route).source.file
        for route in WHOLE
        if route[0] in data and route[0] in inherited
    }
    return Document(merged, file, origins, replaced=replaced)


REPLACED = "`steps:` here replaces the steps of {}"
"""Said where steps were meant to be changed and took the place of all."""


def tell_replaced(document: Document, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The same problems; those of an extended file whose steps were replaced become one.

    Its checks and outputs name steps that are not there any more: nothing is wrong with them, and
    nobody wants to mend a file that is shipped.
    """
    file = document.replaced.get(("steps",))
    wrong = [each for each in problems if file and _is_left_alone(each, document)]
    rest = tuple(each for each in problems if each not in wrong)
    if not wrong or any((each.fix or "").startswith(REPLACED.format(file)) for each in rest):
        return rest
    place = document.place(("steps",), key=True)
    fix = "to change a setting, write it under `defaults:`; for other steps write `checks:` and "
    fix += "`outputs:` of your own, too"
    first = wrong[0]
    message = f"{REPLACED.format(file)}, and a line of it fits no more: {first.message}"
    told = Problem(first.code, message, place, fix=fix)
    return (told, *rest)


def _is_left_alone(problem: Problem, document: Document) -> bool:
    """Whether a problem is that of an inherited check or output that names replaced steps."""
    place = problem.place
    return (
        place is not None
        and place.file != document.file.source.file
        and place.route[:1] in (("checks",), ("outputs",))
        and problem.code in ("W301", "W303", "W602", "W606", "W614")
    )


def _merge(
    above: Mapping[str, object],
    below: Mapping[str, object],
    route: Route,
    document: Document,
    origins: dict[Route, File],
) -> dict[str, object]:
    merged = dict(above)
    for key, value in below.items():
        here = (*route, key)
        mine = above.get(key)
        if key not in above:
            if RIVALS.get(key) in above:
                continue
            merged[key] = value
            origins[here] = document.origin(here)
            origins |= {
                each: file for each, file in document.origins.items() if each[: len(here)] == here
            }
        elif isinstance(mine, dict) and isinstance(value, dict) and not _is_whole(here):
            merged[key] = _merge(mine, value, here, document, origins)
    return merged


def _is_whole(route: Route) -> bool:
    return route in WHOLE or (len(route) == 2 and route[0] in ("vars", "schemas"))
