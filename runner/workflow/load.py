"""Load: from a workflow file to a `Workflow`, or to all of its problems at once.

The one place where names become things: after it nobody looks anything up by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.catalogue import Model, catalogue
from runner.roles import OPENAI
from runner.sources.inside import real_folder
from runner.transport.secret import Secret
from runner.values.problem import Rejected, errors_of
from runner.workflow.answers import Answers
from runner.workflow.batch import API, is_in_batches, tell_batch
from runner.workflow.chat_limits import check_chat
from runner.workflow.check_names import given_names, told_apart
from runner.workflow.checks import checks_of
from runner.workflow.document import absolute
from runner.workflow.examples import Examples
from runner.workflow.extends import LIBRARY, open_document, tell_replaced
from runner.workflow.files import is_file
from runner.workflow.findings import Findings, without_keys
from runner.workflow.lints import lint
from runner.workflow.local_steps import local_steps
from runner.workflow.matrix import VARS, axes_of, combinations_of
from runner.workflow.metrics import metrics_of, tell_repeats
from runner.workflow.model_limits import ModelCheck
from runner.workflow.not_yet import tell_what_cannot_run
from runner.workflow.outputs import outputs_of
from runner.workflow.parts import whole
from runner.workflow.passing import tell_passing
from runner.workflow.prompts import Prompts
from runner.workflow.resolved import resolved
from runner.workflow.scoping import surroundings
from runner.workflow.secret_words import check_headers, find_key_in_table, find_keys
from runner.workflow.spec import (
    AskStep,
    Combination,
    Dataset,
    Preparation,
    RunOptions,
    SourceFile,
    Step,
    Workflow,
)
from runner.workflow.steps import (
    Draft,
    ask_steps,
    check_providers,
    drafts_of,
    is_doubtful,
    uses_of,
)
from runner.workflow.thousands import tell_thousands
from runner.workflow.validity import fitting
from runner.workflow.variables import values_of


def load(
    path: Path,
    *,
    vars: Mapping[str, str] = {},
    overrides: Mapping[str, object] = {},
    environ: Mapping[str, str],
    allow_outside: bool = False,
) -> Workflow:
    """The workflow of a file, with its warnings. Raises `Rejected` with every problem there is.

    `vars` are values of variables that win over the file's. `overrides` change settings of every
    step (`{"provider": "simulator"}`) or options of the run (`{"run.limit": 3}`). Its paths stay in
    the folder of the file, links followed, unless `allow_outside`; what is shipped is never outside.
    """
    within = None if allow_outside else real_folder(path.parent)
    loading = _Loading(path, vars, overrides, environ, within)
    workflow = loading.workflow()
    problems = tell_replaced(loading.document, loading.findings.in_order())
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
        within: Path | None,
    ) -> None:
        secret = Secret.of_environment(environ)
        try:
            written, self.files = open_document(path, within)
        except Rejected as rejected:
            told = (without_keys(problem, secret) for problem in rejected.problems)
            raise Rejected(*told) from None
        self.fitting = fitting(written)
        self.document = self.fitting.document
        self.data: Mapping[str, Any] = _with_run(self.document.data, overrides)
        self.findings = Findings(self.document, list(self.fitting.problems), secret)
        self.path, self.given, self.environ = path, given, environ
        self.overrides = {key: value for key, value in overrides.items() if "." not in key}
        if is_in_batches(self.data):
            self.overrides["api"] = API

    def workflow(self) -> Workflow | None:
        """The workflow; None when something is wrong with it, which is told by then."""
        data, findings = self.data, self.findings
        self._check_files()
        axes = axes_of(data.get("matrix") or {})
        answers = Answers(findings, data.get("schemas") or {})
        drafts = drafts_of(data, self.overrides, answers)
        around = surroundings(data, self.fitting, drafts, axes, findings)
        variables = self._variables(axes)
        prompts = Prompts(findings, around.scope)
        examples = Examples(findings, prompts)
        asking = ask_steps(drafts, prompts, around.scope, answers, examples, findings)
        local = local_steps(data, prompts, around.scope, findings)
        numbered: dict[int, Step] = {**asking, **local}
        steps = tuple(numbered[number] for number in sorted(numbered))
        skip = (data.get("matrix_skip") or ()) if axes else ()
        combinations = combinations_of(axes, skip, findings)
        models = self._models(drafts, axes, combinations)
        written = data.get("checks") or ()
        given = given_names(written, findings)
        checks = told_apart(checks_of(written, around.scope, axes, answers, findings), given)
        metrics = told_apart(metrics_of(written, around.scope, axes, findings), given)
        tell_repeats(metrics, _run_options(data.get("run") or {}).repeat, findings)
        outputs = outputs_of(data.get("outputs") or (), around.scope, findings)
        tell_what_cannot_run(data, findings)
        tell_passing(data, around.images, findings)
        tell_batch(data, drafts, findings)
        tell_thousands(data, findings)
        read = (answers.sources, prompts.sources, examples.sources)
        sources = (*self._sources(), *(each for files in read for each in files.values()))
        self._check_keys(sources)
        if around.dataset is not None:
            table = self.document.path(("dataset", "file"), data["dataset"]["file"])
            find_key_in_table(table, around.dataset.format, findings)
        if errors_of(tuple(findings.problems)):
            return None
        workflow = Workflow(
            path=absolute(self.path),
            name=data.get("name") or _name(self.path),
            description=data.get("description") or "",
            images=around.images,
            dataset=around.dataset,
            preparation=_preparation(data, self.document.within, tuple(asking.values())),
            vars=variables,
            steps=steps,
            combinations=combinations,
            checks=checks,
            metrics=metrics,
            outputs=outputs,
            run=_run_options(data.get("run") or {}),
            models=models,
            sources=(*sources, *_table(around.dataset), *around.truths.sources),
            resolved={},
            truths=around.truths.specs,
            partial=data.get("partial") is True,
        )
        lint(workflow, data, drafts, axes, frozenset(prompts.uses), findings)
        return replace(workflow, resolved=resolved(workflow, data, drafts, self.document))

    def _check_files(self) -> None:
        """Every file says its version; the first one's is checked with all the rest."""
        for file in self.files[1:]:
            data = file.source.data
            if isinstance(data, dict) and data.get("version") != 1:
                fix = "write `version: 1` into the first line"
                message = f"`{file.source.file}` needs `version: 1`"
                self.findings.error("W202", file.source.place(("version",)), message, fix)
        for file in self.files:
            self.findings.problems.extend(file.source.problems)
        headers = (self.data.get("defaults") or {}).get("headers")
        if isinstance(headers, dict):
            check_headers(headers, ("defaults", "headers"), self.findings)

    def _variables(self, axes: Mapping[str, Sequence[Any]]) -> dict[str, object]:
        along = {axis.removeprefix(VARS): None for axis in axes if axis.startswith(VARS)}
        variables = self.data.get("vars") or {}
        for name in along.keys() & self.given.keys():
            message = f"--var {name} has no effect: the matrix gives `vars.{name}` its values"
            self.findings.error("W231", None, message, "delete the axis, or leave --var out")
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
            if is_doubtful(draft, self.fitting):
                continue
            uses = uses_of(draft, axes, combinations)
            if draft.settings.provider == OPENAI:
                if not is_in_batches(self.data):  # which it takes none of, as is told elsewhere
                    check_chat(draft, uses, self.findings)
            else:
                check.check(uses)
        check.finish()
        named = {draft.settings.model for draft in drafts} | set(axes.get("model", ()))
        in_batch = is_in_batches(self.data)
        return {name: catalogue().model(name).priced(in_batch=in_batch) for name in sorted(named)}

    def _sources(self) -> tuple[SourceFile, ...]:
        first, *parents = self.files
        return (
            SourceFile(absolute(first.path), "workflow", first.content),
            *(
                SourceFile(
                    absolute(file.path),
                    "library" if file.source.file.startswith(LIBRARY) else "extended",
                    file.content,
                )
                for file in parents
            ),
        )

    def _check_keys(self, sources: Sequence[SourceFile]) -> None:
        for file in self.files:
            find_keys(file.source.file, file.source.text, self.findings)
        for source in sources[len(self.files) :]:
            text = (source.content or b"").decode("utf-8-sig", "replace").replace("\r\n", "\n")
            find_keys(str(source.path), text, self.findings)


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


def _preparation(
    data: Mapping[str, Any], within: Path | None, steps: Sequence[AskStep]
) -> Preparation:
    each = [step.preparation for step in steps]
    changes = [bool(one.tile or one.resize) for one in each]
    return Preparation(
        fetch=data.get("fetch") or False,
        convert=data.get("convert") or next((one.convert for one in each if one.convert), None),
        frame=int(data.get("frame") or 0),
        within=within,
        upload=data.get("upload") or "inline",
        needs_size=any(changes) or any(whole(step.shape).spaces for step in steps),
        is_reduced=bool(changes) and all(changes),
    )


def _run_options(run: Mapping[str, Any]) -> RunOptions:
    known = RunOptions.__dataclass_fields__
    return RunOptions(**{key: run[key] for key in run if key in known and run[key] is not None})


def _table(dataset: Dataset | None) -> tuple[SourceFile, ...]:
    """The table of the dataset, if it can be read; gathering tells what is wrong with it."""
    if dataset is None or not is_file(dataset.file):
        return ()
    return (SourceFile(dataset.file, "dataset", None),)
