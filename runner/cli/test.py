"""`askpix test`: a run that is compared with the accepted baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from runner.cli.run import command as run_command

if TYPE_CHECKING:
    from runner.cli.running import Compare
    from runner.workflow.spec import Workflow

HELP = """Run, judge the checks, and compare with the accepted baseline.

Everything that `askpix run` takes can be given. The baseline is the file that `askpix accept`
wrote beside the workflow; images are compared one by one with what was accepted.

Exit codes: 0 done, nothing is worse · 1 a check failed, or something is worse by more than chance
· 2 nothing ran · 3 some requests got no usable answer · 4 a bug of ours · 5 stopped by a limit ·
130 interrupted."""

LOCKED = (
    "For CI: only with a baseline that belongs to the workflow as it is, and only with answers that"
    " are stored or recorded."
)


def _test(locked: bool, **given: Any) -> None:
    if locked and (given.get("record") or given.get("cache") not in (None, "only")):
        raise click.UsageError("--locked asks nothing new: it goes without --record and --cache")
    if locked and not given.get("replay"):
        given["cache"] = "only"
    assert run_command.callback is not None
    run_command.callback(**given, against=_against(locked))


def _against(locked: bool) -> Callable[[Workflow, Callable[[str], None]], Compare]:
    def against(workflow: Workflow, say: Callable[[str], None]) -> Compare:
        from runner.baseline import BaselineError, against_baseline, baseline_of, baseline_path
        from runner.values.problem import Place, Rejected

        try:
            if locked:
                _reject_changes(workflow)
            before = baseline_of(workflow.path)
        except BaselineError as error:
            place = Place(str(workflow.path), 1, 1)
            raise Rejected.because(str(error), place=place) from None
        if before is not None:
            return against_baseline(workflow, before, say)
        name = baseline_path(workflow.path).name
        say(
            f"there is no {name}: nothing to compare with; `askpix accept last` makes it of this run"
        )
        return lambda folder: ()

    return against


def _reject_changes(workflow: Workflow) -> None:
    from runner.baseline import baseline_path, why_not_locked
    from runner.values.problem import Rejected

    changes = why_not_locked(workflow)
    if changes:
        name = baseline_path(workflow.path).name
        told = "\n".join(f"  {change.message}" for change in changes)
        raise Rejected.because(
            f"{name} does not belong to {workflow.path} as it is now:\n{told}\n"
            f"  run `askpix test {workflow.path.name}`, look at what changed, and accept the run"
            f" (`askpix accept last`); or undo the change",
            place=changes[0].place,
        )


command = click.Command(
    name="test",
    params=[*run_command.params, click.Option(["--locked"], is_flag=True, help=LOCKED)],
    callback=_test,
    help=HELP,
)
