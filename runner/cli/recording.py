"""`--record` and `--replay`: a run that is written down, and one that needs nobody to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from runner.cli.excerpt import visible_lines
from runner.cli.exits import NOTHING_RAN, STOPPED
from runner.roles import Connection

if TYPE_CHECKING:
    from runner.transport.recording import Mode, Recordings

Command = TypeVar("Command", bound=Callable[..., object])


def recording_options(command: Command) -> Command:
    """`--record`, `--record-mode` and `--replay`."""
    for option in (
        click.option(
            "--replay",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Answer from the recordings in DIR: offline, without a key, the same results.",
        ),
        click.option(
            "--record-mode",
            type=click.Choice(["once", "new", "all"]),
            help="once: only into an empty DIR; new (default): ask what is not in DIR yet;"
            " all: ask everything again.",
        ),
        click.option(
            "--record",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Write every exchange with the service into DIR, to be replayed.",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def recordings_of(
    record: Path | None,
    record_mode: Mode | None,
    replay: Path | None,
    *,
    key: str | None = None,
    quiet: bool = False,
) -> Iterator[Recordings | None]:
    """The recordings that these options ask for, None when they ask for none; closed at the end,
    with a line on what became of them. Leaves the program when they cannot be read or written."""
    if record and replay:
        raise click.UsageError("--record and --replay exclude each other")
    if record_mode and not record:
        raise click.UsageError("--record-mode needs --record DIR")
    folder, mode = record or replay, record_mode or ("new" if record else "none")
    if folder is None:
        yield None
        return
    recordings = _opened(folder, mode, key)
    try:
        yield recordings
    finally:
        _close(recordings, quiet)


def connected(connection: Connection, recordings: Recordings | None) -> Connection:
    """The connection with these recordings before the service, or in its place."""
    if recordings is None:
        return connection
    if recordings.only_replays:
        return replace(connection, transport=recordings.transport(None), replays=True)
    return replace(connection, wrap=recordings.transport)


def _opened(folder: Path, mode: Mode, key: str | None) -> Recordings:
    from runner.transport.recording import RecordingError, Recordings

    try:
        recordings = Recordings.open(folder, mode, key=key)
    except RecordingError as error:
        click.echo(visible_lines(f"error: {error}"), err=True)
        if mode == "none" and not folder.exists():
            click.echo(f"  make it with:  --record {folder}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    for note in recordings.notes:
        click.echo(visible_lines(f"warning: {note}"), err=True)
    return recordings


def _close(recordings: Recordings, quiet: bool) -> None:
    from runner.transport.recording import RecordingError

    try:
        recordings.close()
    except RecordingError as error:
        click.echo(visible_lines(f"error: {error}"), err=True)
        raise SystemExit(STOPPED) from None
    if not quiet:
        told = [f"{recordings.replayed:,} answered from it"] if recordings.replayed else []
        told += [f"{recordings.recorded:,} recorded"] if recordings.recorded else []
        words = ", ".join(told) or "nothing in it was asked for"
        click.echo(f"  {recordings.folder}: {words}", err=True)
