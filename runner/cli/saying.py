"""Saying something while paid work is under way: that nobody listens is no reason to end it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from runner.text.excerpt import visible_lines


def say(sentence: str) -> None:
    """Prints a sentence to stderr. Never raises for a terminal that was closed, a pipe that nobody
    reads or a full disk: from then on, nothing is said."""
    try:
        click.echo(visible_lines(sentence), err=True)
    except OSError:
        fall_silent()


def fall_silent() -> None:
    """Lets stderr lead nowhere, and stdout if it is a terminal that was closed, too."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stderr.fileno())
        try:
            os.write(sys.stdout.fileno(), b"")
        except OSError:
            os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
