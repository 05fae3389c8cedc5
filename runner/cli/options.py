"""Options that several commands share, and how a workflow is opened with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from runner.cli.exits import NOTHING_RAN
from runner.cli.numbers import whole
from runner.cli.problems import print_problems
from runner.cli.saying import say
from runner.front.opening import (
    NO_SECRETS,
    Opening,
    addresses_of,
    unknown_provider,
    with_a_secret,
)
from runner.values.problem import Problem, Rejected, errors_of
from runner.workflow.spec import Workflow

Command = TypeVar("Command", bound=Callable[..., object])

Tell = Callable[[tuple[Problem, ...]], None]
"""How problems reach whoever reads them."""


var_option = click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a variable of `vars:`; may be given several times.",
)

outside_option = click.option(
    "--allow-outside",
    is_flag=True,
    help="Let the workflow name files outside its own folder; only for files you trust.",
)


def workflow_options(command: Command) -> Command:
    """`--var`, `--limit`, `--provider`, `--batch` and `--allow-outside`: what decides which requests
    there are."""
    for option in (
        outside_option,
        click.option(
            "--batch/--live",
            default=None,
            help="By the file, within a day, for half of the price; or one by one, at once.",
        ),
        click.option(
            "--provider",
            metavar="NAME",
            help="Who answers: gemini (default), openai (any such server) or simulator.",
        ),
        click.option("--limit", type=whole(1), help="Only the first N images or rows."),
        var_option,
    ):
        command = option(command)
    return command


def address_options(command: Command) -> Command:
    """`--base-url` and `--api-version`: where the service is."""
    for option in (
        click.option(
            "--base-url",
            metavar="URL",
            callback=_without_secrets,
            help="Another address of the Gemini API, or that of an OpenAI-compatible server.",
        ),
        click.option("--api-version", default="v1beta", show_default=True, help="v1 or v1beta."),
    ):
        command = option(command)
    return command


def _without_secrets(
    context: click.Context, option: click.Parameter, url: str | None
) -> str | None:
    """The address as given. It is shown and written down, and so are those of the environment: none
    holds a key, a password or a query."""
    if name := with_a_secret({"--base-url": url, **addresses_of(os.environ)}):
        raise click.BadParameter(NO_SECRETS, param_hint=name)
    if url is not None and not url.lower().startswith(("http://", "https://")):
        better = url.partition("://")[2] or url
        raise click.BadParameter(
            f"{url} is no web address: write http://{better}, or https://{better}"
        )
    return url


def opened(
    path: Path,
    variables: Sequence[str],
    provider: str | None,
    limit: int | None,
    *,
    batch: bool | None = None,
    parallel: int | None = None,
    cache: str | None = None,
    allow_outside: bool = False,
    tell: Tell = print_problems,
) -> Workflow:
    """The workflow of a file with the command line's changes. Tells the problems and leaves the
    program with exit code 2 when there are errors; warnings are told, too.
    """
    if mistake := unknown_provider(provider):
        raise click.BadParameter(mistake, param_hint="--provider")
    changes = (pairs(variables), provider, limit, batch, parallel, cache, allow_outside)
    with leaving(tell):
        return Opening(path, *changes).load()


@contextmanager
def leaving(tell: Tell = print_problems, say: Callable[[str], None] = say) -> Iterator[None]:
    """Leaves the program in words when nothing can run: the problems of a file, or a sentence."""
    try:
        yield
    except Rejected as rejected:
        if all(problem.code for problem in rejected.problems):
            tell(rejected.problems)
        else:
            say(str(rejected))
        raise SystemExit(rejected.exit_code) from None


def leave_on_errors(problems: Sequence[Problem], tell: Tell = print_problems) -> None:
    """Tells problems; leaves the program with exit code 2 when one of them is an error."""
    if problems:
        tell(tuple(problems))
    if errors_of(tuple(problems)):
        raise SystemExit(NOTHING_RAN)


def pairs(variables: Sequence[str]) -> Mapping[str, str]:
    """The variables of `--var NAME=VALUE`. Raises `click.BadParameter` for anything else."""
    found = {}
    for text in variables:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"write NAME=VALUE, not {text!r}", param_hint="--var")
        found[name.strip().removeprefix("vars.")] = value
    return found
