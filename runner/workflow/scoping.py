"""Works out what the references of a workflow may name: its images, rows, variables and steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.workflow.dataset import dataset_of
from runner.workflow.findings import Findings
from runner.workflow.images import UNNAMED, image_sets
from runner.workflow.matrix import VARS
from runner.workflow.scope import Scope
from runner.workflow.spec import Dataset, ImageSet
from runner.workflow.steps import Draft, with_steps
from runner.workflow.truth import Truths, truths_of
from runner.workflow.validity import Fitting


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The images or the table of a workflow, and with them everything that has a name."""

    images: tuple[ImageSet, ...]
    dataset: Dataset | None
    truths: Truths
    scope: Scope


def surroundings(
    data: Mapping[str, Any],
    fitting: Fitting,
    drafts: Sequence[Draft],
    axes: Mapping[str, Sequence[Any]],
    findings: Findings,
) -> Surroundings:
    """What has a name. Where something could not be understood, no name is unknown."""
    partial = data.get("partial") is True
    sets = image_sets(data["images"], findings) if data.get("images") is not None else ()
    dataset, columns = _table(data, fitting, findings)
    if partial and not sets:
        columns = columns or None
    truths = truths_of(data, columns, findings)
    scope = Scope(
        vars=_variables(data, axes, partial),
        roles=_roles(sets, dataset, fitting),
        columns=columns,
        has_dataset=isinstance(data.get("dataset"), dict),
        truths=None if partial or fitting.is_broken("truth") else truths.parts,
        together=frozenset(each.role for each in sets if each.together),
    )
    scope = with_steps(scope, data, drafts, findings)
    unnamed = not scope.steps or any(name.startswith("#") for name in scope.steps)
    scope = replace(scope, open_steps=unnamed)
    _check_names(scope, findings)
    return Surroundings(sets, dataset, truths, scope)


def _table(
    data: Mapping[str, Any], fitting: Fitting, findings: Findings
) -> tuple[Dataset | None, tuple[str, ...] | None]:
    if isinstance(data.get("dataset"), dict):
        return dataset_of(data["dataset"], findings)
    return None, None if fitting.is_broken("dataset") else ()


def _roles(
    sets: Sequence[ImageSet], dataset: Dataset | None, fitting: Fitting
) -> tuple[str, ...] | None:
    if fitting.is_broken("images") or fitting.is_broken("dataset"):
        return None
    roles = tuple(dataset.roles) if dataset else tuple(each.role for each in sets)
    return roles or None


def _variables(
    data: Mapping[str, Any], axes: Mapping[str, Sequence[Any]], partial: bool
) -> frozenset[str] | None:
    if partial or ("vars" in data and data["vars"] is None):
        return None
    along = {axis.removeprefix(VARS) for axis in axes if axis.startswith(VARS)}
    return frozenset(along | set(data.get("vars") or ()))


def _check_names(scope: Scope, findings: Findings) -> None:
    for role in scope.roles or ():
        if role in scope.steps and role != UNNAMED:
            number = list(scope.steps).index(role)
            message = f"step `{role}` has the same name as images"
            fix = f"give the step another name, for example {role}_answer"
            findings.error("W209", ("steps", number, "id"), message, fix)
