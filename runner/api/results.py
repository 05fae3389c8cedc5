"""The results of a run, read from its folder as they are asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from runner.export import (
    ExportError,
    OptionError,
    Wish,
    check_part,
    export,
    opener,
    options_of,
    results_of,
)
from runner.exporters import overlay as overlays
from runner.exporters import supervision as visions
from runner.store.folder import FolderError, RunFolder
from runner.store.named_run import LAST, named_run
from runner.text.excerpt import visible
from runner.text.result_line import to_line
from runner.text.suggest import did_you_mean
from runner.values.problem import Rejected
from runner.values.reference import Reference
from runner.values.result import USABLE, Result
from runner.values.verdict import Outcome

if TYPE_CHECKING:
    import pandas
    import supervision
    from PIL import Image

Status = Literal["done", "running", "interrupted", "limit", "service", "on_error"]


class Results:
    """Results in the order of the plan. They are read from the run folder each time, one at a time:
    a hundred thousand of them take no more memory than one."""

    def __init__(self, folder: Path, reference: Reference | None = None) -> None:
        self.folder = folder
        self._reference = reference

    def __iter__(self) -> Iterator[Result]:
        """The results: `answer` and `detections` in pixels of the upright original image, `status`,
        `image` and `images`, `cost_usd`, `error`. Only `ok`, `empty` (found nothing) and `partial`
        are whole answers. Raises `Rejected` when the file cannot be read."""
        step = self._reference.root if self._reference else None
        with _in_words():
            yield from results_of(self._run, step)

    def to_dicts(self) -> Iterator[dict[str, Any]]:
        """The results as plain values, one at a time, in the shape of `results.jsonl`."""
        return (json.loads(to_line(result)) for result in self)

    def to_pandas(self) -> pandas.DataFrame:
        """The table of `as: csv`: a row for each thing, at least one for each result, with its case,
        status, label and places (`x_min`, `y_min`, `x_max`, `y_max`, `x`, `y` in pixels). The only
        thing here that holds all in memory. Raises `Rejected` without pandas, and of a run of several
        steps: take one, as in `run["find"]`."""
        from runner.api.frame import frame

        part = self._part()
        with _in_words():
            check_part(self._run, part)
        return frame(Results(self.folder, part), part.path)

    def to_supervision(
        self, labels: Sequence[str] | None = None
    ) -> Iterator[tuple[Result, supervision.Detections]]:
        """Each result with its `supervision.Detections`: boxes in float pixels, `class_id` counted in
        `labels`, without which these are all labels of these results by the alphabet. Results without
        a whole answer are left out: they are not the same as nothing found. Raises `Rejected` without
        supervision."""
        part = self._part()
        order = self._labels(part) if labels is None else list(labels)
        for result in Results(self.folder, part):
            if result.status in USABLE:
                yield result, to_supervision(result, ".".join(part.path), order)

    def save(
        self,
        as_: str,
        to: str | os.PathLike[str],
        *,
        force: bool = False,
        images: bool | None = None,
        padding: int | str | None = None,
        field_of_view: float | None = None,
        join_points: bool | None = None,
    ) -> tuple[Path, ...]:
        """The files that are written: all or none. `as_` is a format of `askpix export` (`coco`, `yolo`,
        `csv`, `overlay`, …), `to` a file or a folder; `force` replaces what is there. `images`,
        `padding`, `field_of_view` and `join_points` are options of some formats.

        Raises `Rejected` for a format that there is none of, for a place that is taken or cannot be
        written, and when there is nothing that the format could show.
        """
        given = {
            "images": images or None,
            "padding": padding,
            "field_of_view": field_of_view,
            "join_points": join_points or None,
        }
        with _in_words(to):
            options = options_of(as_, given)
            wish = Wish(as_, Path(to), str(self._part()), force, options)
            return export(self._run, wish).written

    def overlay(
        self,
        result: Result,
        *,
        image: int | None = None,
        field_of_view: float | None = None,
        join_points: bool = False,
    ) -> Image.Image:
        """A result drawn on its image, in RGB, as `as: overlay` draws it: enlarged or made smaller to
        500–2,048 pixels. A pair of images stands side by side; of more it is the image of this
        number, or the last one with something on it. `field_of_view` in degrees draws 3D boxes.
        Raises `Rejected` when the image is not there any more, or the result has no answer."""
        part = self._reference or Reference(result.step)
        output = overlays.Overlay(part, None, field_of_view, join_points)
        try:
            return overlays.overlay(result, opener(self._run), output, image)
        except ValueError as error:
            raise Rejected.because(str(error)) from None

    @property
    def _run(self) -> RunFolder:
        return RunFolder(self.folder)

    def _part(self) -> Reference:
        """What these are results of: one step, or a part of its answers."""
        if self._reference is not None:
            return self._reference
        steps = _steps(self._run.manifest())
        if len(steps) != 1:
            named = " or ".join(f'["{step}"]' for step in steps)
            raise Rejected.because(f"{self.folder} has results of {len(steps)} steps; take {named}")
        return Reference(steps[0])

    def _labels(self, part: Reference) -> list[str]:
        names: set[str] = set()
        for result in Results(self.folder, part):
            if result.status in USABLE:
                names.update(to_supervision(result, ".".join(part.path)).data["class_name"])
        return sorted(map(str, names))

    def __repr__(self) -> str:
        return visible(f"<Results of {self._reference or 'all steps'} in {self.folder}>")


@dataclass(frozen=True, slots=True)
class Check:
    """What became of a check in one combination: `outcome` is `passed`, `failed`, `warned` (it failed,
    and is only a warning) or `skipped`; `why` is a sentence. `cases` are those that did not pass, each
    with its reason."""

    name: str
    outcome: Outcome
    why: str
    combination: Mapping[str, object]
    cases: tuple[str, ...] = ()


class Run(Results):
    """A run: its results in the order of the plan, and what became of it. All of it is read from its
    folder when it is asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)

    def __getitem__(self, part: str) -> Results:
        """The results of a step, `run["find"]`; or, to save and draw, of a part of its answers,
        `run["find.boxes"]`. Raises `Rejected` when there is no such step."""
        if not isinstance(part, str):
            hint = f'write a step, run["{next(iter(self.steps), "find")}"], or list(run)[{part!r}]'
            raise Rejected.because(f"a run has its results by step: {hint}")
        reference = Reference.parse(part)
        if reference.root not in self.steps:
            close = did_you_mean(reference.root, self.steps)
            hint = f"did you mean `{close}`?" if close else f"there are: {', '.join(self.steps)}"
            raise Rejected.because(f"{self.folder} has no step `{reference.root}`; {hint}")
        return Results(self.folder, reference)

    @property
    def name(self) -> str:
        """The name of its workflow."""
        return str(self._run.manifest().get("name", ""))

    @property
    def steps(self) -> tuple[str, ...]:
        """The ids of its steps."""
        return _steps(self._run.manifest())

    @property
    def status(self) -> Status:
        """`done`; `running`, also of one that was killed; or what stopped it: `interrupted`, a `limit`,
        the `service`, `on_error`."""
        return cast("Status", self._run.manifest().get("status", "running"))

    @property
    def why(self) -> str | None:
        """Why it was stopped, as a sentence; None when it was not."""
        return cast("str | None", self._run.manifest().get("why"))

    @property
    def counts(self) -> Mapping[str, int]:
        """How many results there are, by their status."""
        counts = cast("Mapping[str, Any]", self._run.manifest().get("counts", {}))
        return cast("Mapping[str, int]", counts.get("by_status", {}))

    @property
    def cost_usd(self) -> float:
        """What all sessions of the run have cost, in dollars; of a simulated one, what a model would
        have cost."""
        return cast("float", self._run.manifest().get("cost_usd", 0.0))

    @property
    def is_simulated(self) -> bool:
        """True when no model looked at the images."""
        return self._run.manifest().get("simulated") is True

    @property
    def checks(self) -> tuple[Check, ...]:
        """What became of each check; none before the run is done."""
        try:
            told = json.loads((self.folder / "checks.json").read_bytes())["checks"]
        except (OSError, ValueError, KeyError):
            return ()
        return tuple(map(_check, told))

    @property
    def is_fine(self) -> bool:
        """True when it is done, every answer is usable and no check failed: exit code 0."""
        usable = all(status in (*USABLE, "skipped") for status in self.counts)
        failed = any(check.outcome == "failed" for check in self.checks)
        return self.status == "done" and usable and not failed

    def __repr__(self) -> str:
        told = ", ".join(f"{count:,} {status}" for status, count in self.counts.items())
        return visible(f"<Run {self.name}: {self.status}; {told or 'no results'}; {self.folder}>")

    def _repr_html_(self) -> str:
        """The run as a small page in Jupyter."""
        from runner.api.page import page

        return page(self)


def open_run(run: str | os.PathLike[str] = LAST, *, runs: str | os.PathLike[str] = "runs") -> Run:
    """A run that is there: its folder, its name among `runs`, or `last`. An unfinished one gives what
    it has. Raises `Rejected` when there is none."""
    with _in_words():
        return Run(named_run(os.fspath(run), Path(runs)).path)


def to_supervision(
    result: Result, save: str = "", labels: Sequence[str] | None = None, image: int = -1
) -> supervision.Detections:
    """What a result found on one of its images, as `supervision.Detections`: boxes in float pixels,
    masks as whole frames. `save` is the part of the answer (`boxes`), `image` the number of the image,
    the last one by default. Raises `Rejected` without supervision, and for a result without a whole
    answer, which is not the same as nothing found."""
    try:
        return visions.to_supervision(result, save, labels, image)
    except ImportError as error:
        if error.name != "supervision":
            raise
        why = "supervision is not installed\n  pip install supervision"
        raise Rejected.because(why) from None
    except ValueError as error:
        raise Rejected.because(str(error)) from None


@contextmanager
def _in_words(target: str | os.PathLike[str] | None = None) -> Iterator[None]:
    try:
        yield
    except OptionError as error:
        raise Rejected.because(f"{error.option}: {error}") from None
    except (ExportError, FolderError) as error:
        told = str(error).replace("--force", "force=True").replace("write --to ", "write ")
        raise Rejected.because(told) from None
    except OSError as error:
        if target is None:
            raise
        why = (error.strerror or str(error)).lower()
        raise Rejected.because(f"cannot write {os.fspath(target)}: {why}") from None


def _check(told: Mapping[str, Any]) -> Check:
    cases = [f"{each['case']}: {each['why']}" for each in told["cases"] if each["passed"] is False]
    return Check(told["name"], told["outcome"], told["why"], told["combination"], tuple(cases))


def _steps(manifest: Mapping[str, object]) -> tuple[str, ...]:
    steps = manifest.get("steps")
    return tuple(steps) if isinstance(steps, dict) else ()
