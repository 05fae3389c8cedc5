"""`askpix diff` — what has changed from one run to another."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from runner.cli.exits import NOTHING_RAN
from runner.cli.runs_option import runs_option
from runner.text.excerpt import visible, visible_json


@click.command(name="diff")
@click.argument("before", metavar="A")
@click.argument("now", metavar="[B]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json", "html"]),
    default="text",
    help="markdown is for a pull request, json for scripts, html to look at the images.",
)
@click.option(
    "--to",
    "target",
    metavar="PATH",
    help="The page to write with --format html, when it is not diff.html in the folder of B.",
)
@runs_option
def command(before: str, now: str | None, form: str, target: str | None, runs: Path) -> None:
    """Say what has changed from A to B: settings, prompt, numbers, cases; and what of it is chance.

    A and B are folders of runs, their names in runs/, `last`, or baseline files. A run with a
    matrix alone (without B) is compared within itself: which combination pays.
    """
    from runner.comparing import NotComparable

    if target is not None and form != "html":
        raise click.UsageError("--to goes with --format html; the others are printed")
    if form == "html":
        _write_page(before, now, runs, target)
        return
    try:
        lines = _of_one(before, runs, form) if now is None else _of_two(before, now, runs, form)
    except NotComparable as error:
        click.echo(f"error: {visible(str(error))}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    for line in lines:
        click.echo(line if form == "json" else visible(line))


def _write_page(before: str, now: str | None, runs: Path, target: str | None) -> None:
    """The report of B, against A; of a run alone, that of its matrix."""
    from runner.cli.report import wish, write
    from runner.comparing import NotComparable, matrix

    if now is None:
        try:
            matrix(before, runs)
        except NotComparable as error:
            click.echo(f"error: {visible(str(error))}", err=True)
            raise SystemExit(NOTHING_RAN) from None
    against = None if now is None else before
    write(now or before, wish(against, target, "diff"), runs)


def _of_two(before: str, now: str, runs: Path, form: str) -> Iterable[str]:
    from runner.comparing import differences
    from runner.report.difference_json import difference_json
    from runner.report.difference_text import difference_markdown, difference_text

    found = differences(before, now, runs)
    if form == "json":
        return [visible_json(difference_json(found))]
    return difference_markdown(found) if form == "markdown" else difference_text(found)


def _of_one(run: str, runs: Path, form: str) -> Iterable[str]:
    from runner.comparing import matrix
    from runner.report.difference_json import matrix_json
    from runner.report.matrix_text import matrix_markdown, matrix_text

    found = matrix(run, runs)
    if form == "json":
        return [visible_json(matrix_json(found))]
    return matrix_markdown(found) if form == "markdown" else matrix_text(found)
