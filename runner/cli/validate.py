"""`askpix validate`: every mistake in workflow files, without key and without network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from runner.cli.exits import NOTHING_RAN
from runner.cli.options import outside_option, pairs, var_option
from runner.cli.problems import Format, print_problems
from runner.values.problem import Problem, Rejected, errors_of


@click.command(name="validate")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="For people, for programs, or as annotations of a change on GitHub.",
)
@var_option
@outside_option
@click.option("--strict", is_flag=True, help="Warnings count like errors.")
def command(
    files: tuple[Path, ...],
    form: Format,
    variables: tuple[str, ...],
    allow_outside: bool,
    strict: bool,
) -> None:
    """Find every mistake in workflow files; needs no key and no network.

    Reads them the very way a run does, and looks whether the images that they name are there.
    """
    found: list[Problem] = []
    for file in files:
        problems = tuple(_problems(file, pairs(variables), allow_outside))
        found += problems
        if not problems and form != "json":
            click.echo(f"{file}: no problems", err=True)
    if found or form == "json":
        print_problems(tuple(dict.fromkeys(found)), format=form)
    if errors_of(tuple(found)) or (strict and found):
        raise SystemExit(NOTHING_RAN)


def _problems(file: Path, variables: Mapping[str, str], allow_outside: bool) -> Iterator[Problem]:
    from runner.front.environment import environment
    from runner.front.opening import problems_before
    from runner.workflow.load import load

    try:
        workflow = load(
            file,
            vars=variables,
            environ=environment(Path("."), file.parent),
            allow_outside=allow_outside,
        )
    except Rejected as rejected:
        yield from rejected.problems
        return
    yield from problems_before(workflow)
