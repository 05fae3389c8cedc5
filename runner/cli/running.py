"""Running the workflows of a command, one after the other, with what they share."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import click

from runner.cli.ci import Ci
from runner.cli.exits import CHECK_FAILED, INTERRUPTED, NOTHING_RAN
from runner.cli.log_lines import LogFormat, log_lines
from runner.cli.options import leaving
from runner.cli.plan import summary
from runner.cli.progress import progress
from runner.cli.saying import say as print_sentence
from runner.cli.summary import as_json, tell
from runner.front.confirm import confirm
from runner.front.connecting import asks_elsewhere, is_paid
from runner.front.session import Session, Wishes, in_words, secret_of, session
from runner.resume import Before, before
from runner.stages.plan import Plan
from runner.store.folder import RunFolder
from runner.store.ledger import Doubt
from runner.story import Outcome, make_plan, run
from runner.text.excerpt import visible_json
from runner.text.markdown import escaped
from runner.text.words import number
from runner.transport.secret import Secret
from runner.values.event import said
from runner.values.problem import Rejected
from runner.values.verdict import Verdict
from runner.workflow.spec import Workflow

URGENCY = (4, 130, 5, 2, 3, 1, 0)
"""Of several files, the exit code that stands first here is the command's."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the command line speaks while its workflows run."""

    yes: bool
    form: Literal["text", "json"]
    quiet: bool
    verbose: bool
    log_format: LogFormat
    ci: Ci

    @property
    def is_for_people(self) -> bool:
        """False when stderr belongs to a program."""
        return self.log_format == "text"

    @property
    def is_quiet(self) -> bool:
        """True when nobody is told how far a run has come."""
        return self.quiet or not self.is_for_people


Compare = Callable[[RunFolder], tuple[Verdict, ...]]
Against = Callable[[Workflow, Callable[[str], None]], Compare]
"""What a run of a workflow is compared with; raises `Rejected` when nothing is to be asked for it."""


def run_all(
    workflows: Sequence[Workflow], wishes: Wishes, manner: Manner, against: Against | None = None
) -> int:
    """The exit code of all of them; a summary for scripts is printed whatever ends them."""
    codes: list[int] = []
    reports: list[Mapping[str, object]] = []
    say = print_sentence if manner.is_for_people else _logged(Secret.of_environment(os.environ))
    ci = manner.ci

    def refuse(sentence: str) -> None:
        with ci.muted():
            say(sentence)
        ci.refused(", ".join(workflow.name for workflow in workflows), sentence)

    try:
        with (
            leaving(say=refuse),
            session(workflows, wishes, print_sentence, quiet=manner.is_quiet) as shared,
        ):
            comparisons: list[tuple[Workflow, Compare]] = []
            for workflow in workflows:
                try:
                    compare = against(workflow, say) if against else _with_nothing
                    comparisons.append((workflow, compare))
                except Rejected as rejected:  # the others are tested all the same
                    with ci.muted():
                        say(str(rejected))
                    ci.refused(workflow.name, str(rejected), rejected.problems[0].place)
                    codes.append(rejected.exit_code)
            for workflow, compare in comparisons:
                start = time.monotonic()
                with ci.muted():
                    outcome = _run(workflow, manner, shared, compare)
                ci.ended(workflow, outcome, _remark(workflow, outcome, compare))
                codes.append(outcome.exit_code)
                took = time.monotonic() - start
                reports.append(as_json(workflow, outcome, seconds=took, resume=_resume(outcome)))
                if outcome.exit_code == INTERRUPTED:
                    break
    finally:
        if manner.form == "json" and reports:
            told = reports[0] if len(workflows) == 1 else reports
            click.echo(visible_json(told))
    return min(codes, key=URGENCY.index)


def _remark(workflow: Workflow, outcome: Outcome, compare: Compare) -> str | None:
    """What there is to say of the checks, in Markdown."""
    if compare is _with_nothing:
        left = _left_to_test(workflow)
        return left and escaped(left)
    return _how_to_accept(workflow) if outcome.exit_code == CHECK_FAILED else None


def _left_to_test(workflow: Workflow) -> str | None:
    """Which limits a run does not look at."""
    limits = [
        f"`{limit}`"
        for limit in ("max_drop", "max_rise")
        if any(getattr(spec, limit) is not None for spec in workflow.metrics)
    ]
    verb = "is" if len(limits) == 1 else "are"
    return f"{' and '.join(limits)} {verb} judged by `askpix test`" if limits else None


def _how_to_accept(workflow: Workflow) -> str:
    file, baseline = (f"<code>{escaped(name)}</code>" for name in _names(workflow))
    return (
        f"Is the new run the better one? At your desk: <code>askpix test</code> {file}, look at it,"
        f" <code>askpix accept last</code>, and commit {baseline}."
    )


def _names(workflow: Workflow) -> tuple[str, str]:
    from runner.baseline import baseline_path

    return workflow.path.name, baseline_path(workflow.path).name


def _with_nothing(folder: RunFolder) -> tuple[Verdict, ...]:
    return ()


def _logged(secret: Secret) -> Callable[[str], None]:
    """Sentences as lines for programs."""
    log = log_lines("json", verbose=False, hide=secret.hidden)
    return lambda sentence: log(said(sentence))


def _resume(outcome: Outcome) -> str | None:
    """The command that goes on with a run that was stopped: the same again, but for `--fresh`."""
    if outcome.halt.kind is None:
        return None
    return shlex.join(["askpix", *(word for word in sys.argv[1:] if word != "--fresh")])


def _run(workflow: Workflow, manner: Manner, shared: Session, compare: Compare) -> Outcome:
    connection = shared.connection(workflow)
    secret = secret_of(connection)
    say = print_sentence if manner.is_for_people else _logged(secret)
    log = log_lines(manner.log_format, verbose=manner.verbose, hide=secret.hidden)
    planned = make_plan(workflow, shared.is_stored(workflow, connection))
    options = shared.options(connection, say, log)
    options = replace(options, ask_again=_ask_again, against=compare)
    with in_words(options.out):
        stands = before(workflow, planned, options)
        if not manner.is_quiet:
            print_sentence("\n".join(_summary(workflow, planned, stands)))
            if asks_elsewhere(workflow, connection):
                print_sentence(f"  asking {connection.endpoint}")
        if stands.beside:
            say(stands.beside)
        if not confirm(
            planned,
            workflow,
            manner.yes,
            say,
            is_paid=is_paid(workflow, connection),
            day=date.today(),
            left=stands.left,
            spent_usd=stands.spent_usd,
        ):
            say("nothing was asked, nothing was paid")
            raise SystemExit(NOTHING_RAN)
        budget = workflow.run.max_cost_usd
        with progress(planned.promised, quiet=manner.is_quiet, budget_usd=budget) as watch:
            outcome = run(workflow, planned, replace(options, watch=watch))
    if manner.form == "text":
        remark = _left_to_test(workflow) if compare is _with_nothing else None
        tell(outcome, resume=_resume(outcome), remark=remark, only_paths=not manner.is_for_people)
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


def _ask_again(doubts: Mapping[str, Doubt]) -> bool:
    """`on_doubtful: ask`: asks the person; leaves the program where there is none."""
    names = "; ".join(doubt.name for doubt in list(doubts.values())[:5])
    what = f"{len(doubts):,} requests may have been answered and paid for already ({names})"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print_sentence(f"error: {what}.")
        print_sentence("  write `on_doubtful: retry` or `skip`, or run on a terminal")
        raise SystemExit(NOTHING_RAN)
    return click.confirm(f"{what}. Ask them again?", default=True, err=True)
