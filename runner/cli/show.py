"""`askpix show`: the workflow as it really is."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.options import opened, workflow_options


@click.command(name="show")
@click.argument("file", type=click.Path(path_type=Path))
@workflow_options
def command(
    file: Path,
    variables: tuple[str, ...],
    provider: str | None,
    limit: int | None,
    batch: bool | None,
    allow_outside: bool,
) -> None:
    """Print a workflow with defaults and extends filled in.

    What is printed is itself a workflow: it asks the same as the file does.
    """
    from runner.workflow.resolved import as_text

    workflow = opened(file, variables, provider, limit, batch=batch, allow_outside=allow_outside)
    click.echo(as_text(workflow.resolved))
