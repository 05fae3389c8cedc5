"""The whole story on one page: a workflow in, a run folder out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

from runner import __version__
from runner.exporters import EXPORTERS
from runner.report.checks_json import checks_json
from runner.report.junit import junit_xml
from runner.report.unanswered import Unanswered, unanswered
from runner.roles import AnswerCache, Connection, Log, OpenImage, fan_out, no_log
from runner.sources.opening import Unreadable, open_file
from runner.stages.check import check
from runner.stages.execute import Asking
from runner.stages.gather import gather
from runner.stages.halt import Halt
from runner.stages.lint_images import advice
from runner.stages.plan import IsStored, Plan, nothing_is_stored, plan
from runner.store.folder import FolderError, RunFolder
from runner.store.journal import Journal
from runner.store.log_file import LogFile
from runner.store.manifest import Manifest
from runner.store.recorded import Doubt, Recorded
from runner.text.log_line import Hide
from runner.text.render import Renderer
from runner.transport.budget import Budget
from runner.transport.pacing import Pacers
from runner.values.event import Event, doubtful, run_started
from runner.values.problem import Problem
from runner.values.question import Question
from runner.values.result import USABLE, ResultImage, Status
from runner.values.tally import Tally
from runner.values.verdict import Verdict
from runner.workflow.resolved import as_text
from runner.workflow.spec import Workflow

LOOKED_AT = 50
"""So many images are decoded for the guide's advice: it takes a while."""

NAMED = 5
"""So many requests that may be paid for twice are named; the log names all."""

Begin = Literal["auto", "resume", "fresh", "retry_failed"]
"""auto: go on with the newest run of the same plan if it is unfinished · resume: go on with it, also
when it is finished: its files are then made again · fresh: always a new run · retry_failed: as
resume, and ask again what has no usable answer."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this machine carries out a run. `watch` gets the totals after every result, `say` a
    sentence that a person should read at once, `log` everything that happens; `hide` takes keys out
    of what is logged. All runs of a command share `cache` and `pacers`. `ask_again` decides about requests that may be paid
    for already, when the workflow says `on_doubtful: ask`."""

    connection: Connection
    out: Path
    begin: Begin = "auto"
    cache: AnswerCache | None = None
    pacers: Pacers | None = field(default_factory=Pacers)
    allow_private: bool = False
    watch: Callable[[Tally], None] = lambda tally: None
    say: Callable[[str], None] = lambda sentence: None
    log: Log = no_log
    hide: Hide = str
    ask_again: Callable[[Mapping[str, Doubt]], bool] = lambda doubts: True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind. `written` maps the `to:` of every output to its files."""

    folder: Path
    tally: Tally
    verdicts: tuple[Verdict, ...]
    written: Mapping[str, Sequence[Path]]
    halt: Halt

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
        if self.tally.unusable:
            return 3
        return 1 if any(verdict.outcome == "failed" for verdict in self.verdicts) else 0


def make_plan(workflow: Workflow, is_stored: IsStored = nothing_is_stored) -> Plan:
    """What a run of this workflow will ask; reads the images, asks nothing, downloads nothing.
    `is_stored` says of a provider and a request key whether its answer is there already."""
    with Renderer() as renderer:
        cases = gather(workflow, fetch=False)
        return plan(workflow, cases, renderer.render, date.today(), is_stored)


def advice_on_images(workflow: Workflow) -> tuple[Problem, ...]:
    """What the guide would say about the first images: turned, blurred, too small; warnings."""
    return advice(gather(workflow, fetch=False), LOOKED_AT)


def run(workflow: Workflow, plan: Plan, options: Options) -> Outcome:
    """Asks everything in the plan that is not answered yet, judges the answers and writes the run
    folder: a new one, or that of an unfinished run of the same plan.

    Raises before anything is asked: `FolderError` when the folder cannot be written or there is
    nothing to resume, `LockedError` when another process works on it. A disk that is full later
    ends the run like any limit: what is written stays.
    """
    folder = _to_go_on_with(plan, options) or RunFolder.create(
        options.out, workflow.name, plan.key, datetime.now(UTC)
    )
    with Journal.open(folder.path) as journal:
        return _run(workflow, plan, options, folder, journal)


def _to_go_on_with(plan: Plan, options: Options) -> RunFolder | None:
    """The folder of the run to go on with; None for a new one."""
    if options.begin == "fresh":
        return None
    latest = RunFolder.latest(options.out, plan.key, options.connection.endpoint)
    if latest is not None and (options.begin != "auto" or latest.is_unfinished):
        return latest
    if options.begin == "auto":
        return None
    raise FolderError(
        f"there is no run of this plan in {options.out}; a change of prompt, images or settings"
        " makes another plan"
    )


def share_left(plan: Plan, options: Options) -> float:
    """The share 0–1 of a plan that a run with these options would still ask: all of it, unless it
    goes on with a run. Raises `FolderError` when there is nothing to resume."""
    folder = _to_go_on_with(plan, options)
    if folder is None or not plan.promised:
        return 1.0
    try:
        with closing(Recorded.read(folder.path)) as before:
            return max(0.0, 1 - before.count() / plan.promised)
    except OSError:  # a damaged store: the run sets it aside, and says so
        return 1.0


def _run(
    workflow: Workflow, plan: Plan, options: Options, folder: RunFolder, journal: Journal
) -> Outcome:
    manifest = _begin(workflow, plan, options, folder, journal)
    tally = Tally(total=plan.promised)
    halt = Halt()
    verdicts: tuple[Verdict, ...] = ()
    written: dict[str, Sequence[Path]] = {}
    steps: tuple[Unanswered, ...] = ()
    with LogFile(folder.path / "log.jsonl", options.hide, options.say) as log_file:
        log = fan_out(tally.note, log_file, options.log)
        log(_started(workflow, plan, folder, journal))
        asking = Asking(
            workflow,
            options.connection,
            journal,
            halt,
            _budget(workflow, journal),
            folder.path / "images",
            manifest.started.date(),
            options.say,
            options.pacers,
            options.cache,
            log,
            _left_out(workflow, options, journal, log),
            allow_private=options.allow_private,
        )
        try:
            asyncio.run(_ask_all(asking, tally, options.watch))
            folder.write_results(journal.lines())
            verdicts = _judge(workflow, folder)
            folder.write_json("checks.json", checks_json(verdicts))
            steps = unanswered([step.id for step in workflow.steps], folder.results())
            _write_outputs(
                workflow,
                folder,
                _opener(asking.inline, workflow.preparation.within, asking.downloads),
                written,
            )
        except OSError as error:
            asking.stop("limit", _disk(error))
        manifest = manifest.end(halt.kind or "done", halt.why, tally, verdicts)
        try:
            took = (manifest.started.isoformat(), manifest.seconds_until(datetime.now(UTC)))
            stopped = None if halt.kind is None else halt.why
            about = (_properties(tally), *took, steps, stopped)
            folder.write("junit.xml", junit_xml(workflow.name, verdicts, *about))
            folder.write_json("run.json", manifest.as_json())  # last: what is done is complete
        except OSError as error:  # the manifest of the beginning stays, and the run can go on
            asking.stop("limit", _disk(error))
        outcome = Outcome(folder.path, tally, verdicts, written, halt)
        log(tally.ended(outcome.exit_code, halt.kind, halt.why or None, str(folder.path)))
    return outcome


def _started(workflow: Workflow, plan: Plan, folder: RunFolder, journal: Journal) -> Event:
    limit = workflow.run.max_cost_usd
    path, planned = str(folder.path), plan.promised
    return run_started(workflow.name, path, journal.session, __version__, planned, limit)


def _budget(workflow: Workflow, journal: Journal) -> Budget:
    """What may still be spent, after what the earlier sessions of the run spent and sent."""
    limits, before = workflow.run, journal.totals()
    return Budget(limits.max_cost_usd, limits.max_requests, before.spent_usd, before.attempts)


def _begin(
    workflow: Workflow, plan: Plan, options: Options, folder: RunFolder, journal: Journal
) -> Manifest:
    """The manifest of a run that goes on, or begins; what it says stands in the folder."""
    for note in journal.notes:
        options.say(note)
    before = folder.manifest()
    manifest = Manifest.begin(
        workflow, plan, folder.write_sources(workflow), options.connection, before
    )
    if before:
        folder.tidy()
        _forget_what_is_asked_again(before, options, journal)
        total = plan.promised
        options.say(
            f"going on with {folder.path}: {journal.count():,} of {total:,} results are there"
            " (--fresh starts anew)"
        )
    folder.write_json("run.json", manifest.as_json())
    folder.write("resolved.yaml", as_text(workflow.resolved))
    return manifest


def _forget_what_is_asked_again(
    before: Mapping[str, object], options: Options, journal: Journal
) -> None:
    """Results without a usable answer stay as they are, unless they are the reason why the run
    ended, or the person asks for another try."""
    if options.begin == "retry_failed":
        journal.forget_results([status for status in get_args(Status) if status not in USABLE])
    elif before.get("status") == "on_error":
        journal.forget_results(["failed"])


def _left_out(workflow: Workflow, options: Options, journal: Journal, log: Log) -> frozenset[str]:
    """The requests that are not asked again, because they may be paid for already."""
    doubts = journal.doubtful()
    if not doubts:
        return frozenset()
    for key, doubt in doubts.items():
        log(doubtful(Question(key, -1, doubt.name, doubt.estimate_usd)))
    policy = workflow.run.on_doubtful
    decided = policy == "retry" or options.begin == "retry_failed"
    again = decided or (policy == "ask" and options.ask_again(doubts))
    names = "; ".join(doubt.name for doubt in list(doubts.values())[:NAMED])
    more = f" and {len(doubts) - NAMED:,} more" if len(doubts) > NAMED else ""
    cost = sum(doubt.estimate_usd for doubt in doubts.values())
    what = "asked again, and may be paid for twice" if again else "left out (on_doubtful)"
    options.say(
        f"{len(doubts):,} requests were under way when the run was killed; their answers are lost:"
        f" {names}{more}; about ${cost:.4f}; they are {what}"
    )
    return frozenset() if again else frozenset(doubts)


async def _ask_all(asking: Asking, tally: Tally, watch: Callable[[Tally], None]) -> None:
    try:
        async for job in asking.results():
            for each in job:
                tally.add(each.result, each.origin, earlier=each.earlier)
                watch(tally)
    except asyncio.CancelledError:
        if asking.halt.kind is None:  # not the second Ctrl-C, which only ends this early
            raise


def _disk(error: OSError) -> str:
    where = f" {error.filename}" if error.filename else " the run folder"
    return f"cannot write{where}: {(error.strerror or str(error)).lower()}"


def _judge(workflow: Workflow, folder: RunFolder) -> tuple[Verdict, ...]:
    cases = folder.case_results(workflow.vars)
    return check(workflow.checks, cases, workflow.combinations, workflow.run.repeat)


def _write_outputs(
    workflow: Workflow,
    folder: RunFolder,
    open_image: OpenImage,
    written: dict[str, Sequence[Path]],
) -> None:
    for output in workflow.outputs:
        exporter = EXPORTERS.load(output.format)(output.save)
        results = folder.results(output.save.root)
        written[output.to] = exporter.write(results, folder.outputs / output.to, open_image)
    folder.keep_outputs(path for paths in written.values() for path in paths)


def _properties(tally: Tally) -> dict[str, str]:
    return {
        "models": ", ".join(sorted(tally.models)),
        "cost_usd": f"{tally.cost_usd:.6f}",
        "simulated": str(tally.simulated > 0).lower(),
    }


def _opener(inline: Mapping[str, bytes], within: Path | None, downloads: Path) -> OpenImage:
    """Opens the images of results: those of the workflow itself, downloads of the run, and files
    that are still what they were; the workflow may look no further than when they were found."""

    def open_image(image: ResultImage) -> bytes | None:
        if image.sha256 in inline:
            return inline[image.sha256 or ""]
        if image.path is None or "://" in image.path:
            return None
        path = Path(image.path)
        try:
            with open_file(path, None if path.is_relative_to(downloads) else within) as file:
                content = file.read()
        except (Unreadable, OSError):
            return None
        return content if sha256(content).hexdigest() == image.sha256 else None

    return open_image
