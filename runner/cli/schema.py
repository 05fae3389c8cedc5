"""`askpix schema` — the JSON Schema of workflow files, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from runner import library
from runner.cli.exits import NOTHING_RAN

FILE_NAME = "workflow.schema.json"


@click.command()
@click.option("--write", is_flag=True, help=f"Write {FILE_NAME} into this folder.")
def command(write: bool) -> int:
    """Print the JSON Schema of workflow files, or write it beside them for an editor."""
    schema = library.schema_file("workflow").read_text(encoding="utf-8")
    if not write:
        click.echo(schema.rstrip("\n"))
        return 0
    target = Path(FILE_NAME)
    try:
        said = write_schema(target, schema)
    except OSError as error:
        click.echo(f"error: cannot write {target}: {error.strerror}", err=True)
        return NOTHING_RAN
    click.echo(said, err=True)
    click.echo(f"First line for your workflows: # yaml-language-server: $schema={target}", err=True)
    return 0


def write_schema(target: Path, schema: str) -> str:
    """Writes the file, over an older version of itself; what was done. Raises OSError."""
    before = target.read_text(encoding="utf-8", errors="replace") if target.exists() else None
    if before == schema:
        return f"{target} is up to date"
    target.write_text(schema, encoding="utf-8")
    return f"{'updated' if before is not None else 'wrote'} {target}"
