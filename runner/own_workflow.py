"""The workflow of a run, from the copies in its folder: it may be long gone where it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
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
            there = Path(place)
            name = Path(str(run.manifest().get("workflow", ""))).name or "replay.workflow.yaml"
            for path in (run.path / "sources").iterdir():
                shutil.copy(path, there / path.name)
            resolved = read((run.path / "resolved.yaml").read_bytes(), "resolved.yaml").data
            names = frozenset(path.name for path in there.iterdir())
            base = Path(str(run.manifest().get("workflow", ""))).parent
            data = _with_copies(resolved, names - {name}, base)
            assert isinstance(data, dict)
            (there / name).write_text(as_text(data), encoding="utf-8")
            return load(there / name, environ=os.environ, allow_outside=True)

        yield own


def _with_copies(value: object, names: frozenset[str], base: Path) -> object:
    """The same, with the copy of every file in its place, and other paths from where they were."""
    if isinstance(value, dict):
        return {key: _with_copies(each, names, base) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_copies(each, names, base) for each in value]
    if not isinstance(value, str) or "\n" in value or len(value) > 400 or "{" in value:
        return value
    name = value.replace("\\", "/").rpartition("/")[2]
    if name in names and "." in name:
        return name
    there = base / value
    return str(there) if "/" in value and "://" not in value and there.exists() else value
