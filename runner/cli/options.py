"""Options that several commands share, and how a workflow is opened with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click

from runner.cli.environment import BASE_URL_NAME, OPENAI_URL_NAME, environment
from runner.cli.exits import NOTHING_RAN
from runner.cli.problems import print_problems
from runner.text.suggest import did_you_mean
from runner.transport.secret import Secret
from runner.values.problem import Problem, Rejected, errors_of
from runner.workflow.secret_words import is_key
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
        click.option(
            "--limit", type=click.IntRange(min=1), help="Only the first N images or rows."
        ),
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
    secret = Secret.of_environment(environment(Path(".")))
    named = {name: os.environ.get(name) for name in (BASE_URL_NAME, OPENAI_URL_NAME)}
    for name, address in {"--base-url": url, **named}.items():
        with suppress(ValueError):  # no address at all, which is told when it is asked
            parts = urlsplit(address or "")
            if parts.query or parts.username or parts.password or is_key(address or "", secret):
                message = (
                    "an address holds no key, no password and no `?`; askpix sends the key itself"
                )
                raise click.BadParameter(message, param_hint=name)
    return url


def opened(
    path: Path,
    variables: Sequence[str],
    provider: str | None,
    limit: int | None,
    others: Mapping[str, object] | None = None,
    *,
    batch: bool | None = None,
    allow_outside: bool = False,
    tell: Tell = print_problems,
) -> Workflow:
    """The workflow of a file with the command line's changes (`others` as `run.parallel`). Tells the
    problems and leaves the program with exit code 2 when there are errors; warnings are told, too.
    """
    from runner.workflow.load import load

    _know_provider(provider)
    mode = None if batch is None else "batch" if batch else "live"
    given = {"provider": provider, "run.limit": limit, "run.mode": mode, **(others or {})}
    overrides = {name: value for name, value in given.items() if value is not None}
    try:
        workflow = load(
            path,
            vars=pairs(variables),
            overrides=overrides,
            environ=environment(Path("."), path.parent),
            allow_outside=allow_outside,
        )
    except Rejected as rejected:
        tell(rejected.problems)
        raise SystemExit(NOTHING_RAN) from None
    if workflow.partial:
        click.echo(
            f"error: {path} says `partial: true`: it is only a part, for others to extend.\n"
            f"  write a file with `extends: {path.name}` and `images:`, and run that",
            err=True,
        )
        raise SystemExit(NOTHING_RAN)
    return workflow


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


def _know_provider(name: str | None) -> None:
    if name is None:
        return
    from runner.providers import PROVIDERS

    known = (*PROVIDERS, *PROVIDERS.outside())
    if name not in known:
        close = did_you_mean(name, known)
        hint = f"did you mean `{close}`?" if close else f"there are: {', '.join(known)}"
        raise click.BadParameter(f"there is no provider `{name}`; {hint}", param_hint="--provider")
