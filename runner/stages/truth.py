"""Truth: the results of a case → the same with what is right for it, read when it is its turn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from runner.checks.cells import is_blank, with_decimal_commas
from runner.roles import CaseResults, TruthOf
from runner.sources.opening import Unreadable
from runner.sources.truth import TRUTHS
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.told import OpenTruth, Told
from runner.text.detections import images_of
from runner.values.reference import Reference
from runner.values.result import ResultImage
from runner.values.truth import Cell, NoTruth, Truth
from runner.workflow.dataset import table_format
from runner.workflow.spec import OutputSpec, TruthSpec, Workflow

MOST_REMARKS = 20
"""So many remarks are kept; the others are counted."""


@dataclass(slots=True)
class CaseTruths:
    """The truths that the checks of a workflow look at. `remarks` say what was left out of them."""

    specs: tuple[TruthSpec, ...]
    open: Mapping[str, OpenTruth | Unreadable]
    remarks: dict[str, None] = field(default_factory=dict)
    more: int = 0
    decimal_comma: bool = False
    """Whether `6,0` in the table of the cases is a number where one is asked for."""
    _last: tuple[object, Mapping[str, Truth]] | None = None

    def added(self, case: CaseResults) -> CaseResults:
        """The case with its truths; those of the last case are kept for its combinations."""
        images = images_of(case.steps)
        if self.decimal_comma:
            case = replace(case, row=with_decimal_commas(case.row))
        same = (case.case, images, case.row)
        if self._last is None or self._last[0] != same:
            truth = {spec.name: self._of(spec, case.case, case.row, images) for spec in self.specs}
            self._last = same, truth
        return replace(case, truth=self._last[1])

    def given(self, option: object) -> object:
        """An option of an output as its exporter takes it: a `truth.NAME` as a `TruthOf`."""
        if not isinstance(option, Reference):
            return option
        spec = next(spec for spec in self.specs if spec.name == option.path[0])
        truth_of: TruthOf = lambda result: self._of(  # noqa: E731
            spec, result.case, result.row, result.images
        )
        return truth_of

    def told(self) -> Iterator[str]:
        """What was left out of the truth, as sentences."""
        yield from (f"the truth is not whole: {remark}" for remark in self.remarks)
        if self.more:
            yield f"the truth is not whole: {self.more:,} more entries cannot be used"

    def _of(
        self, spec: TruthSpec, case: str, row: Mapping[str, object], images: Sequence[ResultImage]
    ) -> Truth:
        if spec.column is not None:
            return _cell(spec.column, row)
        source = self.open[spec.name]
        if isinstance(source, Unreadable):
            return NoTruth(f"the file cannot be read: {source.issue.why}")
        try:
            told = source.of(case, images)
        except (Unreadable, OSError) as error:
            told = Told(NoTruth(str(error)))
        for remark in told.remarks:
            if len(self.remarks) < MOST_REMARKS or remark in self.remarks:
                self.remarks[remark] = None
            else:
                self.more += 1
        return told.truth


def case_truths(workflow: Workflow) -> AbstractContextManager[CaseTruths]:
    """The truths of a workflow, open as long as the context; only those that its checks name."""
    used = {name for check in workflow.checks for name in _named(check.that, *_others(check))}
    used |= {name for metric in workflow.metrics for name in _named(*metric.references)}
    return _open(workflow, used)


def shown_truths(workflow: Workflow) -> AbstractContextManager[CaseTruths]:
    """The same of those that its outputs show."""
    return _open(
        workflow, {name for output in workflow.outputs for name in _named(*_shown(output))}
    )


@contextmanager
def _open(workflow: Workflow, used: Collection[str]) -> Iterator[CaseTruths]:
    specs = tuple(spec for spec in workflow.truths if spec.name in used)
    with ExitStack() as closing:
        sources: dict[str, OpenTruth | Unreadable] = {}
        for spec in specs:
            if spec.column is None:
                try:
                    source = open_truth(spec, Flaws(), workflow)
                except Unreadable as error:
                    sources[spec.name] = error
                else:
                    sources[spec.name] = source
                    closing.callback(source.close)
        dataset = workflow.dataset
        comma = dataset is not None and dataset.decimal_comma
        yield CaseTruths(specs, sources, decimal_comma=comma)


def open_truth(spec: TruthSpec, flaws: Flaws, workflow: Workflow) -> OpenTruth:
    """The truth of a spec, open. Raises `Unreadable` when its file cannot be used at all."""
    within = workflow.preparation.within
    assert spec.file is not None
    options: dict[str, object] = {}
    match spec.format:
        case "boxes":
            options = {"format": table_format(spec.file) or "csv"}
        case "yolo" | "masks":
            options = {"labels": spec.labels, "within": within}
        case "results":
            options = {"step": spec.step, "within": within}
        case _:
            options = {"within": within}
    try:
        return TRUTHS[spec.format](spec.file, **options).open(flaws)
    except OSError as error:
        raise Unreadable("truth_unreadable", error.strerror or str(error)) from error


def _cell(column: str, row: Mapping[str, object]) -> Truth:
    value = row.get(column)
    if is_blank(value):
        return NoTruth(f"the column `{column}` is empty in its row")
    return Cell(value)


def _named(*references: Reference) -> Iterator[str]:
    yield from (each.path[0] for each in references if each.root == "truth" and each.path)


def _shown(output: OutputSpec) -> Iterator[Reference]:
    yield from (value for value in output.options.values() if isinstance(value, Reference))


def _others(check: object) -> Iterator[Reference]:
    comparisons = getattr(check, "comparisons", ())
    yield from (each.value for each in comparisons if isinstance(each.value, Reference))
