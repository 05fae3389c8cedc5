"""Asking from Python: a plan, and a run."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, get_args

from runner.api.aside import Holds, carried_out
from runner.api.opening import Changes, File, Workflow, opened
from runner.api.progress import Listener, Progress
from runner.api.rejecting import in_words
from runner.api.results import Run
from runner.front.confirm import confirm
from runner.front.connecting import is_paid
from runner.front.opening import (
    NO_SECRETS,
    addresses_of,
    problems_before,
    reject_errors,
    with_a_secret,
)
from runner.front.problem_text import as_text, secret_of
from runner.front.session import Session, Wishes, session
from runner.front.session import in_words as beginning_in_words
from runner.resume import Begin, before
from runner.stages.halt import Halt
from runner.stages.plan import Plan
from runner.story import Outcome, make_plan
from runner.story import run as run_story
from runner.values.problem import Rejected
from runner.workflow.spec import Workflow as Spec

if TYPE_CHECKING:
    from runner.transport.recording import Mode

LOG = logging.getLogger("askpix")
"""Gets the sentences that a person should read at once: warnings of the file, a run that goes on."""


def plan(workflow: Workflow | File, **changes: Unpack[Changes]) -> Plan:
    """What a run of a workflow, or of a file, would ask: `requests`, `cases`, `cost_usd` (an estimate
    in dollars; None when a price is not known), `by_model`. Reads the images and asks nothing; needs
    neither a key nor a network. `changes` are those of `load`.

    Raises `Rejected` with every mistake in the file, and when its images are not there.
    """
    with in_words():
        spec = _ready(opened(workflow, changes))
        return make_plan(spec)


def run(
    workflow: Workflow | File,
    *,
    out: File = "runs",
    begin: Begin = "auto",
    key: str | None = None,
    base_url: str | None = None,
    api_version: str = "v1beta",
    allow_private: bool = False,
    record: File | None = None,
    record_mode: Mode | None = None,
    replay: File | None = None,
    yes: bool = False,
    progress: Callable[[Progress], object] | None = None,
    **changes: Unpack[Changes],
) -> Run:
    """Asks what is not answered yet, judges the answers, writes the run folder; gives its results.

    `changes` are those of `load`; the other options are those of `askpix run`. `out` is the folder that
    gets a new folder for every run. `begin`: `auto` goes on with the newest run of the same plan if it
    is unfinished, `resume` in any case, `fresh` never does, `retry_failed` also asks again what got no
    usable answer. The `key` comes from the environment or a file `.env` unless it is given; it is
    written nowhere. `record` is a folder that every exchange is written to, `replay` one that answers
    without network and key. Before an expensive run a person is asked on a terminal; `yes` answers
    beforehand. `progress` is called after every result, perhaps in another thread.

    A run that is stopped by a limit or by a service gives the results that are there: its `status`
    is not `done` then. Where an event loop runs (Jupyter), the run has a thread of its own, and this
    call waits for it. Ctrl-C lets what is under way end, a second one does not; either raises
    KeyboardInterrupt when what was answered is kept, and the same call goes on.

    Raises `Rejected` when nothing can run: mistakes in the file, no key, no images, a folder that
    cannot be written, another process at the same run.
    """
    _check_words(begin, record_mode, progress)
    wishes = Wishes(
        out=Path(out),
        begin=begin,
        base_url=_without_secrets(base_url),
        api_version=api_version,
        key=key,
        allow_private=allow_private,
        record=_path(record),
        record_mode=record_mode,
        replay=_path(replay),
    )
    with in_words():
        spec = _ready(opened(workflow, changes))
        with session([spec], wishes, LOG.warning, quiet=True) as shared:
            listener = Listener(progress)
            outcome = _Asking(spec, shared, yes, listener).outcome()
    if listener.raised is not None:
        raise listener.raised
    return _run_of(outcome)


@dataclass(frozen=True, slots=True)
class _Asking:
    workflow: Spec
    shared: Session
    yes: bool
    listener: Listener
    say: Callable[[str], None] = field(default=LOG.warning)

    def outcome(self) -> Outcome:
        workflow, shared = self.workflow, self.shared
        connection = shared.connection(workflow)
        planned = make_plan(workflow, shared.is_stored(workflow, connection))
        options = replace(shared.options(connection, self.say), watch=self.listener)
        with beginning_in_words(options.out):
            stands = before(workflow, planned, options)
            if stands.beside:
                self.say(stands.beside)
            if not confirm(
                planned,
                workflow,
                self.yes,
                self.say,
                is_paid=is_paid(workflow, connection),
                day=date.today(),
                left=stands.left,
                spent_usd=stands.spent_usd,
            ):
                raise Rejected.because("nothing was asked, nothing was paid")

            def story(holds: Holds) -> Outcome:
                def held(halt: Halt) -> None:
                    self.listener.holds(halt)
                    holds(halt)

                return run_story(workflow, planned, replace(options, holds=held))

            return carried_out(story)


def _ready(workflow: Workflow) -> Spec:
    """A workflow whose files are there; what is odd about it is told."""
    problems = problems_before(workflow.spec)
    reject_errors(problems)
    if problems:
        LOG.warning(as_text(problems, secret=secret_of(problems)))
    return workflow.spec


def _run_of(outcome: Outcome) -> Run:
    if outcome.halt.kind == "interrupted":
        kept = f"{outcome.folder} keeps what was answered; the same call goes on"
        raise KeyboardInterrupt(kept)
    if outcome.exit_code == Rejected.exit_code:
        raise Rejected.because(f"{outcome.halt.why} ({outcome.folder})")
    return Run(outcome.folder)


def _check_words(begin: str, record_mode: str | None, progress: object) -> None:
    """A word that is misspelt would be no word at all: a run would begin in another way."""
    from runner.transport.recording import Mode

    for name, word, known in (
        ("begin", begin, get_args(Begin)),
        ("record_mode", record_mode, get_args(Mode)),
    ):
        if word is not None and word not in known:
            raise Rejected.because(f"{name}: there is no {word!r}; there are: {', '.join(known)}")
    if progress is not None and not callable(progress):
        raise Rejected.because("progress: write a function of one value")


def _without_secrets(base_url: str | None) -> str | None:
    if name := with_a_secret({"base_url": base_url, **addresses_of(os.environ)}):
        raise Rejected.because(f"{name}: {NO_SECRETS}")
    return base_url


def _path(file: File | None) -> Path | None:
    return None if file is None else Path(file)
