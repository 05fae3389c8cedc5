"""Options that several commands share, and how a workflow is opened with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click

from runner.cli.environment import environment
from runner.cli.problems import print_problems
from runner.values.problem import Problem, Rejected, errors_of
from runner.workflow.spec import Workflow

Command = TypeVar("Command", bound=Callable[..., object])

NOTHING_RAN = 2

PROVIDER_NAMES = ("gemini", "simulator")


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
    path: Path, variables: Sequence[str], provider: str | None, limit: int | None
) -> Workflow:
    """The workflow of a file with the command line's changes; prints the problems and leaves the
    program with exit code 2 when there are errors. Warnings are printed, too."""
    from runner.workflow.load import load

    try:
        workflow = load(path, vars=_pairs(variables), environ=environment(Path.cwd()))
    except Rejected as rejected:
        print_problems(rejected.problems)
        raise SystemExit(NOTHING_RAN) from None
    return _changed(workflow, provider, limit)


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


def _changed(workflow: Workflow, provider: str | None, limit: int | None) -> Workflow:
    if provider is not None:
        steps = tuple(replace(step, provider=provider) for step in workflow.steps)
        workflow = replace(workflow, steps=steps)
    if limit is not None:
        workflow = replace(workflow, run=replace(workflow.run, limit=limit))
    return workflow
