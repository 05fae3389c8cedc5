"""`matrix:` — every combination of settings and variables, and those that are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from runner.text.suggest import did_you_mean
from runner.values.problem import Route
from runner.workflow.document import is_sound
from runner.workflow.findings import Findings
from runner.workflow.spec import Combination
from runner.workflow.words import one_of, quoted

MOST = 10_000
"""Nobody compares more; a slip of the pen makes them."""

VARS = "vars."
"""Starts the name of an axis that varies a variable."""


def axes_of(matrix: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Every axis with the values that could be understood, in the author's order."""
    found = {
        axis: [value for value in values if value is not None]
        for axis, values in matrix.items()
        if isinstance(values, list)
    }
    return {axis: values for axis, values in found.items() if values}


def combinations_of(
    axes: Mapping[str, Sequence[Any]], skip: Sequence[Any], findings: Findings
) -> tuple[Combination, ...]:
    """One choice for every axis, the last axis changing fastest; one empty one without axes."""
    count = prod(len(values) for values in axes.values())
    if count > MOST:
        message = f"the matrix has {count:,} combinations; more than {MOST:,} cannot run"
        findings.error("W234", ("matrix",), message, "try fewer values", key=True)
        return ()
    left_out = [entry for entry in skip if is_sound(entry)]
    for number, entry in enumerate(skip):
        if entry in left_out:
            check_choice(entry, axes, ("matrix_skip", number), findings)
    every = [dict(zip(axes, choice, strict=True)) for choice in product(*axes.values())]
    kept = tuple(each for each in every if not any(fits(each, entry) for entry in left_out))
    if not kept:
        message = "`matrix_skip` leaves out every combination of the matrix"
        findings.error("W233", ("matrix_skip",), message, "delete an entry", key=True)
    return kept


def fits(combination: Mapping[str, object], choice: Mapping[str, object]) -> bool:
    """Whether a combination is among those that a choice of some axes names."""
    return all(axis in combination and combination[axis] == choice[axis] for axis in choice)


def check_choice(
    choice: Mapping[str, Any], axes: Mapping[str, Sequence[Any]], route: Route, findings: Findings
) -> None:
    """Tells axes and values of a choice that the matrix does not have."""
    for axis, value in choice.items():
        if value is None:
            continue
        if axis not in axes:
            close = did_you_mean(axis, axes)
            fix = f"did you mean `{close}`?" if close else None
            message = f"the matrix has no axis `{axis}`"
            if not axes:
                message, fix = "there is no `matrix`, so there are no combinations", "delete this"
            findings.error("W232", (*route, axis), message, fix, key=True, allowed=axes)
        elif value not in axes[axis]:
            message = f"{quoted(value)} is not among the values of `{axis}` in the matrix"
            fix = f"write {one_of(map(str, axes[axis]))}"
            findings.error("W232", (*route, axis), message, fix)


def check_effect(
    axes: Mapping[str, Sequence[Any]],
    own: Mapping[str, frozenset[str]],
    used_vars: frozenset[str],
    variables: Sequence[str],
    findings: Findings,
) -> None:
    """Warns of axes that change nothing: steps that set it themselves, variables nobody uses.

    `own` are the settings that each step sets itself.
    """
    for axis in axes:
        if axis.startswith(VARS):
            _check_variable(axis, used_vars, variables, findings)
            continue
        deaf = [step for step, settings in own.items() if axis in settings]
        if deaf:
            steps = " and ".join(f"step `{step}`" for step in deaf)
            verb = "sets" if len(deaf) == 1 else "set"
            message = f"axis `{axis}` has no effect on {steps}, which {verb} it"
            fix = "delete the setting of the step, or the axis"
            findings.warning("W231", ("matrix", axis), message, fix, key=True)


def _check_variable(
    axis: str, used: frozenset[str], variables: Sequence[str], findings: Findings
) -> None:
    name = axis.removeprefix(VARS)
    if name in used:
        return
    close = did_you_mean(name, [each for each in variables if each != name])
    fix = f"did you mean `{VARS}{close}`?" if close else f"write {{{{ {axis} }}}} into a prompt"
    message = f"axis `{axis}` has no effect: no prompt uses the variable"
    findings.warning("W231", ("matrix", axis), message, fix, key=True)


def choices_along(
    axes: Mapping[str, Sequence[Any]], combinations: Sequence[Combination], names: Sequence[str]
) -> Iterator[Combination]:
    """Every distinct choice of these axes among the combinations."""
    relevant = [name for name in names if name in axes]
    seen: set[tuple[Any, ...]] = set()
    for combination in combinations:
        choice = tuple(combination[name] for name in relevant)
        if choice not in seen:
            seen.add(choice)
            yield dict(zip(relevant, choice, strict=True))
