"""`askpix run`: asks, judges, writes; and says where to look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from runner.cli.environment import (
    BASE_URL_NAME,
    api_key,
    environment,
    what_is_wrong_with_env_files,
)
from runner.cli.options import NOTHING_RAN, leave_on_errors, opened, workflow_options
from runner.cli.plan import summary
from runner.cli.progress import progress
from runner.cli.summary import as_json, tell
from runner.workflow.spec import Workflow

URGENCY = (4, 130, 5, 2, 3, 1, 0)
"""Of several files, the exit code that stands first here is the command's."""


@click.command(name="run")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@workflow_options
@click.option("--base-url", metavar="URL", help="Another address of the Gemini API.")
@click.option("--api-version", default="v1beta", show_default=True, help="v1 or v1beta.")
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
    codes, reports = [], []
    for workflow in workflows:
        code, report = _run(workflow, base_url, api_version, out, allow_private, quiet, form)
        codes.append(code)
        reports.append(report)
        if code == 130:
            break
    if form == "json":
        click.echo(json.dumps(reports[0] if len(files) == 1 else reports, ensure_ascii=False))
    raise SystemExit(min(codes, key=URGENCY.index))


def _run(
    workflow: Workflow,
    base_url: str | None,
    api_version: str,
    out: Path,
    allow_private: bool,
    quiet: bool,
    form: str,
) -> tuple[int, dict[str, object]]:
    from runner.roles import Connection
    from runner.run import Options, advice_on_images, make_plan, run
    from runner.stages.gather import find_pattern_problems
    from runner.store.folder import FolderError
    from runner.values.request import Policy

    environ = environment(Path.cwd(), workflow.path.parent)
    key = api_key(environ)
    leave_on_errors((*workflow.warnings, *find_pattern_problems(workflow)))
    _need_key(workflow, key)
    leave_on_errors(() if quiet else advice_on_images(workflow))
    planned = make_plan(workflow)
    if not quiet:
        click.echo("\n".join(summary(workflow, planned)), err=True)
    options = workflow.run
    connection = Connection(
        key=key,
        base_url=base_url or environ.get(BASE_URL_NAME),
        api_version=api_version,
        parallel=options.parallel,
        policy=Policy(retries=options.retries, timeout_seconds=options.timeout_seconds),
    )
    total = planned.cases * planned.combinations * planned.repeats * len(workflow.steps)
    try:
        with progress(total, quiet=quiet, budget_usd=options.max_cost_usd) as watch:
            outcome = run(workflow, planned, Options(connection, out, allow_private, watch))
    except FolderError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(NOTHING_RAN) from None
    if form == "text":
        tell(workflow, outcome)
    return outcome.exit_code, as_json(workflow, outcome)


def _need_key(workflow: Workflow, key: str | None) -> None:
    asked: Sequence[str] = [step.id for step in workflow.steps if step.provider == "gemini"]
    if not asked or key is not None:
        return
    click.echo("error: no key for the Gemini API.", err=True)
    for fault in what_is_wrong_with_env_files(Path.cwd(), workflow.path.parent):
        click.echo(f"  {fault}", err=True)
    click.echo(
        "  set GEMINI_API_KEY, or write GEMINI_API_KEY=… into a file named .env here\n"
        "  (a key is free at https://aistudio.google.com/apikey);\n"
        "  to rehearse without one, add:  --provider simulator",
        err=True,
    )
    raise SystemExit(NOTHING_RAN)
