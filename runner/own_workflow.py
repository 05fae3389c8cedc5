"""The workflow of a run, from the copies in its folder: it may be long gone where it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.store.folder import RunFolder
from runner.text.source import read
from runner.workflow.load import load
from runner.workflow.resolved import as_text
from runner.workflow.spec import Workflow


@contextmanager
def own_workflow(run: RunFolder) -> Iterator[Callable[[], Workflow]]:
    """What loads it; the files that it is loaded from are there as long as the context. Loading raises
    `Rejected` for a workflow with mistakes, OSError when the copies cannot be read."""
    with TemporaryDirectory(prefix="askpix-") as place:

        def own() -> Workflow:
            there, manifest = Path(place), run.manifest()
            was = Path(str(manifest.get("workflow", "")))
            name = was.name or "replay.workflow.yaml"
            for path in (run.path / "sources").iterdir():
                shutil.copy(path, there / path.name)
            resolved = read((run.path / "resolved.yaml").read_bytes(), "resolved.yaml").data
            paths = manifest.get("paths")
            copies = {str(p): n for n, p in paths.items()} if isinstance(paths, dict) else {}
            assert isinstance(resolved, dict)
            data = {
                key: value if key in NO_PATHS else _with_copies(value, copies, was.parent)
                for key, value in resolved.items()
            }
            (there / name).write_text(as_text(data), encoding="utf-8")
            return load(there / name, environ=os.environ, allow_outside=True)

        yield own


NO_PATHS = frozenset({"name", "description", "vars", "matrix", "matrix_skip", "checks"})
"""What is a text there stays one, though a file may be called so."""


def _with_copies(value: object, copies: Mapping[str, str], base: Path) -> object:
    """The same, with the copy of every file in its place, and other paths from where they were.
    `copies` has their names by the path of the file."""
    if isinstance(value, dict):
        return {key: _with_copies(each, copies, base) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_copies(each, copies, base) for each in value]
    if not isinstance(value, str) or "\n" in value or len(value) > 400 or "{" in value:
        return value
    there = os.path.abspath(base / os.path.expanduser(value))
    if there in copies:
        return copies[there]
    return there if "/" in value and "://" not in value and os.path.exists(there) else value
