"""Going on: which run a command takes up, what of it is asked again, and what it has cost so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from runner.roles import AnswerCache, Connection, Log, UploadMemory, no_log
from runner.stages.plan import Plan
from runner.store.folder import FolderError, RunFolder
from runner.store.journal import Journal
from runner.store.manifest import Manifest
from runner.store.recorded import Doubt, Recorded
from runner.text.log_line import Hide
from runner.transport.budget import Budget
from runner.transport.pacing import Pacers
from runner.values.event import doubtful
from runner.values.question import Question
from runner.values.result import USABLE, Status
from runner.values.tally import Tally
from runner.workflow.resolved import as_text
from runner.workflow.spec import Workflow

NAMED = 5
"""So many requests that may be paid for twice are named; the log names all."""

UNUSABLE: tuple[Status, ...] = tuple(s for s in get_args(Status) if s not in USABLE)

Begin = Literal["auto", "resume", "fresh", "retry_failed"]
"""auto: go on with the newest run of the same plan if it is unfinished · resume: go on with it, also
when it is finished: its files are then made again · fresh: always a new run · retry_failed: as
resume, and ask again what has no usable answer."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this machine carries out a run. `now` (UTC) says which prices hold: those of the day on which
    a session begins, for what it asks. `watch` gets the totals after every result, `say` a
    sentence that a person should read at once, `log` everything that happens; `hide` takes keys out
    of what is logged. All runs of a command share `cache`, `uploads` and `pacers`. `ask_again` decides about requests that may be paid
    for already, when the workflow says `on_doubtful: ask`."""

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
    ask_again: Callable[[Mapping[str, Doubt]], bool] = lambda doubts: True


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
    """Where a run stands before a command goes on with it: the share 0–1 of its plan that will be
    asked, and what it has spent."""

    left: float = 1.0
    spent_usd: float = 0.0


def before(plan: Plan, options: Options) -> Before:
    """Where the run stands that these options go on with; a new one has everything before it.
    Raises `FolderError` when there is nothing to resume."""
    folder = to_go_on_with(plan, options)
    if folder is None or not plan.promised:
        return Before()
    stays = USABLE if options.begin == "retry_failed" else get_args(Status)
    try:
        with closing(Recorded.read(folder.path)) as journal:
            left = max(0.0, 1 - journal.count(stays) / plan.promised)
            return Before(left, journal.totals().spent_usd)
    except OSError:  # a damaged store: the run sets it aside, and says so
        return Before()


def budget_of(workflow: Workflow, journal: Journal) -> Budget:
    """What may still be spent, after what the earlier sessions of the run spent and sent."""
    limits, before = workflow.run, journal.totals()
    return Budget(limits.max_cost_usd, limits.max_requests, before.spent_usd, before.attempts)


def begun(
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
    if options.begin == "retry_failed" or before.get("status") == "on_error":
        journal.forget_results(UNUSABLE)


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
