"""`checks:` — what must be true of the answers: references, comparators and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.values.problem import Route
from runner.values.reference import Comparison, Reference
from runner.workflow.answers import Answers
from runner.workflow.comparisons import COMPARATORS, check_ends, comparisons_of, reference, share_of
from runner.workflow.findings import Findings
from runner.workflow.matrix import check_choice
from runner.workflow.parts import Part
from runner.workflow.scope import Scope
from runner.workflow.spec import CheckSpec
from runner.workflow.words import one_of

MANNERS = ("normalise", "similarity", "cer", "wer", "iou")
"""How texts and things are compared, besides `ignore_case` and `tolerance`."""


def checks_of(
    checks: Sequence[Any],
    scope: Scope,
    axes: Mapping[str, Sequence[Any]],
    answers: Answers,
    findings: Findings,
) -> tuple[CheckSpec, ...]:
    """The `that:` checks."""
    found = [
        _check(check, ("checks", number), scope, axes, answers, findings)
        for number, check in enumerate(checks)
        if isinstance(check, dict) and check.get("that") is not None
    ]
    return tuple(check for check in found if check is not None)


def condition(
    written: Mapping[str, Any], route: Route, number: int, scope: Scope, findings: Findings
) -> CheckSpec | None:
    """What a `when` or a `where` of step `number` demands; None when that leads nowhere."""
    that = str(written.get("that") or "")
    item, name = scope.items.get(number), that.partition(".")[0]
    if item is not None and name in item.fields and name not in scope.steps:
        message = f"there is no step `{name}`; a field of the entry is named after `item`"
        findings.error("W331", (*route, "that"), message, f"write that: item.{that}")
        return None
    field = that.partition(".")[2]
    if item is not None and "where" in route and name in scope.steps and field:
        named = field.rpartition(".")[2]
        message = f"`{that}` is the same for every box: `where` looks at `item`"
        fix = f"write that: item.{named}" if named in item.fields else "write it under `when:`"
        findings.error("W331", (*route, "that"), message, fix)
        return None
    part = reference(that, (*route, "that"), scope, findings, number) if that else None
    compared = comparisons_of(written, route, part, that, scope, findings, number)
    comparisons = tuple(compared)
    check_ends(comparisons, route, findings)
    _check_looseness(written, route, findings)
    if part is None or not comparisons:
        return None
    return CheckSpec(
        name=_name(that, comparisons),
        that=Reference.parse(that),
        comparisons=comparisons,
        place=findings.document.place((*route, "that")),
        ignore_case=written.get("ignore_case") or False,
        tolerance=float(written.get("tolerance") or 0),
    )


def _check(
    check: Mapping[str, Any],
    route: Route,
    scope: Scope,
    axes: Mapping[str, Sequence[Any]],
    answers: Answers,
    findings: Findings,
) -> CheckSpec | None:
    that = str(check["that"])
    part = reference(that, (*route, "that"), scope, findings)
    comparisons = tuple(comparisons_of(check, route, part, that, scope, findings))
    if check.get("fits") is not None:
        schema = answers.schema_of(check["fits"], (*route, "fits"))
        comparisons += (Comparison("fits", schema),) if schema is not None else ()
    check_ends(comparisons, route, findings)
    only = check.get("only") or {}
    check_choice(only, axes, (*route, "only"), findings)
    _check_looseness(check, route, findings)
    if part is None:
        return None
    pass_rate = share_of(check.get("pass_rate"))
    return CheckSpec(
        name=check.get("name") or _name(that, comparisons),
        that=Reference.parse(that),
        comparisons=comparisons,
        place=findings.document.place((*route, "that")),
        pass_rate=1.0 if pass_rate is None else pass_rate,
        level=check.get("level") or "error",
        only={axis: value for axis, value in only.items() if value is not None},
        ignore_case=check.get("ignore_case") or False,
        tolerance=float(check.get("tolerance") or 0),
        manner=_manner(check, part, that, route, findings),
    )


def _manner(
    check: Mapping[str, Any], part: Part | None, that: str, route: Route, findings: Findings
) -> dict[str, object]:
    """How texts and things are compared, and mistakes in it."""
    found = {key: check[key] for key in MANNERS if check.get(key) is not None}
    for key in ("similarity", "cer", "wer"):
        if key in found:
            found[key] = share_of(found[key])
    compares = "iou" in found and check.get("same_as") is not None
    if compares and part is not None and part.kind != "any" and not part.spaces:
        message = f"`{that}` has no place; `iou` cannot look at it"
        fix = "name boxes, masks, polygons or points, or delete `iou`"
        findings.error("W602", (*route, "that"), message, fix)
    return found


def _name(that: str, comparisons: Sequence[Comparison]) -> str:
    return f"{that} {', '.join(_words(each) for each in comparisons)}"


def _words(comparison: Comparison) -> str:
    if comparison.name == "is_empty":
        return "is empty" if comparison.value else "is not empty"
    if comparison.name == "includes" and isinstance(comparison.value, list):
        return f"includes {' and '.join(comparison.value)}"
    if comparison.name == "fits":
        return "fits its schema"
    if comparison.name == "between" and isinstance(comparison.value, list):
        return f"between {' and '.join(map(_shown, comparison.value))}"
    return f"{comparison.name.replace('_', ' ')} {_shown(comparison.value)}"


def _shown(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple() as region if len(region) == 4:
            return f"[{', '.join(map(str, region))}]"
        case list() | tuple():
            return " or ".join(map(_shown, value))
        case "":
            return '""'
        case _:
            return str(value)


def _check_looseness(check: Mapping[str, Any], route: Route, findings: Findings) -> None:
    names = {name for name in (*COMPARATORS, "fits") if check.get(name) is not None}
    texts = {"equals", "not_equals", "same_as", "contains", "not_contains", "matches", "one_of"}
    numbers = {"equals", "not_equals", "same_as", "one_of"}
    same = {"equals", "not_equals", "same_as", "one_of"}
    for key, useful in (
        ("ignore_case", texts | {"includes"}),
        ("normalise", texts - {"matches"} | {"includes"}),
        ("tolerance", numbers),
        ("similarity", same),
        ("cer", same),
        ("wer", same),
        ("iou", {"same_as"}),
    ):
        if check.get(key) not in (None, False, 0) and names and not names & useful:
            message = f"`{key}` has no effect on {one_of(sorted(names), 'and')}"
            findings.warning("W607", (*route, key), message, "delete the line", key=True)
