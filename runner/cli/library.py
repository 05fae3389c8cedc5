"""`askpix library` — the workflows and answer shapes that are shipped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from runner import library
from runner.cli.exits import NOTHING_RAN
from runner.text.suggest import did_you_mean


@click.command()
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the workflows and answer shapes that are shipped, or print one of them."""
    if name is None:
        click.echo(listing())
        return 0
    path = find(name)
    if path is None:
        known = [*library.workflows(), *library.response_schemas()]
        close = did_you_mean(name.removeprefix("lib:"), known)
        hint = f"; did you mean `{close}`?" if close else "; `askpix library` lists all"
        click.echo(f"error: there is no `{name}`{hint}", err=True)
        return NOTHING_RAN
    click.echo(path.read_text(encoding="utf-8").rstrip("\n"))
    return 0


def find(name: str) -> Path | None:
    """The file of this name: `detect/boxes`, `lib:detect/boxes`, or a shape such as `boxes`."""
    name = name.removeprefix("lib:").removesuffix(".workflow.yaml").removesuffix(".schema.json")
    return library.workflows().get(name) or library.response_schemas().get(name)


def listing() -> str:
    """Both lists with a line about each."""
    workflows = {name: _about_workflow(path) for name, path in library.workflows().items()}
    shapes = {name: _about_shape(path) for name, path in library.response_schemas().items()}
    return "\n".join(
        [
            "Workflows, used as  extends: lib:NAME",
            *_table(workflows),
            "",
            "Answer shapes, used in a step as  schema: NAME",
            *_table(shapes),
            "",
            "askpix library NAME prints one of them.",
        ]
    )


def _table(rows: Mapping[str, str]) -> list[str]:
    width = max((len(name) for name in rows), default=0)
    return [f"  {name:<{width}}  {about}".rstrip() for name, about in rows.items()]


def _about_workflow(path: Path) -> str:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # builds without libyaml exist
    return str(yaml.load(path.read_bytes(), Loader=loader).get("description", "")).strip()


def _about_shape(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8")).get("description", ""))
