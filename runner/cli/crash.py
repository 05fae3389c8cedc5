"""A bug of ours: a short apology on the terminal, the traceback in a file."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from pathlib import Path

import click

from runner import __version__
from runner.cli.environment import KEY_NAMES, environment


def apologise(bug: Exception) -> None:
    """Writes the traceback to a file and says where it is. Keys are taken out of it."""
    report = "".join(traceback.format_exception(bug))
    for name, value in environment(Path.cwd()).items():
        if value and (name in KEY_NAMES or "KEY" in name or "TOKEN" in name or "SECRET" in name):
            report = report.replace(value, "…")
    about = f"askpix {__version__}, Python {sys.version.split()[0]}, {platform.platform()}\n\n"
    click.echo("Sorry: this is a bug of askpix, not a mistake of yours.", err=True)
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="askpix-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(about + report)
    except OSError:
        click.echo(about + report, err=True)
        return
    click.echo(f"What happened stands in {file.name}; please send it to us.", err=True)
