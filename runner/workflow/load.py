"""Load: from a workflow file to a `Workflow`, or to all of its problems at once.

The one place where names become things: after it nobody looks anything up by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.catalogue import Model, catalogue
from runner.values.problem import Rejected, Route, errors_of
from runner.values.reference import Reference
from runner.workflow.answers import Answers
from runner.workflow.checks import checks_of
from runner.workflow.dataset import dataset_of
from runner.workflow.document import absolute
from runner.workflow.extends import LIBRARY, open_document
from runner.workflow.findings import Findings
from runner.workflow.images import UNNAMED, image_sets
from runner.workflow.lints import (
    lint_position,
    lint_prompt,
    lint_unused,
    lint_unused_steps,
    lint_web_images,
)
from runner.workflow.matrix import VARS, axes_of, check_effect, combinations_of
from runner.workflow.not_yet import LATER_FORMATS, tell_what_cannot_run
from runner.workflow.outputs import outputs_of
from runner.workflow.prompts import Prompts
from runner.workflow.resolved import resolved
from runner.workflow.scope import Scope
from runner.workflow.secret_words import check_headers, find_keys
from runner.workflow.settings import ModelCheck
from runner.workflow.spec import (
    Combination,
    Dataset,
    ImageSet,
    Preparation,
    RunOptions,
    SourceFile,
    Workflow,
)
from runner.workflow.steps import (
    Draft,
    ask_steps,
    check_providers,
    drafts_of,
    is_doubtful,
    step_shapes,
    uses_of,
)
from runner.workflow.validity import Fitting, fitting
from runner.workflow.variables import values_of


def load(
    path: Path,
    *,
    vars: Mapping[str, str] = {},
    overrides: Mapping[str, object] = {},
    environ: Mapping[str, str],
) -> Workflow:
    """The workflow of a file, with its warnings. Raises `Rejected` with every problem there is.

    `vars` are values of variables that win over the file's. `overrides` change settings of every
    step (`{"provider": "simulator"}`) or options of the run (`{"run.limit": 3}`).
    """
    loading = _Loading(path, vars, overrides, environ)
    workflow = loading.workflow()
    problems = loading.findings.in_order()
    if workflow is None or errors_of(problems):
        raise Rejected(*problems)
    return replace(workflow, warnings=problems)


class _Loading:
    """One file being loaded: each part is read once, and what is wrong with it is told."""

    def __init__(
        self,
        path: Path,
        given: Mapping[str, str],
        overrides: Mapping[str, object],
        environ: Mapping[str, str],
    ) -> None:
        written, self.files = open_document(path)
        self.fitting: Fitting = fitting(written)
        self.document = self.fitting.document
        self.data: Mapping[str, Any] = _with_run(self.document.data, overrides)
        self.findings = Findings(self.document, list(self.fitting.problems))
        self.path, self.given, self.environ = path, given, environ
        self.overrides = {key: value for key, value in overrides.items() if "." not in key}
        self.partial = self.data.get("partial") is True

    def workflow(self) -> Workflow | None:
        """The workflow as far as it could be understood; None when a part is missing."""
        data, findings = self.data, self.findings
        self._check_files()
        axes = axes_of(data.get("matrix") or {})
        answers = Answers(findings, data.get("schemas") or {})
        drafts = drafts_of(data, self.overrides, answers)
        sets, dataset, scope = self._scope(axes, drafts)
        variables = self._variables(axes)
        prompts = Prompts(findings, scope)
        steps = ask_steps(drafts, prompts, scope, answers, findings)
        combinations = combinations_of(axes, data.get("matrix_skip") or (), findings)
        models = self._models(drafts, axes, combinations)
        checks = checks_of(data.get("checks") or (), scope, axes, findings)
        outputs = outputs_of(data.get("outputs") or (), scope, LATER_FORMATS, findings)
        tell_what_cannot_run(data, findings)
        sources = (*self._sources(), *answers.sources.values(), *prompts.sources.values())
        self._check_keys(sources)
        if errors_of(tuple(findings.problems)):
            return None
        workflow = Workflow(
            path=absolute(self.path),
            name=data.get("name") or _name(self.path),
            description=data.get("description") or "",
            images=sets,
            dataset=dataset,
            preparation=_preparation(data),
            vars=variables,
            steps=steps,
            combinations=combinations,
            checks=checks,
            outputs=outputs,
            run=_run_options(data.get("run") or {}),
            models=models,
            sources=(*sources, *_table(dataset)),
            resolved={},
            partial=self.partial,
        )
        self._lint(workflow, drafts, axes, prompts)
        return replace(workflow, resolved=resolved(workflow, data, drafts, self.document))

    def _check_files(self) -> None:
        """Every file says its version; the first one's is checked with all the rest."""
        for file in self.files[1:]:
            data = file.source.data
            if isinstance(data, dict) and data.get("version") != 1:
                place = file.source.place(("version",))
                fix = "write `version: 1` into the first line"
                message = f"`{file.source.file}` needs `version: 1`"
                self.findings.error("W202", place, message, fix)
        for file in self.files:
            self.findings.problems.extend(file.source.problems)
        headers = (self.data.get("defaults") or {}).get("headers")
        if isinstance(headers, dict):
            check_headers(headers, ("defaults", "headers"), self.findings)

    def _scope(
        self, axes: Mapping[str, Sequence[Any]], drafts: Sequence[Draft]
    ) -> tuple[tuple[ImageSet, ...], Dataset | None, Scope]:
        data, findings = self.data, self.findings
        sets = image_sets(data["images"], findings) if data.get("images") is not None else ()
        dataset: Dataset | None = None
        columns: tuple[str, ...] | None = ()
        roles: tuple[str, ...] | None = tuple(each.role for each in sets)
        if isinstance(data.get("dataset"), dict):
            dataset, columns = dataset_of(data["dataset"], findings)
            roles = tuple(dataset.roles) if dataset else None
        elif self.fitting.is_broken("dataset"):
            columns = None
        if not roles or self.fitting.is_broken("images") or self.fitting.is_broken("dataset"):
            roles = None
        if not sets and self.partial:
            columns = None
        shapes = step_shapes(data, drafts, findings)
        unnamed = any(name.startswith("#") for name in shapes)
        scope = Scope(
            vars=self._known_variables(axes),
            roles=roles,
            columns=columns,
            has_dataset=isinstance(data.get("dataset"), dict),
            steps=shapes,
            open_steps=unnamed or not shapes or self.fitting.is_broken("steps", "id"),
        )
        self._check_names(scope)
        return sets, dataset, scope

    def _known_variables(self, axes: Mapping[str, Sequence[Any]]) -> frozenset[str] | None:
        if self.partial or self.data.get("vars", {}) is None:
            return None
        along = {axis.removeprefix(VARS) for axis in axes if axis.startswith(VARS)}
        return frozenset(along | set(self.data.get("vars") or ()))

    def _check_names(self, scope: Scope) -> None:
        for role in scope.roles or ():
            if role in scope.steps and role != UNNAMED:
                number = list(scope.steps).index(role)
                message = f"step `{role}` has the same name as images"
                fix = f"give the step another name, for example {role}_answer"
                self.findings.error("W209", ("steps", number, "id"), message, fix)

    def _variables(self, axes: Mapping[str, Sequence[Any]]) -> dict[str, object]:
        along = {axis.removeprefix(VARS): None for axis in axes if axis.startswith(VARS)}
        variables = self.data.get("vars") or {}
        return values_of(variables, self.given, self.environ, self.findings, along)

    def _models(
        self,
        drafts: Sequence[Draft],
        axes: Mapping[str, Sequence[Any]],
        combinations: Sequence[Combination],
    ) -> Mapping[str, Model]:
        check_providers(drafts, self.findings)
        check = ModelCheck(self.findings)
        for draft in drafts:
            if not is_doubtful(draft, self.fitting):
                check.check(uses_of(draft, axes, combinations))
        named = {draft.settings.model for draft in drafts} | set(axes.get("model", ()))
        return {name: catalogue().model(name) for name in sorted(named)}

    def _sources(self) -> tuple[SourceFile, ...]:
        return tuple(
            SourceFile(
                absolute(file.path),
                "workflow"
                if number == 0
                else "library"
                if file.source.file.startswith(LIBRARY)
                else "extended",
                file.content,
            )
            for number, file in enumerate(self.files)
        )

    def _check_keys(self, sources: Sequence[SourceFile]) -> None:
        for file in self.files:
            find_keys(file.source.file, file.source.text, self.findings)
        for source in sources[len(self.files) :]:
            text = source.content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
            find_keys(str(source.path), text, self.findings)

    def _lint(
        self,
        workflow: Workflow,
        drafts: Sequence[Draft],
        axes: Mapping[str, Sequence[Any]],
        prompts: Prompts,
    ) -> None:
        findings = self.findings
        single = _images_of_a_case(workflow)
        by_id = {draft.id: draft for draft in drafts}
        for step in workflow.steps:
            lint_prompt(step, findings)
            route = by_id[step.id].settings.routes.get("prompt_position")
            lint_position(step, route, len(step.images) or single, findings)
        lint_web_images(workflow, findings)
        used = frozenset(path[1] for path in prompts.uses if path[0] == "vars" and len(path) > 1)
        used |= _variables_in_checks(workflow)
        if drafts:
            own = {draft.id: draft.settings.own for draft in drafts}
            check_effect(axes, own, used, list(workflow.vars), findings)
            schemas = frozenset(draft.answer.used for draft in drafts if draft.answer.used)
            lint_unused(self.data, used, schemas, self._inherited(), findings)
        lint_unused_steps(workflow.steps, workflow.checks, workflow.outputs, findings)

    def _inherited(self) -> frozenset[Route]:
        """Variables and schemas that another file brings along, or that are only to be extended."""
        entries = [
            (part, name) for part in ("vars", "schemas") for name in self.data.get(part) or ()
        ]
        own = self.document.file
        return frozenset(
            route for route in entries if self.partial or self.document.origin(route) is not own
        )


def _with_run(data: Mapping[str, Any], overrides: Mapping[str, object]) -> Mapping[str, Any]:
    """The data with the options of the run that the command line gives."""
    given = {
        key.removeprefix("run."): value for key, value in overrides.items() if key[:4] == "run."
    }
    return {**data, "run": {**(data.get("run") or {}), **given}} if given else data


def _name(path: Path) -> str:
    name = path.name
    for ending in (".yaml", ".yml", ".workflow"):
        name = name.removesuffix(ending)
    return name or path.name


def _preparation(data: Mapping[str, Any]) -> Preparation:
    return Preparation(data.get("fetch") or False, data.get("convert"), int(data.get("frame") or 0))


def _run_options(run: Mapping[str, Any]) -> RunOptions:
    known = RunOptions.__dataclass_fields__
    return RunOptions(**{key: run[key] for key in run if key in known and run[key] is not None})


def _table(dataset: Dataset | None) -> tuple[SourceFile, ...]:
    if dataset is None:
        return ()
    return (SourceFile(dataset.file, "dataset", dataset.file.read_bytes()),)


def _images_of_a_case(workflow: Workflow) -> int:
    return len(workflow.dataset.roles) if workflow.dataset else len(workflow.images)


def _variables_in_checks(workflow: Workflow) -> frozenset[str]:
    references = [check.that for check in workflow.checks]
    for check in workflow.checks:
        compared = [comparison.value for comparison in check.comparisons]
        references += [value for value in compared if isinstance(value, Reference)]
    return frozenset(each.path[0] for each in references if each.root == "vars" and each.path)
