"""Options that several commands share, and how a workflow is opened with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click

from runner.cli.environment import environment
from runner.cli.problems import print_problems
from runner.text.suggest import did_you_mean
from runner.values.problem import Problem, Rejected, errors_of
from runner.workflow.spec import Workflow

Command = TypeVar("Command", bound=Callable[..., object])

NOTHING_RAN = 2


def workflow_options(command: Command) -> Command:
    """`--var`, `--limit` and `--provider`: what decides which requests there are."""
    for option in (
        click.option(
            "--provider", metavar="NAME", help="Who answers: gemini (default) or simulator."
        ),
        click.option(
            "--limit", type=click.IntRange(min=1), help="Only the first N images or rows."
        ),
        click.option(
            "--var",
            "variables",
            multiple=True,
            metavar="NAME=VALUE",
            help="Change a variable of `vars:`; may be given several times.",
        ),
        click.option(
            "--allow-private",
            is_flag=True,
            help="Let `fetch: true` download from addresses of this machine and network.",
        ),
    ):
        command = option(command)
    return command


def opened(
    path: Path,
    variables: Sequence[str],
    provider: str | None,
    limit: int | None,
    parallel: int | None = None,
) -> Workflow:
    """The workflow of a file with the command line's changes; prints the problems and leaves the
    program with exit code 2 when there are errors. Warnings are printed, too."""
    from runner.workflow.load import load

    _know_provider(provider)
    given = {"provider": provider, "run.limit": limit, "run.parallel": parallel}
    overrides = {name: value for name, value in given.items() if value is not None}
    try:
        return load(
            path, vars=_pairs(variables), overrides=overrides, environ=environment(Path.cwd())
        )
    except Rejected as rejected:
        print_problems(rejected.problems)
        raise SystemExit(NOTHING_RAN) from None


def leave_on_errors(problems: Sequence[Problem]) -> None:
    """Prints problems; leaves the program with exit code 2 when one of them is an error."""
    if problems:
        print_problems(tuple(problems))
    if errors_of(tuple(problems)):
        raise SystemExit(NOTHING_RAN)


def _pairs(variables: Sequence[str]) -> Mapping[str, str]:
    pairs = {}
    for text in variables:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"write NAME=VALUE, not {text!r}", param_hint="--var")
        pairs[name.strip().removeprefix("vars.")] = value
    return pairs


def _know_provider(name: str | None) -> None:
    if name is None:
        return
    from runner.providers import PROVIDERS

    known = (*PROVIDERS, *PROVIDERS.outside())
    if name not in known:
        close = did_you_mean(name, known)
        hint = f"did you mean `{close}`?" if close else f"there are: {', '.join(known)}"
        raise click.BadParameter(f"there is no provider `{name}`; {hint}", param_hint="--provider")
