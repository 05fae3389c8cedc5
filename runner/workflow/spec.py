"""A workflow as typed values: what the author wrote, with every name already found.

`workflow/load.py` is the only place that makes these; after it nobody looks anything up by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from runner.catalogue import Model
from runner.values.passing import Upload
from runner.values.problem import Place, Problem
from runner.values.reference import Comparison, Reference
from runner.values.request import Family, Resolution, Settings
from runner.values.shape import Shape

Scalar = str | int | float | bool
Axis = str
"""An axis of the matrix: the name of a setting (`model`) or of a variable (`vars.thing`)."""
Combination = Mapping[Axis, Scalar]
"""One choice for every axis; empty when there is no matrix."""


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One line of `images:`: a path, a pattern, a folder, a web address or a `data:` URI.

    Paths are absolute already: they started from the file in which they were written. `text` is
    what the author wrote, `place` where.
    """

    kind: Literal["file", "pattern", "folder", "web", "data"]
    value: str
    text: str
    base: Path
    place: Place
    sha256: str | None = None
    """Of the bytes at a web address, in hex, when the author pins them."""


@dataclass(frozen=True, slots=True)
class ImageSet:
    """The images under one name (`image` when the author gave no names)."""

    role: str
    entries: tuple[ImageEntry, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table of which every row is a case. `roles` maps a role to the column of its image."""

    file: Path
    format: Literal["csv", "tsv", "jsonl", "parquet"]
    roles: Mapping[str, str]
    image_folder: Path
    id_column: str | None
    where: Mapping[str, Scalar | tuple[Scalar, ...]]
    """The value that a column must have; a tuple is one of several."""
    place: Place


TruthFormat = Literal["column", "boxes", "coco", "yolo", "masks", "results"]


@dataclass(frozen=True, slots=True)
class TruthSpec:
    """Correct answers under one name: a column of the table, or a file or folder (`file`).

    `labels` are the names of classes by number. `step` is that of the results of another run.
    """

    name: str
    format: TruthFormat
    place: Place
    file: Path | None = None
    column: str | None = None
    labels: Mapping[int, str] = field(default_factory=dict)
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Preparation:
    """How images are read: `fetch` downloads web images here, `convert` names the type that
    unsupported ones become (`png`, `jpeg`), `frame` chooses one of an animation, `within` is the
    folder that their files must really lie in (None is anywhere). `upload` is how they travel;
    `needs_size`: some step asks for places, which can be told in pixels only of an image seen here."""

    fetch: bool = False
    convert: Literal["png", "jpeg"] | None = None
    frame: int = 0
    within: Path | None = None
    upload: Upload = "inline"
    needs_size: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A Jinja template and where it stands; `place` is its first character."""

    template: str
    place: Place


@dataclass(frozen=True, slots=True)
class StepImage:
    """An image of the case by its role, as a step sends it."""

    role: str
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class AskStep:
    """A question to the model about the images of a case.

    `images` empty means all images of the case, in their order. `own` names the settings that the
    step itself sets: they win over an axis of the matrix. `family` is None when the catalogue
    chooses it.
    """

    id: str
    prompt: Prompt
    shape: Shape
    """The answer of models that outline masks as polygons (Gemini 3)."""
    png_shape: Shape | None
    """The answer of models that paint masks as PNG (Gemini 2.5), when the answer holds masks."""
    model: str
    settings: Settings
    title: str | None = None
    system: Prompt | None = None
    images: tuple[StepImage, ...] = ()
    prompt_first: bool = True
    provider: str = "gemini"
    family: Family | None = None
    own: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    """The earlier steps whose answers its templates name; without them it is not run."""
    descriptions: Mapping[str, Prompt] = field(default_factory=dict)
    place: Place | None = None

    def shape_for(self, model: Model) -> Shape:
        """The shape of the answer that this model gives."""
        return self.png_shape if self.png_shape and model.masks == "png" else self.shape


Step = AskStep
"""`crop`, `filter`, `merge` and `compute` join this union when they can run."""


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """A `that:` check. `pass_rate` is a share 0–1. `only` restricts it to some combinations."""

    name: str
    that: Reference
    comparisons: tuple[Comparison, ...]
    place: Place
    pass_rate: float = 1.0
    level: Literal["error", "warning"] = "error"
    only: Combination = field(default_factory=dict)
    ignore_case: bool = False
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """A file or folder to write: `to` is relative to the run folder's `outputs/`."""

    save: Reference
    format: str
    to: str
    place: Place


CacheMode = Literal["off", "use", "refresh", "only"]
"""off: ask, store nothing · use: ask for what is not stored · refresh: ask, and store · only: never
ask."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run; never changes what is asked."""

    limit: int | None = None
    repeat: int = 1
    parallel: int = 8
    max_cost_usd: float | None = None
    max_requests: int | None = None
    on_error: Literal["stop", "continue"] = "continue"
    timeout_seconds: float = 300.0
    retries: int = 4
    cache: CacheMode = "use"
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    on_doubtful: Literal["retry", "skip", "ask"] = "retry"
    on_cut_off: Literal["keep", "retry"] = "keep"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that shaped the workflow: copied byte for byte into the run folder.

    `content` is None for a file that is read in pieces, such as a table.
    """

    path: Path
    role: Literal["workflow", "extended", "prompt", "schema", "dataset", "truth", "library"]
    content: bytes | None

    def __repr__(self) -> str:
        return f"SourceFile({str(self.path)!r}, {self.role!r})"


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow that may run. `resolved` is the file with defaults and extends filled in."""

    path: Path
    name: str
    description: str
    images: tuple[ImageSet, ...]
    dataset: Dataset | None
    preparation: Preparation
    vars: Mapping[str, object]
    steps: tuple[Step, ...]
    combinations: tuple[Combination, ...]
    checks: tuple[CheckSpec, ...]
    outputs: tuple[OutputSpec, ...]
    run: RunOptions
    models: Mapping[str, Model]
    sources: tuple[SourceFile, ...]
    resolved: Mapping[str, object]
    warnings: tuple[Problem, ...] = ()
    truths: tuple[TruthSpec, ...] = ()
    partial: bool = False
    """Only a part, meant to be extended: valid, and nothing to run."""

    def step(self, id: str) -> Step:
        """The step of this id."""
        return next(step for step in self.steps if step.id == id)
