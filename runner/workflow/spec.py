"""A workflow as typed values: what the author wrote, with every name already found.

`workflow/load.py` is the only place that makes these; after it nobody looks anything up by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from runner.catalogue import Model
from runner.postprocess.cut import Cut
from runner.postprocess.sieve import Sieve
from runner.values.image import Background, Image
from runner.values.measured import Better
from runner.values.passing import Upload
from runner.values.problem import Place, Problem
from runner.values.reference import Comparison, Reference
from runner.values.request import Family, Resolution, Settings
from runner.values.shape import Shape, listed

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
    """The images under one name (`image` when the author gave no names). `together`: all of them are
    in one request."""

    role: str
    entries: tuple[ImageEntry, ...]
    together: bool = False

    @property
    def is_with_every_case(self) -> bool:
        """Whether they go with each image of the other names: one that is written out, or all."""
        single = len(self.entries) == 1 and self.entries[0].kind in ("file", "web", "data")
        return self.together or single


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
    decimal_comma: bool = False
    """Whether `6,0` is a number in it."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where its keys stand, and the columns that they name: `where`, `where.split`."""

    def place_of(self, key: str, column: str = "") -> Place:
        """Where a column stands under a key, or else the key, or the dataset."""
        return self.places.get(f"{key}.{column}") or self.places.get(key) or self.place


TruthFormat = Literal["column", "boxes", "coco", "labelstudio", "yolo", "masks", "results"]


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
    `needs_size`: some step asks for places, which can be told in pixels only of an image seen here,
    or cuts or resizes it; `is_reduced`: every step sends less of an image than there is."""

    fetch: bool = False
    convert: Literal["png", "jpeg"] | None = None
    frame: int = 0
    within: Path | None = None
    upload: Upload = "inline"
    needs_size: bool = False
    is_reduced: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A Jinja template and where it stands; `place` is its first character."""

    template: str
    place: Place


@dataclass(frozen=True, slots=True)
class Tile:
    """Square tiles of this side in pixels of the original, of which neighbours share at least this
    part (0–0.5) of their side."""

    size: int
    overlap: float = 0.15


@dataclass(frozen=True, slots=True)
class StepPreparation:
    """What is done to the images of a step before they are sent, in this order: cut into tiles, made
    smaller (`resize`: the longest side as sent, in pixels), written anew as `convert` if that has to
    be at all. None: nothing is."""

    tile: Tile | None = None
    resize: int | None = None
    convert: Literal["png", "jpeg"] | None = None


@dataclass(frozen=True, slots=True)
class StepImage:
    """An image of the case by its role, as a step sends it; `item` is the cut-out that a step is
    run for."""

    role: str
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its right answer, which the model is shown before each question of a step.

    `images` are those of the step by their roles, in its order. `answer` is the text that a model
    would write which outlines masks, `png_answer` that of one which paints them, when the answer holds
    masks. `prompt` None is that of the step.
    """

    images: tuple[Image, ...]
    answer: str
    png_answer: str | None = None
    prompt: Prompt | None = None
    place: Place | None = None


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
    """The earlier steps that it names; without them it is not run."""
    descriptions: Mapping[str, Prompt] = field(default_factory=dict)
    place: Place | None = None
    preparation: StepPreparation = StepPreparation()
    for_each: Reference | None = None
    """The list whose entries it is asked about, one by one; None for the case as a whole."""
    when: CheckSpec | None = None
    """What must hold, of the case or of the entry, for the question to be asked."""
    examples: tuple[Example, ...] = ()

    @property
    def result_shape(self) -> Shape:
        """The shape of what stands in its result: a list of answers with `for_each`."""
        return self.shape if self.for_each is None else listed(self.shape)

    def shape_for(self, model: Model) -> Shape:
        """The shape of the answer that this model gives."""
        return self.png_shape if self.png_shape and model.masks == "png" else self.shape


@dataclass(frozen=True, slots=True)
class Crop:
    """Cuts every box out of its image, or out of the one under `role`; with a `background` only the
    pixels of its mask or outline are shown."""

    boxes: Reference
    cut: Cut
    role: str | None = None
    background: Background | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps those boxes for which all of `where` holds, and that a sieve lets pass."""

    boxes: Reference
    sieve: Sieve
    where: tuple[CheckSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Merge:
    """Adds fields to the entries of a list: the first to the first, the second to the second."""

    into: Reference
    add: Mapping[str, Reference]


@dataclass(frozen=True, slots=True)
class Compute:
    """Works out one value: what a template says, read as a number, a text, or yes or no."""

    kind: Literal["number", "text", "yes_no"]
    template: Prompt


@dataclass(frozen=True, slots=True)
class LocalStep:
    """A step that asks nothing: it makes something of earlier answers. `result_shape` is that of
    its result; the rest is as in a step that asks."""

    id: str
    work: Crop | Filter | Merge | Compute
    result_shape: Shape
    place: Place
    title: str | None = None
    needs: tuple[str, ...] = ()
    for_each: Reference | None = None
    when: CheckSpec | None = None


Step = AskStep | LocalStep


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """A `that:` check, or a condition (`when`, `where`), of which only the comparison counts. `pass_rate` is a share 0–1. `only` restricts it to some combinations."""

    name: str
    that: Reference
    comparisons: tuple[Comparison, ...]
    place: Place
    pass_rate: float = 1.0
    level: Literal["error", "warning"] = "error"
    only: Combination = field(default_factory=dict)
    ignore_case: bool = False
    tolerance: float = 0.0
    manner: Mapping[str, object] = field(default_factory=dict)
    """How texts and things are compared beside these, by name: `normalise`, `cer`, `iou`."""


SHARES = frozenset(
    [
        "precision",
        "recall",
        "f1",
        "mean_iou",
        "mAP",
        "boundary_f",
        "point_hit",
        "accuracy",
        "macro_f1",
        "exact_match",
        "error_rate",
        "valid_answer_rate",
        "stability",
    ]
)
"""Metrics that are never below 0 nor above 1."""

EITHER_WAY = frozenset({"mean", "total"})
"""Metrics of which nobody but the author knows whether more or less is better."""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A `metric:` check. `options` are those of the metric by name: `of`, `against`, `iou`.

    `max_drop` and `max_rise` are judged against a baseline: how much worse than that it may be; of
    what has a unit (dollars, tokens, seconds), and `EITHER_WAY`, as a share of the baseline itself.
    """

    name: str
    metric: str
    options: Mapping[str, object]
    place: Place
    at_least: float | None = None
    at_most: float | None = None
    max_drop: float | None = None
    max_rise: float | None = None
    per: Literal["label", "image"] | None = None
    level: Literal["error", "warning"] = "error"
    only: Combination = field(default_factory=dict)

    @property
    def goal(self) -> Better:
        """Which way is better by its limits, those against a baseline first; None where they are on
        both sides."""
        for more, less in ((self.max_drop, self.max_rise), (self.at_least, self.at_most)):
            if (more is None) != (less is None):
                return "more" if less is None else "less"
        return None

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it looks at and what it compares that with."""
        return tuple(each for each in self.options.values() if isinstance(each, Reference))


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """A file or folder to write: `to` is relative to the run folder's `outputs/`. `options` are those
    of the format, by name."""

    save: Reference
    format: str
    to: str
    place: Place
    options: Mapping[str, object] = field(default_factory=dict)


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
    mode: Literal["live", "batch"] = "live"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that shaped the workflow: copied byte for byte into the run folder.

    `content` is None for a file that is read in pieces, such as a table or an image.
    """

    path: Path
    role: Literal[
        "workflow", "extended", "prompt", "schema", "dataset", "truth", "library", "example"
    ]
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
    metrics: tuple[MetricSpec, ...] = ()
    partial: bool = False
    """Only a part, meant to be extended: valid, and nothing to run."""

    @property
    def asks(self) -> tuple[AskStep, ...]:
        """The steps that ask a model."""
        return tuple(step for step in self.steps if isinstance(step, AskStep))

    def step(self, id: str) -> Step:
        """The step of this id."""
        return next(step for step in self.steps if step.id == id)
