"""The file with everything filled in: plain data in the order in which people read it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from runner.text.masking import masked
from runner.text.scalars import TooLarge, plain_value
from runner.values.problem import Route
from runner.values.reference import Reference
from runner.workflow.answers import looks_like_file
from runner.workflow.document import Document, absolute
from runner.workflow.settings import RIVALS, SETTINGS
from runner.workflow.spec import (
    AskStep,
    CheckSpec,
    MetricSpec,
    OutputSpec,
    RunOptions,
    StepPreparation,
    Workflow,
)
from runner.workflow.steps import Draft

_PATHS = ("file", "image_folder")


def resolved(
    workflow: Workflow, data: Mapping[str, Any], drafts: Sequence[Draft], document: Document
) -> dict[str, object]:
    """What `askpix show` prints. It asks the same when it is loaded in the place of the file.

    A step lists no setting that an axis of the matrix chooses: its own would win over the axis.
    Keys that look like secrets are masked.
    """
    found: dict[str, object] = {"version": 1, "name": workflow.name}
    if workflow.description:
        found["description"] = workflow.description
    if workflow.partial:
        found["partial"] = True
    if data.get("images") is not None:
        found["images"] = _paths(data["images"], ("images",), document)
    if data.get("dataset") is not None:
        found["dataset"] = _dataset(data["dataset"], document)
    if data.get("truth") is not None:
        found["truth"] = _truths(data["truth"], ("truth",), document)
    found["fetch"] = workflow.preparation.fetch
    if workflow.preparation.upload != "inline":
        found["upload"] = workflow.preparation.upload
    if data.get("convert"):
        found["convert"] = data["convert"]
    if workflow.preparation.frame:
        found["frame"] = workflow.preparation.frame
    found["vars"] = dict(workflow.vars)
    found["schemas"] = _paths(data.get("schemas") or {}, ("schemas",), document)
    by_number = {draft.id: draft for draft in drafts}
    axes = frozenset(data.get("matrix") or ())
    written = {step["id"]: step for step in data.get("steps") or () if step.get("id")}
    found["steps"] = [
        _step(step, by_number[step.id], axes, document)
        if isinstance(step, AskStep)
        else {key: value for key, value in written[step.id].items() if value is not None}
        for step in workflow.steps
    ]
    for key in ("matrix", "matrix_skip"):
        found[key] = data.get(key)
    found["checks"] = [
        *(_check(check) for check in workflow.checks),
        *(_metric(metric) for metric in workflow.metrics),
    ]
    found["outputs"] = [_output(output) for output in workflow.outputs]
    found["run"] = _run(workflow.run)
    kept = {key: value for key, value in found.items() if value not in (None, [], {})}
    return _masked(kept)  # type: ignore[return-value]  # a mapping stays one


def as_text(resolved: Mapping[str, object]) -> str:
    """The file as YAML that is read back as exactly this data."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """PyYAML writes YAML 1.1, in which `1e3` is a text; here it is a number."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        if "\n" in value:
            return dumper.represent_scalar(_TEXT, value, style="|")
        style = '"' if _is_more_than_text(value) else None
        return dumper.represent_scalar(_TEXT, value, style=style)

    Dumper.add_representer(str, text)
    return str(yaml.dump(resolved, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=100))


_TEXT = "tag:yaml.org,2002:str"


def _is_more_than_text(value: str) -> bool:
    try:
        return not isinstance(plain_value(value), str)
    except TooLarge:
        return True


def _dataset(table: Mapping[str, Any], document: Document) -> dict[str, object]:
    found = {
        key: _path(value, ("dataset", key), document) if key in _PATHS else value
        for key, value in table.items()
        if value is not None
    }
    if isinstance(found.get("truth"), dict):
        found["truth"] = _truths(table["truth"], ("dataset", "truth"), document)
    return found


def _truths(named: Mapping[str, Any], route: Route, document: Document) -> dict[str, object]:
    return {name: _truth(each, (*route, name), document) for name, each in named.items() if each}


def _truth(written: Any, route: Route, document: Document) -> object:
    if isinstance(written, str):
        return _path(written, route, document)
    return {
        key: _path(value, (*route, key), document)
        if key in ("file", "classes") and isinstance(value, str)
        else value
        for key, value in written.items()
        if value is not None
    }


def _paths(value: Any, route: Route, document: Document) -> object:
    """Images or schemas, with every path as it is seen from the workflow file."""
    match value:
        case dict() if route[:1] == ("schemas",) and len(route) > 1:
            return value
        case {"url": str(), "sha256": str()}:
            return value
        case dict():
            return {key: _paths(each, (*route, key), document) for key, each in value.items()}
        case list():
            return [_paths(each, (*route, index), document) for index, each in enumerate(value)]
        case str():
            return _path(value, route, document)
        case _:
            return value


def _path(name: str, route: Route, document: Document) -> str:
    """A path of an inherited value, seen from the workflow file; others stay as written."""
    origin = document.origin(route)
    if origin is document.file or ":" in name[:12]:
        return name
    here = absolute(document.file.folder)
    try:
        return os.path.relpath(absolute(document.path(route, name)), here).replace(os.sep, "/")
    except ValueError:  # another drive
        return str(absolute(document.path(route, name)))


def _step(
    step: AskStep, draft: Draft, axes: frozenset[str], document: Document
) -> dict[str, object]:
    data, route = draft.data, draft.route
    found: dict[str, object] = {"id": step.id}
    if step.title:
        found["title"] = step.title
    for key in ("for_each", "when"):
        if data.get(key) is not None:
            found[key] = data[key]
    found.update(_prepared(step.preparation))
    found["prompt"] = step.prompt.template
    if step.system:
        found["system"] = step.system.template
    if data.get("images") is not None:
        found["images"] = data["images"]
    for key in ("schema", "fields", "list_of"):
        if data.get(key) is not None:
            name = data[key]
            is_path = key == "schema" and isinstance(name, str) and looks_like_file(name)
            found[key] = _path(name, (*route, key), document) if is_path else name
    if data.get("examples") is not None:
        found["examples"] = _examples(data["examples"], (*route, "examples"), document)
    values = {"provider": step.provider, "model": step.model, **draft.settings.values}
    chosen = {each for axis in axes - step.own for each in (axis, RIVALS.get(axis, axis))}
    return found | {key: values[key] for key in SETTINGS if key in values and key not in chosen}


def _examples(written: Any, route: Route, document: Document) -> object:
    """With every path as it is seen from the workflow file; answers are no paths."""
    if isinstance(written, dict):
        return {"file": _path(written["file"], (*route, "file"), document)}
    return [_example(each, (*route, at), document) for at, each in enumerate(written)]


def _example(written: Mapping[str, Any], route: Route, document: Document) -> dict[str, object]:
    named = {key: (*route, key) for key in ("images", "answer_file")}
    return {
        key: _paths(value, named[key], document) if key in named else value
        for key, value in written.items()
        if value is not None
    }


def _prepared(preparation: StepPreparation) -> dict[str, object]:
    """Also what stands at the top of the file: there it would be for the other steps, too."""
    tile = preparation.tile
    found: dict[str, object] = {"resize": preparation.resize, "convert": preparation.convert}
    if tile is not None:
        found["tile"] = {"size": tile.size, "overlap": tile.overlap}
    return {key: value for key, value in found.items() if value is not None}


def _check(check: CheckSpec) -> dict[str, object]:
    found: dict[str, object] = {"name": check.name, "that": str(check.that)}
    for comparison in check.comparisons:
        value = comparison.value
        found[comparison.name] = str(value) if isinstance(value, Reference) else _plain(value)
    if check.ignore_case:
        found["ignore_case"] = True
    if check.tolerance:
        found["tolerance"] = check.tolerance
    found |= {name: _plain(value) for name, value in check.manner.items()}
    found["pass_rate"] = check.pass_rate
    found["level"] = check.level
    return {**found, "only": dict(check.only)} if check.only else found


def _metric(metric: MetricSpec) -> dict[str, object]:
    found: dict[str, object] = {"name": metric.name, "metric": metric.metric}
    for name, value in metric.options.items():
        found[name] = str(value) if isinstance(value, Reference) else _plain(value)
    if isinstance(metric.options.get("iou"), tuple):
        found["iou"] = _iou(metric.options["iou"])  # type: ignore[arg-type]  # numbers
    limits = ("at_least", "at_most", "max_drop", "max_rise", "per")
    values = {name: getattr(metric, name) for name in limits}
    found |= {name: value for name, value in values.items() if value is not None}
    found["level"] = metric.level
    return {**found, "only": dict(metric.only)} if metric.only else found


def _iou(overlaps: Sequence[float]) -> object:
    return overlaps[0] if len(overlaps) == 1 else f"{overlaps[0]:.2f}:{overlaps[-1]:.2f}"


def _plain(value: object) -> object:
    """What YAML can hold."""
    return list(value) if isinstance(value, tuple) else value


def _output(output: OutputSpec) -> dict[str, object]:
    options = {
        name: str(value) if isinstance(value, Reference) else value
        for name, value in output.options.items()
    }
    return {"save": str(output.save), "as": output.format, "to": output.to, **options}


def _run(run: RunOptions) -> dict[str, object]:
    values = {name: getattr(run, name) for name in RunOptions.__dataclass_fields__}
    return {name: value for name, value in values.items() if value is not None}


def _masked(value: object) -> object:
    match value:
        case str():
            return masked(value)
        case dict():
            return {key: _masked(each) for key, each in value.items()}
        case list() | tuple():
            return [_masked(each) for each in value]
        case _:
            return value
