"""Running the workflows of a command, one after the other, with what they share."""

from __future__ import annotations

import errno
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from runner.cli.confirm import confirm
from runner.cli.connecting import asks_elsewhere, asks_gemini, asks_openai, connection_of, is_paid
from runner.cli.excerpt import visible_json
from runner.cli.exits import INTERRUPTED, NOTHING_RAN, STOPPED
from runner.cli.log_lines import LogFormat, log_lines
from runner.cli.plan import summary
from runner.cli.progress import progress
from runner.cli.recording import recordings_of
from runner.cli.saying import say as print_sentence
from runner.cli.summary import as_json, tell
from runner.cli.words import number
from runner.resume import Before, Begin, Options, before
from runner.roles import Connection
from runner.stages.plan import IsStored, Plan
from runner.stages.recall import endpoint
from runner.store.cache import Cache
from runner.store.cache_place import CachePlace, cache_place
from runner.store.folder import FolderError
from runner.store.ledger import Doubt
from runner.store.lock import LockedError
from runner.store.trouble import StoreError
from runner.store.uploads import UploadFile
from runner.story import Outcome, make_plan, run
from runner.transport.pacing import Pacers
from runner.transport.secret import Secret
from runner.values.event import said
from runner.workflow.spec import Workflow

if TYPE_CHECKING:
    from runner.transport.recording import Mode, Recordings

URGENCY = (4, 130, 5, 2, 3, 1, 0)
"""Of several files, the exit code that stands first here is the command's."""


FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""There is no room on the disk, or none for this person."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the command line wants all of its workflows to run."""

    base_url: str | None
    api_version: str
    allow_private: bool
    out: Path
    begin: Begin
    record: Path | None
    record_mode: Mode | None
    replay: Path | None
    yes: bool
    form: Literal["text", "json"]
    quiet: bool
    verbose: bool
    log_format: LogFormat

    @property
    def is_for_people(self) -> bool:
        """False when stderr belongs to a program."""
        return self.log_format == "text"


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all runs of a command have in common."""

    pacers: Pacers
    cache: Cache | None
    recordings: Recordings | None
    uploads: UploadFile | None


def run_all(workflows: Sequence[Workflow], wishes: Wishes) -> int:
    """The exit code of all of them; a summary for scripts is printed whatever ends them."""
    codes: list[int] = []
    reports: list[Mapping[str, object]] = []
    try:
        with _shared(workflows, wishes) as shared:
            for workflow in workflows:
                start = time.monotonic()
                outcome = _run(workflow, wishes, shared)
                codes.append(outcome.exit_code)
                took = time.monotonic() - start
                reports.append(as_json(workflow, outcome, seconds=took, resume=_resume(outcome)))
                if outcome.exit_code == INTERRUPTED:
                    break
    finally:
        if wishes.form == "json" and reports:
            told = reports[0] if len(workflows) == 1 else reports
            click.echo(visible_json(told))
    return min(codes, key=URGENCY.index)


def _resume(outcome: Outcome) -> str | None:
    """The command that goes on with a run that was stopped: the same again, but for `--fresh`."""
    if outcome.halt.kind is None:
        return None
    return shlex.join(["askpix", *(word for word in sys.argv[1:] if word != "--fresh")])


@contextmanager
def _shared(workflows: Sequence[Workflow], wishes: Wishes) -> Iterator[_Shared]:
    quiet = wishes.quiet or not wishes.is_for_people
    with recordings_of(wishes.record, wishes.record_mode, wishes.replay, quiet=quiet) as recordings:
        wanted = recordings is None and any(_wants_cache(workflow) for workflow in workflows)
        cache = _cache() if wanted else None
        sends = recordings is None or not recordings.only_replays
        uploads = _uploads() if sends and any(_may_upload(each) for each in workflows) else None
        try:
            yield _Shared(Pacers(), cache, recordings, uploads)
        finally:
            for file in (cache, uploads):
                if file is not None:
                    file.close()


def _wants_cache(workflow: Workflow) -> bool:
    """Recordings stand in for a cache, and simulated answers are not worth one."""
    return workflow.run.cache != "off" and (asks_gemini(workflow) or asks_openai(workflow))


def _may_upload(workflow: Workflow) -> bool:
    return workflow.preparation.upload in ("auto", "files") and asks_gemini(workflow)


def _cache() -> Cache:
    return Cache(_place(), print_sentence)


def _uploads() -> UploadFile:
    return UploadFile(_place(), print_sentence)


def _place() -> CachePlace:
    try:
        return cache_place(os.environ)
    except ValueError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(NOTHING_RAN) from None


def _run(workflow: Workflow, wishes: Wishes, shared: _Shared) -> Outcome:
    connection = connection_of(workflow, wishes.base_url, wishes.api_version, shared.recordings)
    keys = [connection.key, *(each.key for each in connection.services.values())]
    hide = Secret.of_environment(os.environ).and_of(*keys).hidden
    log = log_lines(wishes.log_format, verbose=wishes.verbose, hide=hide)

    def say(sentence: str) -> None:
        if wishes.is_for_people:
            print_sentence(sentence)
        else:
            log(said(sentence))

    planned = make_plan(workflow, _is_stored(workflow, connection, shared.cache))
    recordings = shared.recordings
    options = Options(
        connection,
        wishes.out,
        "fresh" if recordings and wishes.begin == "auto" else wishes.begin,
        shared.cache,
        None if recordings and recordings.only_replays else shared.pacers,
        wishes.allow_private,
        shared.uploads,
        say=say,
        log=log,
        hide=hide,
        ask_again=_ask_again,
    )
    with _leaving_in_a_sentence(say, wishes.out):
        stands = before(workflow, planned, options)
        if not wishes.quiet and wishes.is_for_people:
            print_sentence("\n".join(_summary(workflow, planned, stands)))
            if asks_elsewhere(workflow, connection):
                print_sentence(f"  asking {connection.endpoint}")
        if stands.beside:
            say(stands.beside)
        if not confirm(
            planned,
            workflow,
            wishes.yes,
            say,
            is_paid=is_paid(workflow, connection),
            day=date.today(),
            left=stands.left,
            spent_usd=stands.spent_usd,
        ):
            say("nothing was asked, nothing was paid")
            raise SystemExit(NOTHING_RAN)
        quiet = wishes.quiet or not wishes.is_for_people
        with progress(planned.promised, quiet=quiet, budget_usd=workflow.run.max_cost_usd) as watch:
            outcome = run(workflow, planned, replace(options, watch=watch))
    if wishes.form == "text":
        tell(workflow, outcome, resume=_resume(outcome), only_paths=not wishes.is_for_people)
    return outcome


def _summary(workflow: Workflow, planned: Plan, stands: Before) -> list[str]:
    """The plan, with what is still to be paid of it."""
    lines = summary(workflow, stands.of(planned))
    if not stands.there:
        return lines
    there = f"{stands.there:,} of {number(planned.promised, 'result')} are there"
    if stands.left:
        return [*lines, f"  {there}: the estimate is of what is left"]
    return [*lines[:1], f"  {there}: nothing is left to ask"]


def _is_stored(workflow: Workflow, connection: Connection, cache: Cache | None) -> IsStored:
    """Whether the cache holds an answer that this workflow would use."""

    def is_stored(provider: str, key: str) -> bool:
        uses = workflow.run.cache in ("use", "only") and provider != "simulator"
        return uses and cache is not None and cache.holds(endpoint(provider, connection), key)

    return is_stored


@contextmanager
def _leaving_in_a_sentence(say: Callable[[str], None], out: Path) -> Iterator[None]:
    """What keeps a run from beginning ends the program in words."""
    try:
        yield
    except LockedError as error:
        say(f"error: {error}; wait for it, or start another run with --fresh")
        raise SystemExit(STOPPED) from None
    except FolderError as error:
        say(f"error: {error}")
        raise SystemExit(NOTHING_RAN) from None
    except OSError as error:
        is_ours, is_full = isinstance(error, StoreError), error.errno in FULL
        if not (is_ours or is_full):
            raise
        say(f"error: {error if is_ours else f'the disk of {error.filename or out} is full'}")
        if is_full:
            say(f"  make room there, or name a folder on another disk with --out (it is {out})")
        raise SystemExit(NOTHING_RAN) from None


def _ask_again(doubts: Mapping[str, Doubt]) -> bool:
    """`on_doubtful: ask`: asks the person; leaves the program where there is none."""
    names = "; ".join(doubt.name for doubt in list(doubts.values())[:5])
    what = f"{len(doubts):,} requests may have been answered and paid for already ({names})"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print_sentence(f"error: {what}.")
        print_sentence("  write `on_doubtful: retry` or `skip`, or run on a terminal")
        raise SystemExit(NOTHING_RAN)
    return click.confirm(f"{what}. Ask them again?", default=True, err=True)
