"""`askpix export` — the results of a run in another format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner import library
from runner.cli.crash import OF_THE_MACHINE
from runner.cli.exits import NOTHING_RAN
from runner.cli.numbers import Number
from runner.cli.runs_option import runs_option
from runner.text.excerpt import visible
from runner.text.words import number

if TYPE_CHECKING:
    from runner.export import Exported

SHOWN = 5
"""So many lines of notes are printed; the file has all."""


class ListsFormats(click.Command):
    """A command whose help has a line about each format."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The formats, as the schema explains them."""
        with formatter.section("Formats"):
            formatter.write_dl(list(formats().items()))


@click.command(name="export", cls=ListsFormats)
@click.argument("run", metavar="RUN")
@click.option("--as", "form", metavar="FORMAT", required=True, help="One of those below.")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    metavar="PATH",
    required=True,
    help="The file or the folder to write.",
)
@click.option(
    "--save",
    metavar="REFERENCE",
    help="What to write: a step, or a part of its answer (find.boxes). Needed of several steps.",
)
@click.option("--images", is_flag=True, help="Copy the images, too (yolo, voc, labelme).")
@click.option("--padding", metavar="N|N%", help="Room around crops: pixels, or a share of the box.")
@click.option(
    "--field-of-view",
    type=Number(1, 179),
    metavar="DEGREES",
    help="Draw 3D boxes for a camera of this horizontal angle (overlay).",
)
@click.option("--join-points", is_flag=True, help="Join points to ways (overlay).")
@click.option("--force", is_flag=True, help="Replace files that exist; others stay.")
@runs_option
def command(
    run: str,
    form: str,
    target: Path,
    save: str | None,
    images: bool,
    padding: str | None,
    field_of_view: float | None,
    join_points: bool,
    force: bool,
    runs: Path,
) -> None:
    """Write the results of a run in another format; nothing is asked.

    RUN is the folder of a run, its name in runs/, or `last`. An unfinished run gives what it has.
    """
    from runner.export import ExportError, Wish, export
    from runner.store.folder import FolderError
    from runner.store.named_run import named_run

    given = {
        "images": images or None,
        "padding": padding,
        "field_of_view": field_of_view,
        "join_points": join_points or None,
    }
    options = _options(form, given)
    try:
        folder = named_run(run, runs)
        done = export(folder, Wish(form, target, save, force, options))
    except (ExportError, FolderError) as error:
        click.echo(f"error: {visible(str(error))}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    except OSError as error:
        if error.errno in OF_THE_MACHINE:
            raise
        why = (error.strerror or str(error)).lower()
        click.echo(f"error: cannot write {target}: {visible(why)}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    _tell(done, form, target, folder.path)


def formats() -> Mapping[str, str]:
    """Every format with a line about it, from the schema of workflow files."""
    schema = json.loads(library.schema_file("workflow").read_bytes())
    words = schema["definitions"]["output"]["properties"]["as"]["anyOf"][0]
    return dict(zip(words["enum"], words["enumDescriptions"], strict=True))


def _options(form: str, given: Mapping[str, object]) -> Mapping[str, object]:
    """The options of the format. Raises `click.UsageError`."""
    from runner.export import OptionError, options_of

    try:
        return options_of(form, given)
    except OptionError as error:
        name = f"--{error.option.replace('_', '-')}"
        raise click.BadParameter(str(error), param_hint=name) from None


def _tell(done: Exported, form: str, target: Path, run: Path) -> None:
    if done.unfinished is not None:
        said = f"this run is unfinished ({done.unfinished}): what it has is written"
        click.echo(visible(said), err=True)
    files = number(len(done.written), "file")
    click.echo(visible(f"{done.save} of {run} as {form}: {target} ({files})"))
    for path in done.notes:
        for line in _first_lines(path):
            click.echo(line, err=True)


def _first_lines(path: Path) -> Iterator[str]:
    """What a file of notes says, or the beginning of it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    yield visible(f"not in it, or not all of it ({path}):")
    yield from (f"  {visible(line)}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"  … and {len(lines) - SHOWN:,} more"
