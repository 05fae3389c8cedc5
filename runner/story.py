"""The whole story on one page: a workflow in, a run folder out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from runner.exporters import EXPORTERS
from runner.judging import judge
from runner.report.junit import junit_xml
from runner.report.unanswered import Unanswered, unanswered
from runner.resume import Options, begun, budget_of, left_behind, left_out, to_go_on_with
from runner.roles import OpenImage, fan_out
from runner.sources.opening import Unreadable, open_file
from runner.stages.execute import Asking
from runner.stages.gather import gather
from runner.stages.halt import Halt, interrupted_by_signals, until_halted
from runner.stages.lint_images import advice
from runner.stages.plan import IsStored, Plan, Visit, nobody, nothing_is_stored, plan
from runner.stages.truth import shown_truths
from runner.store.folder import RunFolder
from runner.store.journal import Journal
from runner.store.log_file import LogFile
from runner.store.trouble import StoreError
from runner.text.render import Renderer
from runner.values.event import Event, run_started, said
from runner.values.problem import Problem
from runner.values.result import ResultImage
from runner.values.tally import Tally
from runner.values.verdict import Verdict
from runner.version import VERSION
from runner.workflow.spec import Workflow

LOOKED_AT = 50
"""So many images are decoded for the guide's advice: it takes a while."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind. `written` maps the `to:` of every output to its files; `steps` says of
    each step how many results have no usable answer (nothing when the files could not be made)."""

    folder: Path
    tally: Tally
    verdicts: tuple[Verdict, ...]
    written: Mapping[str, Sequence[Path]]
    halt: Halt
    steps: tuple[Unanswered, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code of README: the most urgent of what happened."""
        match self.halt.kind:
            case "interrupted":
                return 130
            case "limit":
                return 5
            case "service":
                return 5 if self.tally.done > self.tally.unusable else 2
        if self.tally.unusable or self.tally.failed_entries:
            return 3
        return 1 if any(verdict.outcome == "failed" for verdict in self.verdicts) else 0


def make_plan(
    workflow: Workflow, is_stored: IsStored = nothing_is_stored, visit: Visit = nobody
) -> Plan:
    """What a run of this workflow will ask; reads the images, asks nothing, downloads nothing.
    `is_stored` says of a provider and a request key whether its answer is there already; `visit`
    gets every request that is to be sent."""
    with Renderer() as renderer:
        return plan(workflow, gather(workflow), renderer.render, date.today(), is_stored, visit)


def advice_on_images(workflow: Workflow) -> tuple[Problem, ...]:
    """What the guide would say about the first images: turned, blurred, too small; warnings."""
    return advice(gather(workflow), LOOKED_AT)


def run(workflow: Workflow, plan: Plan, options: Options) -> Outcome:
    """Asks everything in the plan that is not answered yet, judges the answers and writes the run
    folder: a new one, or that of an unfinished run of the same plan.

    Raises before anything is asked: `FolderError` when the folder cannot be written or there is
    nothing to resume, `LockedError` when another process works on it. A disk that is full later
    ends the run like any limit: what is written stays.
    """
    folder = to_go_on_with(plan, options) or RunFolder.create(
        options.out, workflow.name, plan.key, datetime.now(UTC)
    )
    with Journal.open(folder.path) as journal:
        return _run(workflow, plan, options, folder, journal)


def _run(
    workflow: Workflow, plan: Plan, options: Options, folder: RunFolder, journal: Journal
) -> Outcome:
    asks = frozenset(step.id for step in workflow.asks)
    tally = Tally(total=plan.promised, lists=sum(each.jobs for each in plan.open), asks=asks)
    halt = Halt()
    options.holds(halt)
    verdicts: tuple[Verdict, ...] = ()
    written: dict[str, Sequence[Path]] = {}
    steps: tuple[Unanswered, ...] = ()
    with (
        LogFile(folder.path / "log.jsonl", options.hide, options.say) as log_file,
        ExitStack() as held,
    ):

        def note_batches(happened: Event) -> None:
            if happened.name == "batch":  # a person may look into run.json for a day
                options.watch(tally)
                with suppress(OSError):
                    folder.write_json("run.json", manifest.as_json())

        log = fan_out(tally.note, log_file, options.log, note_batches)
        log(_started(workflow, plan, folder, journal))
        options = replace(options, say=_logged(options.say, log_file))
        manifest = begun(workflow, plan, options, folder, journal, tally)
        if (left := left_behind(workflow, options, folder, journal)) is not None:
            held.enter_context(closing(left))
        asking = Asking(
            workflow,
            plan.listed,
            options.connection,
            journal,
            halt,
            budget_of(workflow, journal),
            folder.path / "images",
            options.now().date(),
            options.say,
            options.pacers,
            options.cache,
            log,
            left_out(workflow, options, journal, log),
            allow_private=options.allow_private,
            uploads=options.uploads,
            left_behind=left,
        )
        try:
            told = until_halted(_ask_all(asking, tally, options.watch), halt)
            with interrupted_by_signals():
                _account(journal, tally, told, halt)
                if halt.at_once:  # what arrived is in the journal; the files are made of it later
                    raise KeyboardInterrupt
                _write_results(journal, folder, asking)
                verdicts = judge(workflow, folder, journal.efforts, options.say)
                if halt.kind is None:
                    verdicts = _compared(verdicts, options.against(folder))
                steps = unanswered([step.id for step in workflow.steps], folder.results())
                _write_outputs(workflow, folder, _opener(workflow, asking), written)
        except KeyboardInterrupt:
            asking.stop("interrupted", "interrupted while the files were written")
        except OSError as error:
            asking.stop("limit", _disk(error))
        manifest = manifest.end(halt.kind or "done", halt.why, verdicts)
        try:
            took = (manifest.started.isoformat(), manifest.seconds_until(datetime.now(UTC)))
            stopped = None if halt.kind is None else halt.why
            about = (_properties(tally), *took, steps, stopped)
            folder.write("junit.xml", junit_xml(workflow.name, verdicts, *about))
            folder.write_json("run.json", manifest.as_json())  # last: what is done is complete
        except OSError as error:  # the manifest of the beginning stays, and the run can go on
            asking.stop("limit", _disk(error))
        outcome = Outcome(folder.path, tally, verdicts, written, halt, steps)
        log(tally.ended(outcome.exit_code, halt.kind, halt.why or None, str(folder.path)))
    return outcome


def _compared(judged: tuple[Verdict, ...], against: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Both together, but for metrics that only their comparison judges: that tells their value, too."""
    told = [(each.definition, each.combination) for each in against if each.judged]
    own = (
        verdict
        for verdict in judged
        if verdict.measured is None
        or verdict.outcome != "skipped"
        or (verdict.definition, verdict.combination) not in told
    )
    return (*own, *against)


def _started(workflow: Workflow, plan: Plan, folder: RunFolder, journal: Journal) -> Event:
    limit = workflow.run.max_cost_usd
    path, planned = str(folder.path), plan.promised
    return run_started(workflow.name, path, journal.session, VERSION, planned, limit)


def _logged(say: Callable[[str], None], log_file: LogFile) -> Callable[[str], None]:
    """What a person reads stands in the log, too."""

    def say_and_log(sentence: str) -> None:
        say(sentence)
        log_file(said(sentence))

    return say_and_log


async def _ask_all(asking: Asking, tally: Tally, watch: Callable[[Tally], None]) -> bytearray:
    """A byte for each place of the plan, 1 where a result was counted."""
    told = bytearray()
    try:
        async for job in asking.results():
            for each in job:
                parts = [(part.result, part.origin, part.earlier) for part in each.answers]
                tally.add(each.result, each.origin, earlier=each.earlier, parts=parts)
                told.extend(bytes(max(0, each.result.ordinal + 1 - len(told))))
                told[each.result.ordinal] = 1
                watch(tally)
    except asyncio.CancelledError:
        if asking.halt.kind is None:  # not the second Ctrl-C, which only ends this early
            raise
    return told


def _account(journal: Journal, tally: Tally, told: bytearray, halt: Halt) -> None:
    """Counts the results that a run did not come to before it was stopped, and what all has cost."""
    if halt.is_called:
        for result, origin in journal.results():
            if told[result.ordinal : result.ordinal + 1] != b"\1":
                tally.add(result, origin, earlier=True)
    tally.account(journal.totals())


def _write_results(journal: Journal, folder: RunFolder, asking: Asking) -> None:
    """Writes results.jsonl; what was damaged while the run was under way is another reason to go on."""
    damaged = journal.damaged
    folder.write_results(journal.lines())
    if (more := journal.damaged - damaged) > 0:
        asking.stop("limit", f"{more:,} results are not what was written to run.sqlite")


def _disk(error: OSError) -> str:
    if isinstance(error, StoreError):
        return str(error)
    where = f" {error.filename}" if error.filename else " the run folder"
    return f"cannot write{where}: {(error.strerror or str(error)).lower()}"


def _write_outputs(
    workflow: Workflow,
    folder: RunFolder,
    open_image: OpenImage,
    written: dict[str, Sequence[Path]],
) -> None:
    with shown_truths(workflow) as truths:
        for output in workflow.outputs:
            options = {name: truths.given(value) for name, value in output.options.items()}
            exporter = EXPORTERS.load(output.format)(output.save, **options)
            results = folder.results(output.save.root)
            written[output.to] = exporter.write(results, folder.outputs / output.to, open_image)
    folder.keep_outputs(path for paths in written.values() for path in paths)


def _properties(tally: Tally) -> dict[str, str]:
    return {
        "models": ", ".join(sorted(tally.models)),
        "cost_usd": f"{tally.cost_usd:.6f}",
        "simulated": str(tally.simulated > 0).lower(),
    }


def _opener(workflow: Workflow, asking: Asking) -> OpenImage:
    """Opens the images of results: those of the workflow itself, downloads of the run, and files
    that are still what they were; the workflow may look no further than when they were found."""

    inline, within = asking.inline, workflow.preparation.within
    base = workflow.path.absolute().parent

    def open_image(image: ResultImage) -> bytes | None:
        if image.sha256 in inline:
            return inline[image.sha256 or ""]
        if image.path is None or "://" in image.path:
            return None
        start = base if image.address is None else asking.downloads.parent
        try:
            with open_file(start / image.path, within if image.address is None else None) as file:
                content = file.read()
        except (Unreadable, OSError):
            return None
        return content if sha256(content).hexdigest() == image.sha256 else None

    return open_image
