"""An example as it stands in a file, and the step that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.values.problem import Place, Route
from runner.values.shape import Shape
from runner.workflow.document import Document, join
from runner.workflow.schema_files import Placed
from runner.workflow.spec import StepPreparation


@dataclass(frozen=True, slots=True)
class Asked:
    """The step that has examples: its number, what it sends, and what its own prompt names. `roles`
    are those of its images, in its order, None when they are not known; of those in `together` it
    sends several."""

    number: int
    shape: Shape
    png_shape: Shape | None
    roles: tuple[str, ...] | None
    together: frozenset[str]
    preparation: StepPreparation
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Written:
    """An example as it stands in a file: `placed` knows the places of what is under `route`. `folder`
    is that of the file; None for the workflow itself."""

    data: Mapping[str, Any]
    route: Route
    placed: Document | Placed
    folder: Path | None = None

    def place(self, *below: str | int, key: bool = False) -> Place:
        """Where a part of it stands."""
        return self.placed.place((*self.route, *below), key=key)

    def path(self, name: str, *below: str | int) -> Path:
        """The path that a text in it names: it starts from the file that it stands in."""
        if isinstance(self.placed, Document):
            return self.placed.path((*self.route, *below), name)
        assert self.folder is not None
        return join(self.folder, name)
