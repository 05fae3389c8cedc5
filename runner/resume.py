"""Going on: which run a command takes up, what of it is asked again, and what it has cost so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from runner.roles import AnswerCache, Connection, Log, UploadMemory, no_log
from runner.stages.halt import Halt
from runner.stages.plan import ModelShare, Plan
from runner.store.folder import FolderError, RunFolder
from runner.store.journal import Journal
from runner.store.journal_schema import FILE_NAME as STORE
from runner.store.ledger import NAMED, Doubt
from runner.store.left_behind import LeftBehind
from runner.store.manifest import Manifest
from runner.store.recorded import Recorded
from runner.text.log_line import Hide
from runner.text.words import number
from runner.transport.budget import Budget
from runner.transport.pacing import Pacers
from runner.values.event import doubtful
from runner.values.question import Question
from runner.values.result import FINE, Status
from runner.values.tally import Tally
from runner.values.verdict import Verdict
from runner.workflow.resolved import as_text
from runner.workflow.spec import Workflow

Begin = Literal["auto", "resume", "fresh", "retry_failed"]
"""auto: go on with the newest run of the same plan if it is unfinished · resume: go on with it, also
when it is finished: its files are then made again · fresh: always a new run · retry_failed: as
resume, and ask again what has no usable answer."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this machine carries out a run. `now` (UTC) says which prices hold: those of the day on which
    a session begins, for what it asks. `watch` gets the totals after every result, `say` a
    sentence that a person should read at once, `log` everything that happens; `hide` takes keys out
    of what is logged. `against` compares a run
    whose results are written with what was accepted before. All runs of a command share `cache`, `uploads` and `pacers`. `ask_again` decides about requests that may be paid
    for already, when the workflow says `on_doubtful: ask`. `holds` gets what ends the run early,
    before it begins."""

    connection: Connection
    out: Path
    begin: Begin = "auto"
    cache: AnswerCache | None = None
    pacers: Pacers | None = field(default_factory=Pacers)
    allow_private: bool = False
    uploads: UploadMemory | None = None
    watch: Callable[[Tally], None] = lambda tally: None
    say: Callable[[str], None] = lambda sentence: None
    log: Log = no_log
    hide: Hide = str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    against: Callable[[RunFolder], tuple[Verdict, ...]] = lambda folder: ()
    ask_again: Callable[[Mapping[str, Doubt]], bool] = lambda doubts: True
    holds: Callable[[Halt], None] = lambda halt: None


def to_go_on_with(plan: Plan, options: Options) -> RunFolder | None:
    """The folder of the run to go on with; None for a new one."""
    if options.begin == "fresh":
        return None
    latest = RunFolder.latest(options.out, plan.key, options.connection.endpoint)
    if latest is not None and (options.begin != "auto" or latest.is_unfinished):
        return latest
    if options.begin == "auto":
        return None
    raise FolderError(
        f"there is no run of this plan in {options.out}: a change of prompt, images or settings"
        " makes another plan; run it without --resume and --retry-failed: what did not change"
        " comes from the cache"
    )


@dataclass(frozen=True, slots=True)
class Before:
    """Where a run stands before a command goes on with it: the share 0–1 of what its plan would send
    that is still to be sent, how many of its results are there, and the most that it can have spent.
    `beside` tells of unfinished runs of the same file that a new one leaves behind."""

    left: float = 1.0
    there: int = 0
    spent_usd: float = 0.0
    beside: str | None = None

    def of(self, plan: Plan) -> Plan:
        """The plan with the estimates of what is left of it, as far as anyone can tell: as if what is
        left were like what is there."""
        shares = {name: _part(share, self.left) for name, share in plan.by_model.items()}
        return replace(plan, by_model=shares)


def _part(share: ModelShare, left: float) -> ModelShare:
    return replace(
        share,
        requests=round(share.requests * left),
        input_tokens=round(share.input_tokens * left),
        output_tokens=round(share.output_tokens * left),
        cost_usd=None if share.cost_usd is None else share.cost_usd * left,
    )


def before(workflow: Workflow, plan: Plan, options: Options) -> Before:
    """Where the run stands that these options go on with; a new one has everything before it.
    Raises `FolderError` when there is nothing to resume."""
    folder = to_go_on_with(plan, options)
    if folder is None:
        return Before(beside=_left_behind(workflow, plan, options))
    if not plan.promised:
        return Before()
    stays = tuple(FINE) if _asks_again(folder.manifest(), options) else get_args(Status)
    try:
        with closing(Recorded.read(folder.path)) as journal:
            there = journal.count(stays)
            return Before(_left(plan, there), there, journal.totals().bound_usd)
    except OSError:  # a damaged store: the run sets it aside, and says so
        return Before()


def _left(plan: Plan, there: int) -> float:
    """The share of what a plan would send that is left when so many results are there. What the cache
    holds is not among what it would send, and most likely among what is there."""
    without = max(0.0, 1 - there / plan.promised)
    sends = sum(share.requests for share in plan.by_model.values())
    return min(1.0, without * plan.requests / sends) if sends else without


def _left_behind(workflow: Workflow, plan: Plan, options: Options) -> str | None:
    """Sentences about the newest run of the same file on the same service, when that is unfinished
    and has another plan, and about all runs of it that have batches with the service."""
    about = {"endpoint": options.connection.endpoint}
    found = RunFolder.with_answers_of(options.out, workflow.name, str(workflow.path), about)
    told: list[str] = []
    for run in filter(lambda run: run.is_unfinished, found):
        requests, batches = _with_the_service(run)
        waiting = f"{number(requests, 'request')} in {number(batches, 'batch', 'batches')}"
        if options.begin == "fresh":
            if requests:
                told.append(
                    f"--fresh leaves {waiting} of {run.path} with the service: all of that is asked"
                    " and paid for again"
                )
            continue
        if run is found[0] and run.manifest().get("plan") != plan.key:
            told.append(_unfinished(run, workflow, options))
        if requests:
            told.append(
                f"{run.path} has {waiting} with the service: nothing of that is asked again"
            )
    return "\n".join(told) or None


def _with_the_service(run: RunFolder) -> tuple[int, int]:
    with suppress(OSError), closing(Recorded.read(run.path)) as journal:
        return journal.with_the_service()
    return 0, 0


def _unfinished(run: RunFolder, workflow: Workflow, options: Options) -> str:
    try:
        with closing(Recorded.read(run.path)) as journal:
            there = f"{journal.count():,} of its results are there"
    except OSError:
        there = "its results cannot be read"
    uses = options.cache is not None and workflow.run.cache in ("use", "only")
    rest = (
        "what did not change comes from the cache" if uses else "nothing of it is used (no cache)"
    )
    return f"{run.path} is an unfinished run of this file with other settings or images: {there}; {rest}"


def left_behind(
    workflow: Workflow, options: Options, folder: RunFolder, journal: Journal
) -> LeftBehind | None:
    """What other runs of the same file have in batches; None with `--fresh`, and when that is
    nothing."""
    if options.begin == "fresh":
        return None
    providers = sorted({step.provider for step in workflow.asks})
    about = {"endpoint": options.connection.endpoint, "providers": providers}
    found = RunFolder.with_answers_of(options.out, workflow.name, str(workflow.path), about)
    others = (run for run in found if run.path != folder.path)
    left = LeftBehind.of(others, journal.batches, options.say)
    return left or None


def budget_of(workflow: Workflow, journal: Journal) -> Budget:
    """What may still be spent, after what the earlier sessions of the run spent and sent."""
    limits, before = workflow.run, journal.totals()
    return Budget(limits.max_cost_usd, limits.max_requests, before.bound_usd, before.sent)


def begun(
    workflow: Workflow,
    plan: Plan,
    options: Options,
    folder: RunFolder,
    journal: Journal,
    tally: Tally,
) -> Manifest:
    """The manifest of a run that goes on, or begins; what it says stands in the folder. `tally` gets
    what the run has paid so far."""
    for note in journal.notes:
        options.say(note)
    before = folder.manifest()
    if before:
        folder.tidy()
        if lost := _lost(before, folder, journal):
            options.say(lost)
        if _asks_again(before, options):
            journal.ask_again()
        total = plan.promised
        options.say(
            f"going on with {folder.path}: {journal.count():,} of {total:,} results are there"
            " (--fresh starts anew)"
        )
    tally.account(journal.totals())
    sources = folder.write_sources(workflow)
    folder.write_cases(plan.listed)
    manifest = Manifest.begin(workflow, plan, sources, options.connection, before, tally)
    folder.write_json("run.json", manifest.as_json())
    folder.write("resolved.yaml", as_text(workflow.resolved))
    return manifest


def _lost(before: Mapping[str, object], folder: RunFolder, journal: Journal) -> str | None:
    """A sentence about what run.json knows of and the store does not: the store was deleted or
    damaged. What was paid for it counts still."""
    known = before.get("cost_usd")
    dollars = journal.make_up(float(known)) if isinstance(known, float | int) else 0.0
    counted = f"the ${dollars:.4f} that were paid for what is lost still count"
    if journal.session > 1 or journal.notes:
        return counted if dollars else None
    counts = before.get("counts")
    there = counts.get("results") if isinstance(counts, Mapping) else None
    results = (
        f" with {there:,} result{'s' * (there != 1)}" if isinstance(there, int) and there else ""
    )
    gone = f"{folder.path / STORE} is gone{results}: everything is asked and paid for again"
    return f"{gone}; {counted}" if dollars else gone


def _asks_again(before: Mapping[str, object], options: Options) -> bool:
    """Results without a usable answer stay as they are, unless they are the reason why the run
    ended, or the person asks for another try."""
    return options.begin == "retry_failed" or before.get("status") == "on_error"


def left_out(workflow: Workflow, options: Options, journal: Journal, log: Log) -> frozenset[str]:
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
