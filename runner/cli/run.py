"""`askpix run`: asks, judges, writes; and says where to look."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import click

from runner.cli.environment import (
    BASE_URL_NAME,
    api_key,
    environment,
    what_is_wrong_with_env_files,
)
from runner.cli.exits import INTERRUPTED, NOTHING_RAN
from runner.cli.options import address_options, leave_on_errors, opened, workflow_options
from runner.cli.plan import summary
from runner.cli.progress import progress
from runner.cli.summary import as_json, tell
from runner.roles import Connection
from runner.values.request import Policy
from runner.workflow.spec import Workflow

URGENCY = (4, 130, 5, 2, 3, 1, 0)
"""Of several files, the exit code that stands first here is the command's."""


NO_KEY = "no-key-is-needed-on-this-machine"
"""Sent to a service on this machine when there is no key: a simulator or a test takes any."""


@click.command(name="run")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@workflow_options
@address_options
@click.option(
    "--allow-private",
    is_flag=True,
    help="Let `fetch: true` download from addresses of this machine and network.",
)
@click.option("--parallel", type=click.IntRange(1, 256), help="Requests at the same time.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="The folder that gets a new folder for every run.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="json prints a summary for scripts to stdout.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    files: tuple[Path, ...],
    variables: tuple[str, ...],
    provider: str | None,
    limit: int | None,
    allow_private: bool,
    base_url: str | None,
    api_version: str,
    parallel: int | None,
    out: Path,
    form: Literal["text", "json"],
    quiet: bool,
) -> None:
    """Ask, and write the results in pixels of your images.

    Exit codes: 0 done, all checks held · 1 a check failed · 2 nothing ran · 3 some requests got
    no usable answer · 4 a bug of ours · 5 stopped by a limit · 130 interrupted.
    """
    workflows = [opened(file, variables, provider, limit, parallel) for file in files]
    for workflow in workflows:  # nothing is asked while one of them has a mistake
        _check(workflow, quiet)
    codes, reports = [], []
    try:
        for workflow in workflows:
            code, report = _run(workflow, base_url, api_version, out, allow_private, quiet, form)
            codes.append(code)
            reports.append(report)
            if code == INTERRUPTED:
                break
    finally:
        if form == "json" and reports:
            click.echo(json.dumps(reports[0] if len(files) == 1 else reports, ensure_ascii=False))
    raise SystemExit(min(codes, key=URGENCY.index))


def _check(workflow: Workflow, quiet: bool) -> None:
    from runner.run import advice_on_images
    from runner.stages.gather import find_pattern_problems

    leave_on_errors((*workflow.warnings, *find_pattern_problems(workflow)))
    leave_on_errors(() if quiet else advice_on_images(workflow))


def _run(
    workflow: Workflow,
    base_url: str | None,
    api_version: str,
    out: Path,
    allow_private: bool,
    quiet: bool,
    form: str,
) -> tuple[int, dict[str, object]]:
    from runner.run import Options, make_plan, run
    from runner.store.folder import FolderError

    connection = _connection(workflow, base_url, api_version)
    planned = make_plan(workflow)
    if not quiet:
        click.echo("\n".join(summary(workflow, planned)), err=True)
        if connection.base_url is not None and _asks_gemini(workflow):
            click.echo(f"  asking {connection.base_url}", err=True)
    total = planned.cases * planned.combinations * planned.repeats * len(workflow.steps)
    budget = workflow.run.max_cost_usd
    try:
        with progress(total, quiet=quiet, budget_usd=budget) as watch:
            options = Options(connection, out, allow_private, watch, _say)
            outcome = run(workflow, planned, options)
    except FolderError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    if form == "text":
        tell(workflow, outcome)
    return outcome.exit_code, as_json(workflow, outcome)


def _connection(workflow: Workflow, base_url: str | None, api_version: str) -> Connection:
    """How to reach the service. An address comes from the command line or from the environment
    itself, never from a file: a file that came with a workflow could send the key elsewhere."""
    address = base_url or os.environ.get(BASE_URL_NAME)
    key = api_key(environment(Path("."), workflow.path.parent))
    if key is None and _is_this_machine(address):
        key = NO_KEY
    elif key is None:
        _need_key(workflow)
    options = workflow.run
    return Connection(
        key=key,
        base_url=address,
        api_version=api_version,
        parallel=options.parallel,
        policy=Policy(retries=options.retries, timeout_seconds=options.timeout_seconds),
    )


def _is_this_machine(address: str | None) -> bool:
    host = urlsplit(address or "").hostname or ""
    return host == "localhost" or host.startswith("127.")


def _asks_gemini(workflow: Workflow) -> bool:
    return any(step.provider == "gemini" for step in workflow.steps)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _need_key(workflow: Workflow) -> None:
    if not _asks_gemini(workflow):
        return
    click.echo("error: no key for the Gemini API.", err=True)
    for fault in what_is_wrong_with_env_files(Path("."), workflow.path.parent):
        click.echo(f"  {fault}", err=True)
    click.echo(
        "  set GEMINI_API_KEY, or write GEMINI_API_KEY=… into a file named .env here\n"
        "  (a key is free at https://aistudio.google.com/apikey);\n"
        "  to rehearse without one, add:  --provider simulator",
        err=True,
    )
    raise SystemExit(NOTHING_RAN)
