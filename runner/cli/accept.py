"""`askpix accept` — a run becomes the baseline of its workflow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.ci import ci_variable
from runner.cli.exits import NOTHING_RAN
from runner.cli.runs_option import runs_option
from runner.text.excerpt import visible

if TYPE_CHECKING:
    from runner.baseline import Accepted


@click.command(name="accept")
@click.argument("run", metavar="RUN")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file to write, when it is not the one beside the workflow.",
)
@click.option("--partial", is_flag=True, help="Accept a run of which answers are missing.")
@click.option(
    "--simulated",
    is_flag=True,
    help="Put simulated answers in the place of a model's, or mix them.",
)
@runs_option
def command(run: str, target: Path | None, partial: bool, simulated: bool, runs: Path) -> None:
    """Make a run the baseline of its workflow: look at it first, then commit the file.

    RUN is the folder of a run, its name in runs/, or `last`. The file NAME.baseline.json stands
    beside the workflow; `askpix test` compares with it. In CI nothing is ever accepted.
    """
    from runner.baseline import Accepting, BaselineError, accept
    from runner.store.folder import FolderError
    from runner.store.named_run import named_run

    how = Accepting(target, partial, simulated, ci_variable(os.environ))
    try:
        done = accept(named_run(run, runs), how)
    except (BaselineError, FolderError) as error:
        click.echo(f"error: {visible(str(error))}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        click.echo(f"error: cannot write {error.filename or target}: {visible(why)}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    _tell(done)


def told(done: Accepted) -> Iterator[str]:
    """What the new baseline changes, for people."""
    from runner.report.difference_text import difference_text
    from runner.report.difference_words import named
    from runner.text.words import number

    if done.differences is not None:
        yield from map(visible, difference_text(done.differences))
    if failed := done.standing.failed:
        verb = "fails" if len(failed) == 1 else "fail"
        yield visible(f"{number(len(failed), 'check')} of this run {verb}: {named(failed)}")
    if done.standing.simulated:
        yield "simulated: no model looked at these images"


def told_file(done: Accepted) -> str:
    """The file that was written, and of what."""
    from runner.text.words import number

    count = number(len(done.standing.images), "case")
    return visible(f"{done.path}: {count} of {done.standing.run}")


def _tell(done: Accepted) -> None:
    for line in told(done):
        click.echo(line, err=True)
    click.echo(told_file(done))
