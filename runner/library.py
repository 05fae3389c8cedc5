"""Finds the shipped workflows and schemas, in a checkout or installed from a wheel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


@cache
def folder(kind: str) -> Path:
    """The folder `workflows` or `schemas`."""
    installed = PACKAGE / "_library" / kind
    return installed if installed.is_dir() else PACKAGE.parent / kind


def schema_file(name: str) -> Path:
    """A schema of the runner's own files: `schema_file("workflow")`."""
    return folder("schemas") / f"{name}.schema.json"


def response_schemas() -> dict[str, Path]:
    """The answer shapes that a step may name: `schema: boxes`."""
    return _by_name(folder("schemas") / "responses", ".schema.json")


def workflows() -> dict[str, Path]:
    """The shipped workflows by the name after `lib:` — `detect/boxes`."""
    return _by_name(folder("workflows"), ".workflow.yaml")


def _by_name(root: Path, ending: str) -> dict[str, Path]:
    return dict(_named(root, ending))


def _named(root: Path, ending: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(root.rglob(f"*{ending}")):
        yield path.relative_to(root).as_posix().removesuffix(ending), path
