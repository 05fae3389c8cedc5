"""Export: the results of a run that is there → files of another format. Asks nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from runner.exporters import EXPORTERS
from runner.exporters.annotated import NOTES
from runner.exporters.crops import margin
from runner.roles import OpenImage
from runner.sources import parquet
from runner.store.folder import RunFolder
from runner.store.recorded import Recorded
from runner.text.detections import detections_of
from runner.text.lookup import Missing, names_in, part_of
from runner.text.result_line import from_line
from runner.text.suggest import did_you_mean
from runner.values.reference import Reference
from runner.values.result import USABLE, Detection, Result, ResultImage
from runner.values.shape import Space
from runner.workflow.outputs import FORMATS, NAMES, NEEDS, OPTIONS, misnamed


class ExportError(Exception):
    """Why nothing was exported; the message says what to do."""


class OptionError(ExportError):
    """An `option` of a format (or `as` itself) is not what it can be."""

    def __init__(self, option: str, why: str) -> None:
        super().__init__(why)
        self.option = option


@dataclass(frozen=True, slots=True)
class Wish:
    """What to write where. `options` are those of the format; `force` replaces files that are
    there."""

    format: str
    target: Path
    save: str | None = None
    force: bool = False
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the files, those among them that tell what is not in the others, and of an
    unfinished run how it ended."""

    save: Reference
    written: tuple[Path, ...]
    notes: tuple[Path, ...]
    unfinished: str | None


def options_of(form: str, given: Mapping[str, object]) -> Mapping[str, object]:
    """The options that are given for a format, checked; None is not given. Raises `OptionError`."""
    known = (*EXPORTERS, *EXPORTERS.outside())
    if form not in known:
        close = did_you_mean(form, known)
        hint = f"did you mean `{close}`?" if close else f"there are: {', '.join(known)}"
        raise OptionError("as", f"there is no format `{form}`; {hint}")
    if form == "parquet" and not parquet.is_there():
        raise OptionError("as", f"parquet needs pyarrow: {parquet.INSTALL}")
    options = {name: value for name, value in given.items() if value is not None}
    for name in options:
        if form not in OPTIONS.get(name, ()):
            raise OptionError(name, f"it has no meaning for {form}")
    if (padding := options.get("padding")) is not None:
        try:
            margin(str(padding))
        except ValueError:
            why = "write pixels (20) or a share of the box (5%)"
            raise OptionError("padding", why) from None
    return options


def export(folder: RunFolder, wish: Wish) -> Exported:
    """Writes all files or none: what is there already is found before anything gets its place.

    Raises `ExportError`, and OSError when the machine does not let us write.
    """
    manifest = folder.manifest()
    save = _saved(wish.save, manifest, folder)
    status = manifest.get("status")
    _check_target(wish)
    check_part(folder, save)
    _check_places(wish, save, results_of(folder, save.root))
    exporter = EXPORTERS.load(wish.format)(save, **wish.options)
    target = Path(wish.target.absolute())
    target.parent.mkdir(parents=True, exist_ok=True)
    stage = target.parent / f".{token_hex(8)}.part"
    stage.mkdir()
    try:
        results = results_of(folder, save.root)
        made = exporter.write(results, stage / target.name, opener(folder))
        written = _put(made, stage, target.parent, force=wish.force)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    near = not wish.target.is_absolute()
    shown = [Path(os.path.relpath(path)) if near else path for path in written]
    notes = tuple(path for path in shown if path.name.endswith((NOTES, "not-drawn.txt")))
    return Exported(save, tuple(shown), notes, None if status == "done" else str(status))


def _saved(save: str | None, manifest: Mapping[str, object], folder: RunFolder) -> Reference:
    """The part that is meant: the only step, if none is named."""
    told = manifest.get("steps")
    steps = list(told) if isinstance(told, dict) else []
    if save is None:
        if len(steps) == 1:
            return Reference(steps[0])
        named = " or ".join(f"--save {step}" for step in steps) or "--save STEP"
        raise ExportError(f"{folder.path} has results of {len(steps)} steps; write {named}")
    reference = Reference.parse(save)
    if steps and reference.root not in steps:
        close = did_you_mean(reference.root, steps)
        hint = f"did you mean `{close}`?" if close else f"there are: {', '.join(steps)}"
        raise ExportError(f"{folder.path} has no step `{reference.root}`; {hint}")
    return reference


def results_of(folder: RunFolder, step: str | None = None) -> Iterator[Result]:
    """The results of a run, or of one of its steps, one at a time: of an unfinished run those that its
    journal holds. Raises `ExportError` when they cannot be read."""
    try:
        if folder.manifest().get("status") == "done" and folder.results_file.is_file():
            yield from folder.results(step)
            return
        with closing(Recorded.read(folder.path)) as journal:
            yield from map(from_line, journal.lines(step))
    except (OSError, ValueError) as error:
        raise ExportError(f"the results of {folder.path} cannot be read: {error}") from error


def check_part(folder: RunFolder, save: Reference) -> None:
    """Raises `ExportError` for a part that no answer of the step holds: a word that is misspelt would
    be a file without a value."""
    if not save.path:
        return
    known: dict[str, None] = {}
    for result in results_of(folder, save.root):
        if result.status not in USABLE:
            continue
        if result.status == "empty" or _holds(result, save.path):
            return
        known.update(dict.fromkeys(names_in(result, save.path[:-1])))
    if known:
        close = did_you_mean(save.path[-1], known)
        above = ".".join((save.root, *save.path[:-1]))
        hint = f"did you mean `{above}.{close}`?" if close else f"there are: {', '.join(known)}"
        raise ExportError(f"no answer has `{save}`; {hint}")


def _holds(result: Result, path: Sequence[str]) -> bool:
    """Whether an answer has a value there, if only an empty one."""
    found = part_of(result, path)
    if isinstance(found, Missing):
        return found.kind != "absent"
    entries = found.value
    if not isinstance(entries, list | tuple) or any(each is not None for each in entries):
        return True
    return not entries or path[-1] in names_in(result, path[:-1])


def _check_target(wish: Wish) -> None:
    target, is_folder = wish.target, FORMATS.get(wish.format, "/") == "/"
    if is_folder and target.exists() and not target.is_dir():
        raise ExportError(f"{target} is a file, and {wish.format} writes a folder of files")
    if not is_folder and target.is_dir():
        name = f"results{FORMATS[wish.format]}"
        raise ExportError(
            f"{target} is a folder, and {wish.format} writes one file; write --to {target / name}"
        )
    filled = target.is_dir() and any(target.iterdir()) if is_folder else target.exists()
    if filled and not wish.force:
        what = "is not empty" if is_folder else "exists"
        raise ExportError(f"{target} {what}; choose another place, or replace files with --force")
    if proper := misnamed(wish.format, target.name):
        raise ExportError(
            f"{target} is not named like what {wish.format} writes; write --to {target.with_name(proper)}"
        )


def _check_places(wish: Wish, save: Reference, results: Iterator[Result]) -> None:
    """A step that found nothing is no mistake; one whose answers have no place to show is."""
    needed = NEEDS.get(wish.format)
    if needed is None:
        return
    solid: frozenset[Space] = frozenset({"box_3d"} if wish.options.get("field_of_view") else ())
    usable = False
    for result in results:
        if result.status in USABLE:
            usable = True
            found = detections_of(result, save.path)
            if result.status == "empty" or any(_shows(one, needed | solid) for one in found):
                return
    if usable:
        raise ExportError(
            f"`{save}` holds no {NAMES[needed]}, and {wish.format} needs them; csv, json, jsonl, parquet and"
            " text take anything"
        )


def _shows(one: Detection, needed: frozenset[Space]) -> bool:
    there: dict[Space, object] = {
        "box": one.box, "point": one.point, "polygon": one.polygon, "mask": one.mask,
        "box_3d": one.box_3d,
    }  # fmt: skip
    return any(there[space] for space in needed)


def _put(made: Sequence[Path], stage: Path, parent: Path, *, force: bool) -> list[Path]:
    """Moves every file to its place, which is the same below `parent` as below `stage`."""
    moves = [(path, parent / path.relative_to(stage)) for path in made]
    there = [place for _, place in moves if place.exists()]
    if there and not force:
        raise ExportError(f"{there[0]} exists; choose another place, or replace files with --force")
    for path, place in moves:
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    return [place for _, place in moves]


def opener(folder: RunFolder) -> OpenImage:
    """Opens the images of results: files beside the workflow, and downloads of the run; only those
    that are still what they were."""
    workflow = Path(str(folder.manifest().get("workflow", "."))).parent
    here = folder.path.absolute()
    starts = (workflow.absolute(), here.parents[1])  # where it was, and where its copy may be

    def open_image(image: ResultImage) -> bytes | None:
        if image.path is None or image.sha256 is None or "://" in image.path:
            return None
        for start in (here,) if image.address else starts:
            try:
                content = (start / image.path).read_bytes()
            except OSError:
                continue
            if sha256(content).hexdigest() == image.sha256:
                return content
        return None

    return open_image
