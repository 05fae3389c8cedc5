"""Comparators of checks: what they can look at, and what they compare with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.text.suggest import did_you_mean
from runner.values.problem import Route
from runner.values.reference import Comparison, Reference
from runner.workflow.document import is_sound
from runner.workflow.findings import Findings
from runner.workflow.parts import Part
from runner.workflow.scope import Nowhere, Scope, follow
from runner.workflow.telling import number_in, plain_number
from runner.workflow.words import one_of, quoted

COMPARATORS: Mapping[str, tuple[str, ...]] = {
    "equals": ("text", "number", "yes_no"),
    "not_equals": ("text", "number", "yes_no"),
    "same_as": ("text", "number", "yes_no", "record", "list", "coordinates"),
    "contains": ("text",),
    "not_contains": ("text",),
    "matches": ("text",),
    "one_of": ("text", "number", "yes_no"),
    "at_least": ("number",),
    "at_most": ("number",),
    "between": ("number",),
    "is_empty": ("text", "record", "list", "coordinates"),
    "includes": ("list",),
    "inside": ("list", "coordinates"),
    "left_of": ("list", "coordinates"),
    "right_of": ("list", "coordinates"),
    "above": ("list", "coordinates"),
    "below": ("list", "coordinates"),
    "overlaps": ("list", "coordinates"),
}
"""Every comparator and the kinds of values that it can look at."""

POSITIONS = frozenset({"inside", "left_of", "right_of", "above", "below", "overlaps"})

_OF_THE_LIST = frozenset({"is_empty", "same_as", "includes"}) | POSITIONS
"""Comparators that look at a list itself; the others must hold for every entry."""

_KINDS: Mapping[str, str] = {
    "text": "a text",
    "number": "a number",
    "yes_no": "true or false",
    "record": "a record",
    "coordinates": "coordinates",
}


def comparisons_of(
    check: Mapping[str, Any],
    route: Route,
    part: Part | None,
    that: str,
    scope: Scope,
    findings: Findings,
    number: int | None = None,
) -> Iterator[Comparison]:
    """The comparators of a check with their values; what cannot be compared is told. `number` is the
    step whose condition it is."""
    for name in check:
        value = check[name]
        if name not in COMPARATORS or not is_sound(value):
            continue
        here = (*route, name)
        if part is not None:
            _check_kind(name, part, that, here, findings)
        of_number = _single_kind(part) == "number"
        right = _value(name, value, here, part, scope, findings, number)
        yield Comparison(name, right, of_number)


def _single_kind(part: Part | None) -> str | None:
    single = part.entry if part and part.kind == "list" else part
    return single.kind if single else None


def check_ends(comparisons: Sequence[Comparison], route: Route, findings: Findings) -> None:
    """Tells comparisons that no number can fulfil together; `between` alone is told elsewhere."""
    least, most = -math.inf, math.inf
    for each in comparisons:
        match each.name, each.value:
            case "at_least", int() | float() as value:
                least = max(least, value)
            case "at_most", int() | float() as value:
                most = min(most, value)
            case "between", [int() | float() as low, int() | float() as high] if low <= high:
                least, most = max(least, low), min(most, high)
    if least > most:
        names = sorted(each.name for each in comparisons if each.name in _ENDS)
        message = f"no number is at least {least:g} and at most {most:g}"
        swapped = names == ["at_least", "at_most"]
        fix = f"write between: [{most:g}, {least:g}]" if swapped else "delete one of them"
        findings.error("W604", (*route, names[-1]), message, fix)


_ENDS = ("at_least", "at_most", "between")


def _value(
    name: str,
    value: Any,
    route: Route,
    part: Part | None,
    scope: Scope,
    findings: Findings,
    number: int | None,
) -> object:
    match name:
        case "same_as":
            reference(value, route, scope, findings, number)
            return Reference.parse(value)
        case "matches":
            _check_pattern(value, route, findings)
        case _ if name in POSITIONS:
            return _position(value, route, scope, findings, number)
        case "at_least" | "at_most":
            return share_of(value) if isinstance(value, str) else value
        case "between":
            if value[0] > value[1]:
                message = f"no number is between {value[0]} and {value[1]}"
                fix = f"write between: [{value[1]}, {value[0]}]"
                findings.error("W604", route, message, fix)
        case "equals" | "not_equals":
            _check_literal(name, value, route, part, scope, findings)
        case "one_of":
            for index, each in enumerate(value):
                _check_choice_word(each, (*route, index), part, findings)
    return value


def _check_kind(name: str, part: Part, that: str, route: Route, findings: Findings) -> None:
    """A comparison on a list holds for every entry; only some look at the list itself."""
    kind, wanted = part.kind, COMPARATORS[name]
    if name in POSITIONS and that.partition(".")[0] == "item":
        message = f"`{name}` looks at what a step has found, and `item` is one entry of a list"
        instead = "write it under `checks:`, with find.boxes; a filter knows sort, areas and labels"
        findings.error("W602", _that(route), message, instead)
        return
    if name in POSITIONS and kind in wanted and not part.spaces:
        message = f"`{that}` has no place; `{name}` cannot look at it"
        findings.error("W602", _that(route), message, "name boxes, points, polygons or masks")
        return
    if kind == "list" and name not in _OF_THE_LIST:
        entry = part.entry
        if entry is None or entry.kind in ("any", *wanted):
            return
        if entry.kind == "record":
            fix: str | None = None
            if wanted == ("number",):
                fix = f"write that: {that}.count"
            else:
                fields = [each for each, inner in entry.fields.items() if inner.kind in wanted]
                fix = f"write that: {that}.{fields[0]}" if fields else None
            message = f"`{that}` is a list of records; `{name}` cannot look at it"
            findings.error("W602", _that(route), message, fix)
            return
        kind = entry.kind
    if kind == "any" or kind in wanted:
        return
    inner = [field for field, each in part.fields.items() if each.kind in wanted]
    if kind == "record" and len(inner) == 1:
        message = f"`{that}` is a record; `{name}` cannot look at it"
        findings.error("W602", _that(route), message, f"write that: {that}.{inner[0]}")
        return
    usable = [each for each, kinds in COMPARATORS.items() if kind in kinds]
    message = f"`{that}` is {_KINDS.get(kind, kind)}; `{name}` cannot look at it"
    findings.error("W602", route, message, f"use {one_of(usable)}", key=True)


def _position(
    value: Any, route: Route, scope: Scope, findings: Findings, number: int | None
) -> object:
    """A reference to things, or a region of the image."""
    if isinstance(value, list):
        low, high = value[:2], value[2:]
        if any(_edge(a) >= _edge(b) for a, b in zip(low, high, strict=True) if type(a) is type(b)):
            message = "a region is x_min, y_min, x_max, y_max: its end lies before its start"
            findings.error(
                "W604", route, message, "write the smaller number first: [0, 0, 50%, 100%]"
            )
        return tuple(value)
    part = reference(value, route, scope, findings, number)
    if part is not None and part.kind != "any" and not part.spaces:
        fix = "name boxes, points, polygons or masks, or a region: [0, 0, 50%, 100%]"
        findings.error("W602", route, f"`{value}` has no place", fix)
    return Reference.parse(value)


def _edge(written: float | str) -> float:
    return float(written.removesuffix("%")) if isinstance(written, str) else written


def _that(route: Route) -> Route:
    return (*route[:-1], "that")


def _check_literal(
    name: str, value: Any, route: Route, part: Part | None, scope: Scope, findings: Findings
) -> None:
    if isinstance(value, str) and _looks_like_reference(value, scope):
        message = f"`{name}` compares with the text {quoted(value)} itself"
        fix = f"write same_as: {value}" if name == "equals" else f"`{value}` is never looked up"
        findings.warning("W605", route, message, fix)
        return
    single = part.entry if part and part.kind == "list" else part
    if single is None or single.kind == "any":
        return
    if single.kind == "number" and isinstance(value, str):
        that = findings.document.value((*route[:-1], "that"))
        message = f"`{that}` is a number, and {quoted(value)} is a text: they are never equal"
        number = number_in(value)
        fix = plain_number(route, number, value) if number else f"write a number: {name}: 1"
        findings.error("W602", route, message, fix)
    elif single.kind == "yes_no" and not isinstance(value, bool):
        findings.error("W602", route, "this is true or false", "write true or false")
    elif single.kind == "text" and not isinstance(value, str):
        written = findings.document.text(route)
        message = f"this is a text, and {quoted(value)} is none: they are never equal"
        findings.error("W602", route, message, f'put it in quotes: "{written}"')
    else:
        _check_choice_word(value, route, part, findings)


def _check_choice_word(value: Any, route: Route, part: Part | None, findings: Findings) -> None:
    single = part.entry if part and part.kind == "list" else part
    choices = single.choices if single else ()
    if not choices or value is None or value in choices:
        return
    close = did_you_mean(str(value), choices)
    message = f"the answer is never {quoted(value)}: it is not among the choices"
    fix = f"did you mean `{close}`?" if close else f"the choices are {one_of(choices, 'and')}"
    findings.error("W606", route, message, fix)


def _looks_like_reference(value: str, scope: Scope) -> bool:
    root, dot, rest = value.partition(".")
    return bool(dot and rest) and (root in ("row", "vars", "truth") or root in scope.steps)


def _check_pattern(pattern: str, route: Route, findings: Findings) -> None:
    from runner.checks.compare import pattern_mistake

    mistake = pattern_mistake(pattern)
    if mistake:
        message = f"{quoted(pattern)} is no pattern: {mistake}"
        fix = "a sign such as ( [ { + * ? stands for itself after a \\"
        fix = "write two checks: matches and not_contains" if "looks" in mistake else fix
        findings.error("W603", route, message, fix)


def reference(
    text: str, route: Route, scope: Scope, findings: Findings, number: int | None = None
) -> Part | None:
    """What a reference leads to, seen from a step or from the end; None when it leads nowhere, which
    is told."""
    found = follow(text.split("."), scope, number)
    if isinstance(found, Nowhere):
        findings.error(found.code, route, found.message, found.fix, allowed=found.allowed)
        return None
    return found


def share_of(value: object) -> float | None:
    """A ratio: `0.95`, or `95%` as the same number."""
    if isinstance(value, str):
        try:
            return float(value.strip().removesuffix("%")) / 100
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) else None
