"""The baseline of a workflow: an accepted run beside it in git, and what a new run is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from math import isclose
from pathlib import Path

from runner.checks.metrics.limits import number as amount
from runner.exporters.atomic import encoded, write_file
from runner.report.baseline_json import NoBaseline, baseline_json, read_baseline
from runner.report.difference_json import difference_json
from runner.report.difference_words import (
    check_told,
    left_out_told,
    metric_told,
    name_told,
    setting_told,
)
from runner.stages.compare import GONE, Margins, changed_settings, compare
from runner.stages.definition import definition_of
from runner.stages.gather import gather
from runner.stages.metrics_compared import Margin, value_of
from runner.stages.shaping import settings_of
from runner.standing import content_of, files_of, standing_of
from runner.store.folder import RunFolder, digests_of
from runner.text.words import number
from runner.values.case import known_by
from runner.values.difference import CheckDifference, Differences, Finding, MetricDifference
from runner.values.problem import Place, Problem
from runner.values.request import canonical_json
from runner.values.standing import MetricStanding, Standing
from runner.values.verdict import CaseVerdict, Outcome, Verdict
from runner.workflow.spec import EITHER_WAY, CheckSpec, MetricSpec, Workflow
from runner.workflow.written import place_of

SUFFIX = ".baseline.json"
COMPARISON = "comparison.json"
HELD_AGAINST = "baseline.json"
"""In the folder of a run: what it was tested against."""


class BaselineError(Exception):
    """Why nothing was accepted, or why there is nothing to compare with; says what to do."""


def baseline_path(workflow: Path) -> Path:
    """Beside the workflow: `coins.workflow.yaml` has `coins.baseline.json`."""
    name = workflow.name
    for end in (".yaml", ".yml", ".workflow"):
        name = name.removesuffix(end)
    return workflow.with_name(f"{name}{SUFFIX}")


def baseline_of(workflow: Path) -> Standing | None:
    """The accepted standing of a workflow; None when there is none. Raises `BaselineError`."""
    return read_at(baseline_path(workflow))


def read_at(path: Path) -> Standing | None:
    """The standing in a baseline file; None when there is no such file. Raises `BaselineError`."""
    try:
        standing = read_baseline(path.read_text(encoding="utf-8"))
        for metric in standing.metrics:
            _look_through(metric, standing.repeat)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        why = str(NoBaseline("it is no text"))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
    except NoBaseline as error:
        why = str(error)
    else:
        return standing
    raise BaselineError(f"{path} cannot be used: {why}")


def _look_through(metric: MetricStanding, repeat: int) -> None:
    """Raises `NoBaseline` when what the cases add does not make the metric."""
    try:
        value = value_of(metric, repeat)
    except (ValueError, IndexError):
        raise NoBaseline(f"what its cases add to `{metric.name}` is not of one kind") from None
    if value is not None and (
        metric.value is None or not isclose(value, metric.value, abs_tol=1e-6)
    ):
        shown = "nothing" if metric.value is None else amount(metric.value, metric.unit)
        raise NoBaseline(
            f"it was changed by hand: it says `{metric.name}` is {shown}, and its cases make"
            f" {amount(value, metric.unit)}"
        )


@dataclass(frozen=True, slots=True)
class Accepting:
    """What somebody accepts: `partial` a run that is not whole, `simulated` one whose answers a
    simulator made in the place of a model's. `in_ci`: what says that nobody is there to look at it."""

    target: Path | None = None
    partial: bool = False
    simulated: bool = False
    in_ci: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The file of a baseline, and how it differs from the one before, if there was one."""

    path: Path
    standing: Standing
    differences: Differences | None


def accept(folder: RunFolder, how: Accepting) -> Accepted:
    """Makes a run the baseline of its workflow. Raises `BaselineError` and `FolderError`."""
    done = acceptable(folder, how)
    write_file(done.path, encoded(baseline_json(done.standing)))
    return done


def acceptable(folder: RunFolder, how: Accepting) -> Accepted:
    """What `accept` would write, and what that would change. Raises as it does."""
    if how.in_ci:
        raise BaselineError(
            "a baseline is accepted by a person who has looked at the run, never in CI"
            f" ({how.in_ci} is set); run `askpix accept` at your desk and commit the file"
        )
    path = how.target or _beside(folder)
    standing = standing_of(folder)
    if standing.partial and not how.partial:
        why = "; ".join(standing.partial)
        raise BaselineError(f"{why}; finish it, or accept it as it is with --partial")
    if standing.is_mixed and not how.simulated:
        raise BaselineError(
            "some of its answers are simulated and some are a model's; say --simulated if that is meant"
        )
    before = read_at(path)
    if before is not None and before.is_of_another_kind(standing) and not how.simulated:
        was, now = ("simulated", "real") if before.simulated else ("a model's", "simulated")
        raise BaselineError(
            f"the answers of {path} are {was} and those of this run are {now}: they say nothing about"
            " one another; say --simulated to replace it all the same"
        )
    return Accepted(path, standing, None if before is None else compare(before, standing))


def _beside(folder: RunFolder) -> Path:
    workflow = Path(str(folder.manifest().get("workflow", "")))
    if not workflow.is_file():
        raise BaselineError(
            f"the workflow of this run is not there any more ({workflow}); say where the baseline"
            f" belongs: --to NAME{SUFFIX}"
        )
    return baseline_path(workflow)


# -- askpix test ------------------------------------------------------------------------------------


def why_not_locked(workflow: Workflow) -> tuple[Problem, ...]:
    """Why the baseline does not belong to the workflow as it is now, each at its line; nothing when it
    does. Reads the images, asks nothing. Raises `BaselineError` when there is none."""
    path = baseline_path(workflow.path)
    before = baseline_of(workflow.path)
    if before is None:
        raise BaselineError(
            f"there is no {path.name} beside {workflow.path}: look at a run and accept it"
            f" (askpix run {workflow.path.name}, then askpix accept last), and commit the file"
        )
    return tuple(_changed(before, workflow))


def _changed(before: Standing, workflow: Workflow) -> Iterator[Problem]:
    def at(setting: str, why: str) -> Problem:
        return Problem("", why, place_of(workflow.path, setting))

    for setting in changed_settings(before.settings, settings_of(workflow.resolved)):
        yield at(setting.name, setting_told(setting))
    now = _files(workflow)
    for name in sorted({*before.files, *now}):
        if before.files.get(name) != now.get(name):
            was = "new" if name not in before.files else "gone" if name not in now else "changed"
            yield at(name.partition(" ")[0], f"{name}: {was}")
    if workflow.run.repeat != before.repeat:
        yield at("run.repeat", f"run.repeat: was {before.repeat}, is {workflow.run.repeat}")
    for why in _changed_images(before.images, _images(workflow)):
        yield at("images" if workflow.dataset is None else "dataset", why)
    known = {canonical_json(each.definition): each.name for each in before.checks}
    known |= {canonical_json(m.definition): m.name for m in before.metrics if m.is_own}
    specs: list[CheckSpec | MetricSpec] = [*workflow.checks, *workflow.metrics]
    found = {canonical_json(definition_of(spec)): spec for spec in specs}
    for definition, spec in found.items():
        if definition not in known:
            why = f"check `{spec.name}`: new, or looks at something else than before"
            yield Problem("", why, spec.place)
    for definition, name in known.items():
        if definition not in found:
            yield at("checks", f"check `{name}`: gone, or looks at something else than before")


def _changed_images(
    before: Mapping[str, tuple[str, ...]], now: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    kinds = {
        "new": [case for case in now if case not in before],
        "gone": [case for case in before if case not in now],
        "other images or another row": [
            case for case in now if case in before and now[case] != before[case]
        ],
    }
    for what, cases in kinds.items():
        if cases:
            more = f" and {len(cases) - 3:,} more" if len(cases) > 3 else ""
            yield f"{number(len(cases), 'case')}: {what}: {', '.join(cases[:3])}{more}"


def _images(workflow: Workflow) -> dict[str, tuple[str, ...]]:
    return {
        case.name: content_of(dict.fromkeys(map(known_by, case.images)), case.row)
        for case in islice(gather(workflow), workflow.run.limit)
    }


def _files(workflow: Workflow) -> dict[str, str]:
    found = digests_of(workflow)
    sources = {name: digest for name, (digest, _) in found.items()}
    roles = {name: role for name, (_, role) in found.items()}
    return files_of({"sources": sources, "roles": roles})


def against_baseline(
    workflow: Workflow, before: Standing, say: Callable[[str], None]
) -> Callable[[RunFolder], tuple[Verdict, ...]]:
    """What compares a run with the baseline: verdicts; comparison.json and baseline.json in its folder."""

    def against(folder: RunFolder) -> tuple[Verdict, ...]:
        now = standing_of(folder)
        if now.is_of_another_kind(before):
            kinds = "simulated" if before.simulated else "a model's"
            why = f"those of the baseline are {kinds}, those of this run are not: not compared"
            place = place_of(workflow.path, "steps")
            return (_against("answers", "warned", {}, 0, why, place),)
        found = compare(before, now, margins_of(workflow))
        every: list[CheckDifference | MetricDifference] = [*found.checks, *found.metrics]
        gone = [name_told(each) for each in every if each.why == GONE]
        if gone:
            say(f"the baseline has checks that are not there any more: {', '.join(gone)}")
        folder.write_json(COMPARISON, difference_json(found))
        write_file(folder.path / HELD_AGAINST, encoded(baseline_json(before)))
        return (
            *_of_images(workflow, found),
            *_of_checks(workflow, found),
            *_verdicts(workflow, found),
        )

    return against


def margins_of(workflow: Workflow) -> Margins:
    """How much worse each metric may be, in each combination: where `max_drop` or `max_rise` says so."""
    margins = {}
    for spec in workflow.metrics:
        most = spec.max_drop if spec.max_drop is not None else spec.max_rise
        if most is not None:
            for combination in workflow.combinations or ({},):
                margin = Margin(most, _is_share_of_itself(spec))
                margins[spec.name, canonical_json(combination)] = margin
    return margins


def _is_share_of_itself(spec: MetricSpec) -> bool:
    """Of what has a unit, or may be any number, the limit is a share of what it was."""
    from runner.checks.metrics import METRICS

    return METRICS.load(spec.metric).unit != "" or spec.metric in EITHER_WAY


def _of_images(workflow: Workflow, found: Differences) -> Iterator[Verdict]:
    """A warning when images are not compared: nobody would notice that the rest is less."""
    if why := left_out_told(found):
        place = place_of(workflow.path, "images" if workflow.dataset is None else "dataset")
        yield _against("images", "warned", {}, found.pairs, why, place)


def _of_checks(workflow: Workflow, found: Differences) -> Iterator[Verdict]:
    """A warning when there are none: a gate that is always open looks like one that holds."""
    if not workflow.checks and not workflow.metrics:
        why = (
            "the workflow has no checks, so nothing can fail; write what must hold under `checks:`"
        )
        yield _against("checks", "warned", {}, found.pairs, why, place_of(workflow.path, "steps"))


def _verdicts(workflow: Workflow, found: Differences) -> Iterator[Verdict]:
    checks = {spec.name: spec for spec in workflow.checks}
    for check in found.checks:
        if judge := checks.get(check.name):
            steady = [case for case in check.broken if case not in check.flaky]
            cases = [CaseVerdict(case, False, "held in the baseline") for case in steady]
            verdict = _verdict(check, judge, check_told(check))
            yield replace(verdict, passed=check.pairs - len(cases), cases=tuple(cases))
    metrics = {spec.name: spec for spec in workflow.metrics}
    for metric in found.metrics:
        spec = metrics.get(metric.name)
        if spec is not None and (spec.max_drop, spec.max_rise) != (None, None):
            yield _verdict(metric, spec, metric_told(metric))


OUTCOMES: Mapping[Finding | None, Outcome] = {
    "worse": "failed",
    "not worse": "passed",
    "not enough evidence": "skipped",
    "not comparable": "skipped",
}


def _verdict(
    found: CheckDifference | MetricDifference, spec: CheckSpec | MetricSpec, why: str
) -> Verdict:
    outcome = OUTCOMES[found.finding]
    if outcome == "failed" and spec.level == "warning":
        outcome = "warned"
    told = _against(found.name, outcome, found.combination, found.pairs, why, spec.place)
    return replace(told, definition=definition_of(spec))


def _against(
    name: str,
    outcome: Outcome,
    combination: Mapping[str, object],
    pairs: int,
    why: str,
    place: Place,
) -> Verdict:
    return Verdict(
        name=f"{name}, against the baseline",
        outcome=outcome,
        combination=combination,
        judged=pairs,
        passed=pairs,
        skipped=0,
        reached=0.0,
        needed=0.0,
        why=why,
        place=place,
    )
