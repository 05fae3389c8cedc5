"""`metric:` checks — one number over a run: which options each takes, and what it can look at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING, Any

from runner.values.problem import Route
from runner.values.reference import Reference
from runner.workflow.comparisons import check_ends, reference, share_of
from runner.workflow.findings import Findings
from runner.workflow.matrix import check_choice
from runner.workflow.parts import Part
from runner.workflow.scope import Scope
from runner.workflow.spec import EITHER_WAY, SHARES, MetricSpec

if TYPE_CHECKING:
    from runner.checks.metrics.metric import LooksAt, Metric

OPTIONS = ("of", "against", "iou", "normalise")
"""Options that some metrics take."""

_SINGLE = ("text", "number", "yes_no")

_WANTED: Mapping[str, tuple[str, str]] = {
    "things": (
        "a list of things with a place",
        "name boxes, points, polygons or masks: find.boxes",
    ),
    "masks": ("a list of masks or outlines", "name masks or polygons: find.masks"),
    "text": ("a text", "name a text: read.text"),
    "number": ("a number, or a list of numbers", "name a number: find.boxes.count"),
    "value": ("a single value", "name a text or a number: look.label"),
    "a step": ("a step", "write the id of a step alone, or nothing for all of them"),
}


def metrics_of(
    checks: Sequence[Any], scope: Scope, axes: Mapping[str, Sequence[Any]], findings: Findings
) -> tuple[MetricSpec, ...]:
    """The `metric:` checks; what is wrong with them is told."""
    written = {
        number: check
        for number, check in enumerate(checks)
        if isinstance(check, dict) and isinstance(check.get("metric"), str)
    }
    found = [
        _metric(check, ("checks", number), scope, axes, findings)
        for number, check in written.items()
    ]
    named = _told_apart(written.values())
    return tuple(
        replace(each, name=name)
        for each, name in zip(found, named, strict=True)
        if each is not None
    )


def tell_repeats(metrics: Sequence[MetricSpec], repeat: int, findings: Findings) -> None:
    """Tells metrics that compare repeats where there is only one."""
    for metric in metrics:
        if metric.metric == "stability" and repeat < 2:
            message = "`stability` compares the repeats of an image, and there is only one"
            findings.error("W624", metric.place, message, "write repeat: 3 under `run:`")


def _metric(
    check: Mapping[str, Any],
    route: Route,
    scope: Scope,
    axes: Mapping[str, Sequence[Any]],
    findings: Findings,
) -> MetricSpec | None:
    from runner.checks.metrics import METRICS

    name = check["metric"]
    kind = METRICS.load(name)
    told = len(findings.problems)
    options = _options(check, name, kind, route, scope, findings)
    _check_range(check, name, route, findings)
    check_ends(_ends(check), route, findings)
    _check_per(check, name, kind, route, findings)
    _check_direction(check, name, kind, route, findings)
    only = check.get("only") or {}
    check_choice(only, axes, (*route, "only"), findings)
    if len(findings.problems) > told and options is None:
        return None
    return MetricSpec(
        name=_name(check),
        metric=name,
        options=options or {},
        place=findings.document.place((*route, "metric")),
        at_least=share_of(check.get("at_least")),
        at_most=share_of(check.get("at_most")),
        max_drop=share_of(check.get("max_drop")),
        max_rise=share_of(check.get("max_rise")),
        per=check.get("per"),
        level=check.get("level") or "error",
        only={axis: value for axis, value in only.items() if value is not None},
    )


def _options(
    check: Mapping[str, Any],
    name: str,
    kind: type[Metric],
    route: Route,
    scope: Scope,
    findings: Findings,
) -> dict[str, object] | None:
    """The options of a metric; None when one is missing or leads nowhere, which is told."""
    takes = {each.name: each.default is MISSING for each in fields(kind)}  # type: ignore[arg-type]
    options: dict[str, object] = {}
    sound = True
    for option in OPTIONS:
        written = check.get(option)
        if option not in takes:
            if written is not None:
                message = f"`{option}` has no meaning for `metric: {name}`"
                findings.error("W622", (*route, option), message, "delete the line", key=True)
            continue
        if written is None:
            if takes[option]:
                sound = False
                if option not in check:
                    _tell_missing(option, name, kind, route, findings)
            continue
        value = _option(option, written, kind, (*route, option), scope, findings)
        sound = sound and value is not None
        if value is not None:
            options[option] = value
    return options if sound else None


def _option(
    option: str,
    written: Any,
    kind: type[Metric],
    route: Route,
    scope: Scope,
    findings: Findings,
) -> object | None:
    match option:
        case "of":
            return _looked_at(written, kind.looks_at, route, scope, findings)
        case "against":
            return _right(written, kind.looks_at, route, scope, findings)
        case "iou":
            return overlaps_of(written, route, findings)
        case _:
            return tuple(written)


def _looked_at(
    written: str, looks_at: LooksAt, route: Route, scope: Scope, findings: Findings
) -> Reference | None:
    if looks_at == "a step":
        if written in scope.steps or scope.open_steps:
            return Reference(written)
        if written.partition(".")[0] in scope.steps:
            wanted, fix = _WANTED[looks_at]
            findings.error("W623", route, f"`of` is {wanted} here", fix)
            return None
    part = reference(written, route, scope, findings)
    if part is None:
        return None
    if not _fits(part, looks_at):
        wanted, fix = _WANTED[looks_at]
        findings.error("W623", route, f"`{written}` is not {wanted}", fix)
        return None
    return Reference.parse(written)


def _right(
    written: str, looks_at: LooksAt, route: Route, scope: Scope, findings: Findings
) -> Reference | None:
    part = reference(written, route, scope, findings)
    if part is None:
        return None
    placed = looks_at in ("things", "masks")
    in_table = written.partition(".")[0] in ("row", "vars")
    if placed and (in_table or not _fits(part, "things")):
        message = f"`{written}` holds no places to compare with"
        findings.error("W623", route, message, "name a truth with boxes or masks: truth.boxes")
        return None
    if not placed and looks_at != "anything" and not _fits(part, looks_at):
        wanted, _ = _WANTED[looks_at]
        fix = "name a column or a truth: row.label"
        findings.error("W623", route, f"`{written}` is not {wanted}", fix)
        return None
    return Reference.parse(written)


def _fits(part: Part, looks_at: LooksAt) -> bool:
    if part.kind == "any" or looks_at == "anything":
        return True
    entry = part.entry.kind if part.kind == "list" and part.entry else None
    match looks_at:
        case "things":
            return bool(part.spaces) and part.kind in ("list", "record", "coordinates")
        case "masks":
            return bool(part.spaces & {"mask", "polygon"})
        case "text" | "number":
            return looks_at in (part.kind, entry) or entry == "any"
        case _:
            return part.kind in _SINGLE


def overlaps_of(written: float | str, route: Route, findings: Findings) -> tuple[float, ...] | None:
    """`0.5` as one threshold, `0.50:0.95` as those from the first to the last in steps of 0.05."""
    if not isinstance(written, str):
        return (float(written),)
    low, high = (float(end) for end in written.split(":"))
    steps = round((high - low) / 0.05)
    if low >= high or abs(low + 0.05 * steps - high) > 1e-6:
        message = f"no steps of 0.05 lead from {low:g} to {high:g}"
        findings.error("W604", route, message, "write 0.50:0.95, or one number")
        return None
    return tuple(round(low + 0.05 * step, 4) for step in range(steps + 1))


def _tell_missing(
    option: str, name: str, kind: type[Metric], route: Route, findings: Findings
) -> None:
    if option == "against":
        message = f"`metric: {name}` needs `against`: what is right"
        placed = kind.looks_at in ("things", "masks")
        fix = f"write against: {'truth.boxes' if placed else 'row.label'}"
    else:
        message = f"`metric: {name}` needs `of`: what is measured"
        fix = _WANTED.get(kind.looks_at, ("", "name a part of an answer: look.label"))[1]
        fix = f"write of: {fix.rpartition(' ')[2]}"
    findings.error("W621", (*route, "metric"), message, fix)


def _check_per(
    check: Mapping[str, Any], name: str, kind: type[Metric], route: Route, findings: Findings
) -> None:
    per = check.get("per")
    labels = kind.looks_at in ("things", "masks") or name in ("accuracy", "macro_f1")
    if per == "label" and not labels:
        message = f"`metric: {name}` knows no labels"
        findings.error("W622", (*route, "per"), message, "write per: image, or delete the line")
    if per == "image" and (name == "mAP" or name == "macro_f1"):
        message = f"`metric: {name}` says nothing of a single image"
        findings.error("W622", (*route, "per"), message, "write per: label, or delete the line")


def _check_direction(
    check: Mapping[str, Any], name: str, kind: type[Metric], route: Route, findings: Findings
) -> None:
    """Worse is a drop or a rise, and nobody may say the wrong one; of `mean` and `total` the author
    says which, by the word."""
    if name in EITHER_WAY:
        if check.get("max_drop") is not None and check.get("max_rise") is not None:
            message = f"of `metric: {name}` either a drop or a rise is worse"
            findings.error("W622", (*route, "max_rise"), message, "delete one of both", key=True)
        return
    wrong, right = ("max_rise", "max_drop") if kind.better == "more" else ("max_drop", "max_rise")
    if check.get(wrong) is not None:
        message = f"of `metric: {name}` {kind.better} is better: `{wrong}` has no meaning"
        findings.error("W622", (*route, wrong), message, f"write {right}", key=True)


def _check_range(check: Mapping[str, Any], name: str, route: Route, findings: Findings) -> None:
    """Tells a limit that a share can never reach, or never miss."""
    for key in ("at_least", "at_most"):
        limit = share_of(check.get(key))
        if name in SHARES and limit is not None and not 0 <= limit <= 1:
            fix = (
                f"write {key}: {limit:g}%" if 1 < limit <= 100 else f"write for example {key}: 90%"
            )
            message = f"`{name}` is from 0 to 1, or from 0% to 100%: found {limit:g}"
            findings.error("W206", (*route, key), message, fix)


def _ends(check: Mapping[str, Any]) -> tuple[Any, ...]:
    from runner.values.reference import Comparison

    return tuple(
        Comparison(name, share_of(check[name]))
        for name in ("at_least", "at_most")
        if share_of(check.get(name)) is not None
    )


def _told_apart(checks: Collection[Mapping[str, Any]]) -> list[str]:
    """The name of each: by it a number stands in `metrics.json`, and is compared with a baseline. The
    right side is only told where two would be called the same without it."""
    sides: dict[str, set[str]] = {}
    for check in checks:
        sides.setdefault(_name(check), set()).add(str(check.get("against")))
    return [_name(check, apart=len(sides[_name(check)]) > 1) for check in checks]


def _name(check: Mapping[str, Any], *, apart: bool = False) -> str:
    """The author's, or `recall of find.boxes at least 0.9`; `apart`: `… against truth.boxes …`."""
    if check.get("name"):
        return str(check["name"])
    words = [str(check["metric"])]
    if check.get("of"):
        words.append(f"of {check['of']}")
    if apart and check.get("against"):
        words.append(f"against {check['against']}")
    if check.get("iou") is not None:
        words.append(f"at IoU {check['iou']}")
    limits = [
        f"{limit.replace('_', ' ')} {check[limit]}"
        for limit in ("at_least", "at_most", "max_drop", "max_rise")
        if check.get(limit) is not None
    ]
    if check.get("per"):
        limits.append(f"per {check['per']}")
    return " ".join([*words, ", ".join(limits)])
