"""The names of checks: by them votes and numbers are kept, so no two checks share one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from runner.workflow.findings import Findings
from runner.workflow.spec import CheckSpec, MetricSpec
from runner.workflow.words import quoted

Spec = TypeVar("Spec", CheckSpec, MetricSpec)


def given_names(checks: Sequence[Any], findings: Findings) -> dict[int, str]:
    """What the author calls checks, by their number; a name that another one has is told."""
    names: dict[int, str] = {}
    for number, check in enumerate(checks):
        name = check.get("name") if isinstance(check, dict) else None
        if not name:
            continue
        first = next((other for other, known in names.items() if known == name), None)
        if first is not None:
            message = f"check {first + 1} is called {quoted(name)}, too"
            fix = "give each check a name of its own, or none"
            findings.error("W608", ("checks", number, "name"), message, fix)
        names[number] = name
    return names


def told_apart(specs: Sequence[Spec], given: dict[int, str]) -> tuple[Spec, ...]:
    """The same, none called like another: of those without a name of their own the second is `… (2)`."""
    taken = set(given.values())
    found = []
    for spec in specs:
        name, number = spec.name, 1
        while spec.place.route[1] not in given and name in taken:
            number += 1
            name = f"{spec.name} ({number})"
        taken.add(name)
        found.append(replace(spec, name=name))
    return tuple(found)
