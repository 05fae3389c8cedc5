"""`askpix review` — a person looks at a run in the browser, and what is right becomes a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.exits import DONE, NOTHING_RAN
from runner.cli.numbers import whole
from runner.cli.runs_option import runs_option
from runner.text.excerpt import visible

if TYPE_CHECKING:
    from runner.review.desk import Desk
    from runner.store.folder import RunFolder


@click.command(name="review")
@click.argument("run", metavar="RUN")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file of truth to write, when it is not the one beside the workflow.",
)
@click.option(
    "--port",
    type=whole(0, 65535),
    default=0,
    help="The port on 127.0.0.1. By default any free one.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address of the page.")
@runs_option
def command(run: str, target: Path | None, port: int, no_browser: bool, runs: Path) -> None:
    """Look at the answers of a run in the browser: approve, reject, or correct them.

    RUN is the folder of a run, its name in runs/, or `last`. What is right is written into
    NAME.truth.jsonl beside the workflow, after every decision; a later review goes on with it. The
    page is served for this machine alone, until Ctrl-C.
    """
    from runner.review.desk import Desk
    from runner.review.truth_file import TruthFileError
    from runner.store.folder import FolderError
    from runner.store.named_run import named_run
    from runner.store.trouble import StoreError

    try:
        folder = named_run(run, runs)
        with Desk.open(folder, target) as desk:
            _serve(desk, folder, port, opens=not no_browser and sys.stderr.isatty())
    except (FolderError, TruthFileError, StoreError) as error:
        click.echo(f"error: {visible(str(error))}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    for line in _told(desk):
        click.echo(visible(line))
    raise SystemExit(DONE)


def _serve(desk: Desk, folder: RunFolder, port: int, opens: bool) -> None:
    from runner.review.server import Room, Served

    try:
        served = Served(Room(desk, _accepting(folder), _trouble), port)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        click.echo(f"error: port {port} of 127.0.0.1 cannot be used: {why}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    with served:
        address = served.guard.address
        click.echo(visible(f"{folder.path.name}: {', '.join(_states(desk))}"), err=True)
        click.echo(f"review it at {address}")
        click.echo("whoever has this address on this machine can decide; Ctrl-C ends it", err=True)
        if opens:
            _open(address)
        try:
            served.wait()
        except KeyboardInterrupt:
            click.echo("", err=True)


def _open(address: str) -> None:
    """A browser that cannot be opened is no failure: the address stands on the terminal."""
    import webbrowser

    try:
        webbrowser.open(address)
    except (OSError, webbrowser.Error):
        click.echo("no browser could be opened; open the address yourself", err=True)


def _accepting(folder: RunFolder) -> Callable[[bool], Sequence[str]]:
    """`askpix accept` of this run, refused for the same reasons with the same words."""

    def accepting(is_meant: bool) -> Sequence[str]:
        from runner.baseline import Accepting, BaselineError, accept, acceptable
        from runner.cli.accept import told, told_file
        from runner.cli.ci import ci_variable
        from runner.review.desk import Refused
        from runner.store.folder import FolderError

        try:
            how = Accepting(in_ci=ci_variable(os.environ))
            done = accept(folder, how) if is_meant else acceptable(folder, how)
        except (BaselineError, FolderError) as error:
            raise Refused(visible(str(error))) from None
        return (*told(done), *([told_file(done)] if is_meant else []))

    return accepting


def _trouble(bug: Exception) -> None:
    from runner.cli.crash import explain

    explain(bug)


def _states(desk: Desk) -> Iterator[str]:
    from runner.review.desk import told_states

    yield from told_states(desk.count())


def _told(desk: Desk) -> Iterator[str]:
    """What was written where, and how a workflow uses it."""
    from runner.review.answers import steps_of
    from runner.review.yaml_lines import truth_lines
    from runner.text.words import number

    file = desk.file
    if not file.lines:
        yield "nothing was decided, and nothing written"
        return
    yield f"{file.path}: {number(desk.written, 'decision')} written, {', '.join(_states(desk))}"
    workflow = Path(str(desk.folder.manifest().get("workflow", "")))
    if desk.written and not _names(workflow, file.path.name):
        right = [one.step for one in file.lines.values() if one.right is not None]
        steps = [step for step in steps_of(desk.answers.items) if step in right]
        if steps:
            yield f"to judge by it, add to {workflow.name}:"
            yield ""
            named = Path(os.path.relpath(file.path, workflow.parent))
            patterns = [(step, desk.answers.patterns[step]) for step in steps]
            yield from (f"    {line}" for line in truth_lines(named, patterns))


def _names(workflow: Path, name: str) -> bool:
    """Whether a workflow speaks of the file already."""
    try:
        return name in workflow.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
