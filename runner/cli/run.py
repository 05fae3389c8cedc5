"""`askpix run`: asks, judges, writes; and says where to look."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli.ci import Ci, ci_options
from runner.cli.numbers import whole
from runner.cli.options import (
    Tell,
    address_options,
    leave_on_errors,
    opened,
    workflow_options,
)
from runner.cli.problems import print_problems
from runner.cli.recording import recording_options
from runner.front.opening import problems_before
from runner.values.bounds import MOST_PARALLEL
from runner.values.problem import Problem, errors_of
from runner.workflow.spec import Workflow

if TYPE_CHECKING:
    from runner.resume import Begin


@click.command(name="run")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@workflow_options
@address_options
@recording_options
@ci_options
@click.option(
    "--allow-private",
    is_flag=True,
    help="Let `fetch: true` download from addresses of this machine and network.",
)
@click.option(
    "--parallel", type=whole(1, MOST_PARALLEL), help="Requests at the same time, at most."
)
@click.option(
    "--cache",
    type=click.Choice(["use", "only", "refresh", "off"]),
    help="Whether answers of earlier runs are used again.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="The folder that gets a new folder for every run.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the newest run of this plan; of a finished one, make the files again.",
)
@click.option("--fresh", is_flag=True, help="Begin a new run in any case.")
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Go on with the newest run of this plan, and ask again what got no usable answer.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="json prints a summary for scripts to stdout.",
)
@click.option("--yes", is_flag=True, help="Do not ask before an expensive run.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Say everything that happens.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="json writes everything that happens to stderr, a JSON object a line, and nothing else.",
)
def command(
    files: tuple[Path, ...],
    variables: tuple[str, ...],
    provider: str | None,
    limit: int | None,
    batch: bool | None,
    allow_outside: bool,
    parallel: int | None,
    cache: str | None,
    resume: bool,
    fresh: bool,
    retry_failed: bool,
    **wishes: Any,
) -> None:
    """Ask, and write the results in pixels of your images.

    A run that was stopped goes on where it was when the same command is given again: what is
    answered is not asked again.

    Exit codes: 0 done, all checks held · 1 a check failed · 2 nothing ran · 3 some requests got
    no usable answer · 4 a bug of ours · 5 stopped by a limit · 130 interrupted.
    """
    begin = _begin(resume, fresh, retry_failed)
    _check_recording(**{name: wishes[name] for name in ("record", "record_mode", "replay")})
    told = {name: wishes.pop(name) for name in ("yes", "form", "quiet", "verbose", "log_format")}
    is_for_people = told["log_format"] == "text"
    asked = (wishes.pop("annotations"), wishes.pop("summary"))
    ci = Ci.of(*asked, os.environ, is_for_people=is_for_people)
    tell = _telling(print_problems if is_for_people else _log_problems, ci)
    how: dict[str, Any] = {"batch": batch, "parallel": parallel, "cache": cache}
    how |= {"allow_outside": allow_outside, "tell": tell}
    against = wishes.pop("against", None)
    workflows = [opened(file, variables, provider, limit, **how) for file in files]
    if wishes["record"] or wishes["replay"]:
        _refuse_batches(workflows)
    known: set[Problem] = set()
    for workflow in workflows:  # nothing is asked while one of them has a mistake
        _check(workflow, told["quiet"], tell, known)
    from runner.cli.running import Manner, run_all
    from runner.front.session import Wishes

    manner = Manner(**told, ci=ci)
    raise SystemExit(run_all(workflows, Wishes(begin=begin, **wishes), manner, against))


def _telling(tell: Tell, ci: Ci) -> Tell:
    """Problems reach a person, or a log; those that keep a run from beginning reach the CI service, too."""

    def telling(problems: tuple[Problem, ...]) -> None:
        with ci.muted():
            tell(problems)
        if mistakes := errors_of(problems):
            ci.mistakes(mistakes)

    return telling


def _check_recording(record: Path | None, record_mode: str | None, replay: Path | None) -> None:
    if record and replay:
        raise click.UsageError("--record and --replay exclude each other")
    if record_mode and not record:
        raise click.UsageError("--record-mode needs --record DIR")


def _refuse_batches(workflows: Sequence[Workflow]) -> None:
    if any(workflow.run.mode == "batch" for workflow in workflows):
        why = "recordings hold single requests and their answers, and no batches: add --live"
        raise click.UsageError(why)


def _begin(resume: bool, fresh: bool, retry_failed: bool) -> Begin:
    wanted: dict[Begin, bool] = {"resume": resume, "fresh": fresh, "retry_failed": retry_failed}
    given = [begin for begin, is_given in wanted.items() if is_given]
    if len(given) > 1:
        raise click.UsageError("--resume, --fresh and --retry-failed exclude one another")
    return given[0] if given else "auto"


def _check(workflow: Workflow, quiet: bool, tell: Tell, known: set[Problem]) -> None:
    """Tells what is wrong in one list, but for what was told of another file of this command."""
    from runner.story import advice_on_images

    found = problems_before(workflow)
    if not quiet and not errors_of(found):
        found += advice_on_images(workflow)
    leave_on_errors([problem for problem in found if problem not in known], tell)
    known.update(found)


def _log_problems(problems: tuple[Problem, ...]) -> None:
    """Problems as lines for a program."""
    from runner.cli.log_lines import log_lines
    from runner.transport.secret import Secret
    from runner.values.event import problem

    log = log_lines("json", verbose=False, hide=Secret.of_environment(os.environ).hidden)
    for found in problems:
        log(problem(found))
