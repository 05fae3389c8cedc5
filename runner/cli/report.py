"""`askpix report` — a run as one page to look at, to send and to keep."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.exits import NOTHING_RAN
from runner.cli.runs_option import runs_option
from runner.cli.saying import say
from runner.text.excerpt import visible

if TYPE_CHECKING:
    from runner.reporting import Reported, Wish


@click.command(name="report")
@click.argument("run", metavar="RUN")
@click.option(
    "--against",
    metavar="BASELINE_OR_RUN",
    help="Show what has changed since another run, or since a baseline file; by default since the"
    " baseline that the run was tested against.",
)
@click.option(
    "--to",
    "target",
    metavar="PATH",
    help="The file to write; with a / at its end a folder, with full-size images beside the page.",
)
@runs_option
def command(run: str, against: str | None, target: str | None, runs: Path) -> None:
    """Write an HTML page of a run: the worst cases first, with everything drawn on their images.

    RUN is the folder of a run, its name in runs/, or `last`. The page is one file that opens anywhere,
    without a server or a network: by default report.html in the folder of the run. With more than 250
    cases it becomes a folder, report/, with its images beside it.
    """
    write(run, wish(against, target), runs)


def write(run: str, wanted: Wish, runs: Path) -> None:
    """Writes the page and says where it is, or why there is none."""
    from runner.comparing import NotComparable
    from runner.reporting import InTheWay, report
    from runner.store.folder import FolderError
    from runner.store.named_run import named_run

    try:
        written = report(named_run(run, runs), wanted, runs, say)
    except (FolderError, NotComparable, InTheWay) as error:
        click.echo(f"error: {visible(str(error))}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        where = wanted.target or error.filename or run
        click.echo(visible(f"error: the report is not written: {where}: {why}"), err=True)
        raise SystemExit(NOTHING_RAN) from None
    _tell(written)


def wish(against: str | None, target: str | None, name: str = "report") -> Wish:
    """What is wanted, as it was written on the command line."""
    from runner.reporting import Wish

    if target is None:
        return Wish(against, name=name)
    place, in_folder = Path(target), target.endswith(("/", os.sep))
    if not in_folder and not place.is_dir() and place.suffix.lower() not in (".html", ".htm"):
        raise click.UsageError(
            f"--to {target}: a report is HTML; write {place.with_suffix('.html')}, or a folder: {target}/"
        )
    return Wish(against, place, in_folder, name)


def _tell(written: Reported) -> None:
    """Where the page is, and what is not on it."""
    from runner.cli.summary import shown
    from runner.text.words import number

    if written.shown < written.cases:
        say(f"shown are the worst {written.shown:,} of {written.cases:,} cases")
    if written.absent:
        say(
            f"{number(written.absent, 'image')} of {written.images:,} cannot be shown; the page says why"
        )
    click.echo(visible(shown(written.page)))
