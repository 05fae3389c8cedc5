"""`--record` and `--replay`: a run that is written down, and one that needs nobody to ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

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
