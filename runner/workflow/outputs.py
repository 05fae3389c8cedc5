"""`outputs:` — which files are written from which answers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from runner.sources.parquet import INSTALL, is_there
from runner.values.reference import Reference
from runner.values.shape import Space
from runner.workflow.comparisons import reference
from runner.workflow.findings import Findings
from runner.workflow.parts import Part
from runner.workflow.scope import Scope, follow, lists_with
from runner.workflow.spec import OutputSpec
from runner.workflow.words import one_of, quoted

FORMATS: Mapping[str, str] = {
    "csv": ".csv",
    "json": ".json",
    "jsonl": ".jsonl",
    "parquet": ".parquet",
    "text": "/",
    "coco": ".coco.json",
    "yolo": "/",
    "voc": "/",
    "labelme": "/",
    "cvat": ".cvat.xml",
    "labelstudio": ".labelstudio.json",
    "geojson": "/",
    "overlay": "/",
    "masks": "/",
    "masks_indexed": "/",
    "masks_coloured": "/",
    "crops": "/",
}
"""What can be written in this version, and the ending of the name that is given by default."""

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "csv": (".csv",),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet",),
    "coco": (".json",),
    "cvat": (".xml",),
    "labelstudio": (".json",),
}
"""The endings by which programs know the single files that are written here."""

_TAKEN = frozenset(ending for endings in ENDINGS.values() for ending in endings) | {
    *(".xlsx", ".xls", ".ods", ".tsv", ".geojson", ".html", ".pdf", ".docx", ".zip"),
    *(".png", ".jpg", ".jpeg", ".yaml", ".yml"),
}
"""Endings that promise something else wherever they are not the format's own."""

PLACES: frozenset[Space] = frozenset({"box", "point", "polygon", "mask"})
EXTENTS: frozenset[Space] = PLACES - {"point"}
MASKS: frozenset[Space] = frozenset({"mask"})

NEEDS: Mapping[str, frozenset[Space]] = {
    **dict.fromkeys(("coco", "labelme", "cvat", "labelstudio", "geojson", "overlay"), PLACES),
    **dict.fromkeys(("yolo", "voc", "crops"), EXTENTS),
    **dict.fromkeys(("masks", "masks_indexed", "masks_coloured"), MASKS),
}
"""What a format shows; the others take anything."""

OPTIONS: Mapping[str, frozenset[str]] = {
    "images": frozenset({"yolo", "voc", "labelme"}),
    "padding": frozenset({"crops"}),
    **dict.fromkeys(("against", "field_of_view", "join_points"), frozenset({"overlay"})),
}
"""Options of an output and the formats that take them."""

_NEEDS_PYARROW = "Parquet files are written with pyarrow, which is not installed"

NAMES: Mapping[frozenset[Space], str] = {
    PLACES: "boxes, points or outlines",
    EXTENTS: "boxes or outlines",
    MASKS: "masks",
}


def outputs_of(outputs: Sequence[Any], scope: Scope, findings: Findings) -> tuple[OutputSpec, ...]:
    """What to write."""
    found: list[OutputSpec] = []
    for number, output in enumerate(outputs):
        if not isinstance(output, dict):
            continue
        spec = _output(output, ("outputs", number), scope, findings)
        if spec is not None:
            _check_twice(spec, found, ("outputs", number), findings)
            found.append(spec)
    return tuple(found)


def misnamed(form: str, name: str) -> str | None:
    """The name to write for a file whose ending promises another format; None when it does not."""
    stem, ending = os.path.splitext(name)
    endings = ENDINGS.get(form)
    if endings is None or ending.lower() in endings or ending.lower() not in _TAKEN:
        return None
    return stem + endings[0]


def _output(
    output: Mapping[str, Any], route: tuple[str, int], scope: Scope, findings: Findings
) -> OutputSpec | None:
    save, form = output.get("save"), output.get("as")
    if output.get("to") is not None:
        _check_target(output, (*route, "to"), findings)
    part = reference(save, (*route, "save"), scope, findings) if save else None
    if save is None or form is None or part is None or not _is_written(form, route, findings):
        return None
    if save.partition(".")[0] in ("row", "vars", "truth"):
        message = f"`{save}` is no answer: only answers of steps can be saved"
        findings.error("W615", (*route, "save"), message, "name a step: its id, or find.boxes")
        return None
    has_camera = output.get("field_of_view") is not None
    _check_fit(form, part, save, route, scope, findings, has_camera=has_camera)
    _check_options(output, form, route, findings)
    to = output.get("to") or _target(save, form)
    place = findings.document.place((*route, "save"), key=True)
    options = {name: output[name] for name in OPTIONS if output.get(name) is not None}
    if "against" in options and form == "overlay":
        against = _truth(options["against"], (*route, "against"), scope, findings)
        if against is None:
            return None
        options["against"] = against
    return OutputSpec(Reference.parse(save), form, _plain(to), place, options)


def _truth(
    against: str, route: tuple[str, int, str], scope: Scope, findings: Findings
) -> Reference | None:
    """A truth that can be drawn; None when it is none, which is told."""
    part = reference(against, route, scope, findings)
    if part is None:
        return None
    if not against.startswith("truth.") or against.count(".") > 1:
        message = f"`{against}` is no truth"
        findings.error("W618", route, message, "name one of those under truth: such as truth.boxes")
        return None
    if part.kind != "any" and not part.spaces & PLACES:
        message = f"`{against}` holds no {NAMES[PLACES]}, so there is nothing to draw"
        findings.error("W618", route, message, "name a truth that is read from a file")
        return None
    return Reference.parse(against)


def _target(save: str, form: str) -> str:
    """The name of an output that was given none: `find.boxes.csv`, `find.boxes-overlay/`."""
    ending = FORMATS.get(form, "/")
    if ending != "/" or save.endswith(f".{form}"):
        return save + ending
    return f"{save}-{form}/"


def _is_written(form: str, route: tuple[str, int], findings: Findings) -> bool:
    """Whether this version writes the format; plug-ins from outside are looked up by name."""
    if form == "parquet" and not is_there():
        findings.error("W453", (*route, "as"), _NEEDS_PYARROW, INSTALL)
        return False
    if form in FORMATS:
        return True
    from runner.exporters import EXPORTERS

    if form in EXPORTERS.outside():
        return True
    message = f"no installed plug-in writes the format {quoted(form)}"
    fix = f"installed are {one_of(EXPORTERS.outside(), 'and')}" if EXPORTERS.outside() else None
    findings.error("W611", (*route, "as"), message, fix or "install it, or use " + one_of(FORMATS))
    return False


def _check_fit(
    form: str,
    part: Part,
    save: str,
    route: tuple[str, int],
    scope: Scope,
    findings: Findings,
    *,
    has_camera: bool,
) -> None:
    needed = NEEDS.get(form)
    if needed is None or part.kind == "any" or part.spaces & needed:
        return
    if form == "overlay" and "box_3d" in part.spaces:
        if not has_camera:
            message = f"`{save}` holds 3D boxes, and nobody knows the camera to draw them for"
            fix = "add field_of_view: 60, its angle in degrees from the left edge to the right one"
            findings.error("W614", (*route, "save"), message, fix)
        return
    message = f"`{save}` holds no {NAMES[needed]}, and `as: {form}` needs them"
    step = scope.asker(save.partition(".")[0])
    if step is None:
        fix = f"write save: {next(iter(lists_with(needed, scope)), 'find.boxes')}"
    elif needed == MASKS:
        fix = f"write schema: masks in step `{step}`"
    else:
        fix = f"write schema: boxes in step `{step}`, or a field of type box"
    above = save.split(".")[:-1]
    owner = follow(above, scope) if above else None
    if isinstance(owner, Part) and owner.spaces & needed:
        fix = f"write save: {'.'.join(above)}"
    findings.error("W614", (*route, "save"), message, fix)


def _check_options(
    output: Mapping[str, Any], form: str, route: tuple[str, int], findings: Findings
) -> None:
    for name, forms in OPTIONS.items():
        if output.get(name) is not None and form not in forms:
            message = f"`{name}` has no meaning for `as: {form}`"
            fix = f"delete it; {one_of(sorted(forms), 'and')} take it"
            if len(forms) == 1:
                fix = f"delete it; only {one_of(forms)} takes it"
            findings.error("W617", (*route, name), message, fix, key=True)


def _check_target(
    output: Mapping[str, Any], route: tuple[str, int, str], findings: Findings
) -> None:
    to, form = output["to"], output.get("as")
    if "{{" in to or "{%" in to:
        message = "`{{ }}` is not allowed here: it stands only in prompts"
        name = _target(output.get("save") or "results", form or "csv")
        findings.error("W613", route, message, f"write a plain name: to: {name}")
        return
    path = PurePosixPath(to.replace("\\", "/"))
    ending = FORMATS.get(form or "")
    if ending == "/" and path.suffix and not to.endswith(("/", "\\")):
        message = f"`as: {form}` writes a folder with a file for each image"
        findings.error("W616", route, message, f"write to: {path.stem}/")
    elif ending and ending != "/" and (to.endswith(("/", "\\")) or not path.name):
        message = f"`as: {form}` writes one file"
        findings.error("W616", route, message, f"write to: {path.name or 'results'}{ending}")
    elif form and (proper := misnamed(form, path.name)):
        message = f"`as: {form}` writes a {ENDINGS[form][0]} file, and the name says {path.suffix}"
        findings.error("W616", route, message, f"write to: {path.with_name(proper)}")
    if any(ord(letter) < ord(" ") for letter in to):
        message = "no file can have a name with line breaks or control characters"
        findings.error("W613", route, message, "write to: results.csv")
    elif PureWindowsPath(to).drive and not _is_elsewhere(to):
        signs = one_of(dict.fromkeys("".join(_FORBIDDEN.findall(to))), "and")
        message = f"not every computer knows file names with {signs}"
        kept = "/".join(filter(None, (_safe(part) for part in path.parts)))
        findings.error("W613", route, message, f"write to: {kept or 'results.csv'}")
    elif path.is_absolute() or PureWindowsPath(to).drive or to.startswith("~"):
        fix = (
            f"write to: {_safe(path.name) or 'results.csv'}; --out DIR chooses where runs are kept"
        )
        findings.error("W613", route, "outputs are written into the folder of the run", fix)
    elif ".." in path.parts:
        kept = "/".join(part for part in path.parts if part != "..")
        fix = f"write to: {kept or 'results.csv'}; --out DIR chooses where runs are kept"
        findings.error("W613", route, "outputs cannot leave the folder of the run", fix)


def _safe(name: str) -> str:
    """A name without what no file of Windows can have in its own."""
    return _FORBIDDEN.sub("_", name).strip("_~ ")


_FORBIDDEN = re.compile(r'[<>:"|?*]+')


def _is_elsewhere(to: str) -> bool:
    """Whether this is a folder of this computer, as with the letter of a drive: `C:\\cats`."""
    return to.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z]:[\\/]", to) is not None


def _check_twice(
    spec: OutputSpec, before: Sequence[OutputSpec], route: tuple[str, int], findings: Findings
) -> None:
    for index, other in enumerate(before):
        if other.to.casefold() == spec.to.casefold():
            message = f"output {index + 1} is written to {quoted(other.to)}, too"
            findings.error("W612", (*route, "to"), message, "give each output a name of its own")
            return


def _plain(to: str) -> str:
    """A target in one spelling: `overlays/`, `a/b.csv`."""
    ending = "/" if to.endswith(("/", "\\")) else ""
    return os.path.normpath(to.replace("\\", "/")).replace(os.sep, "/") + ending
