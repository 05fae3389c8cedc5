"""Warnings: what can run, and may not be what its author meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runner.roles import OPENAI
from runner.text.suggest import did_you_mean
from runner.values.problem import Place, Route
from runner.values.reference import Reference
from runner.values.shape import GEMINI_COORDINATES, Shape
from runner.workflow.findings import Findings
from runner.workflow.matrix import check_effect
from runner.workflow.parts import Part, whole
from runner.workflow.spec import AskStep, Prompt, Workflow
from runner.workflow.steps import Draft

_ASKS_FOR_PLACES = re.compile(
    r"\b(bounding[ -]box(es)?|box_2d|(draw|put) (a |an )?box(es)?\b|box(es)? around|coordinates?)\b",
    re.IGNORECASE,
)

_OTHER_ORDER = re.compile(
    r"\[?\s*\bx_?(?:min|1|0)\b\s*,\s*y_?(?:min|1|0)\b(?:\s*,\s*x_?(?:max|2|1)\b\s*,\s*y_?(?:max|2|1)\s*\]?)?|\bxyxy\b|\bxywh\b|"
    r"\bx\s*,\s*y\s*,\s*(?:w|width)\b",
    re.IGNORECASE,
)

_OTHER_SCALE = re.compile(
    r"\b(?:in|as) (?:absolute )?pixels?\b|\bpixel coordinates\b|"
    r"\b(?:normali[sz]ed|between|from|range)\b[^.\n]{0,20}\b0(?:\.0)?\s*(?:-|–|to|and)\s*1(?:\.0)?\b(?![0-9])",
    re.IGNORECASE,
)


def lint(
    workflow: Workflow,
    data: Mapping[str, Any],
    drafts: Sequence[Draft],
    axes: Mapping[str, Sequence[Any]],
    uses: frozenset[tuple[str, ...]],
    findings: Findings,
) -> None:
    """Every warning about a workflow without errors. `uses` are the names in its templates."""
    by_id = {draft.id: draft for draft in drafts}
    for step in workflow.asks:
        lint_prompt(step, findings)
        route = by_id[step.id].settings.routes.get("prompt_position")
        lint_position(step, route, _images_sent(step, workflow), findings)
        lint_which_image(step, workflow, findings)
    lint_web_images(workflow, findings)
    used = frozenset(path[1] for path in uses if path[0] == "vars" and len(path) > 1)
    used |= _variables_in_checks(workflow)
    if drafts:
        own = {draft.id: draft.settings.own for draft in drafts}
        check_effect(axes, own, used, list(workflow.vars), findings)
        schemas = frozenset(draft.answer.used for draft in drafts if draft.answer.used)
        lint_unused(data, used, schemas, workflow.partial, findings)
    lint_unused_steps(workflow, findings)


def _images_sent(step: AskStep, workflow: Workflow) -> int:
    """How many images a request of a step has: 2 for several, before they are listed."""
    together = {images.role for images in workflow.images if images.together}
    roles = [image.role for image in step.images] or _roles(workflow)
    return sum(2 if role in together else 1 for role in roles)


def _roles(workflow: Workflow) -> list[str]:
    return list(workflow.dataset.roles) if workflow.dataset else [i.role for i in workflow.images]


def _variables_in_checks(workflow: Workflow) -> frozenset[str]:
    references = [check.that for check in workflow.checks]
    for check in workflow.checks:
        compared = [comparison.value for comparison in check.comparisons]
        references += [value for value in compared if isinstance(value, Reference)]
    references += [each for metric in workflow.metrics for each in metric.references]
    return frozenset(each.path[0] for each in references if each.root == "vars" and each.path)


def lint_prompt(step: AskStep, findings: Findings) -> None:
    """Compares what a prompt says of coordinates with the answer that it gets."""
    answer, text = step.shape, step.prompt.template
    spaces = whole(answer).spaces
    if not spaces:
        asks = _ASKS_FOR_PLACES.search(text)
        if asks:
            message = (
                f"the prompt asks for “{asks[0]}”, but the answer of step `{step.id}` has no box"
            )
            fix = "add schema: boxes, or a field of type box, to get it in pixels"
            findings.warning("W121", _place_of(step.prompt, asks, findings), message, fix)
        return
    for pattern, what in ((_OTHER_ORDER, "order"), (_OTHER_SCALE, "scale")):
        found = pattern.search(text)
        is_other = answer.coordinates.y_first if what == "order" else _is_gemini_scale(answer)
        if found and is_other:
            said = " ".join(found[0].split())
            message = (
                f"the prompt says “{said}”, and the shape of the answer asks for another {what} "
                "of coordinates"
            )
            fix = "delete that sentence: boxes come back in pixels anyway"
            findings.warning("W122", _place_of(step.prompt, found, findings), message, fix)
            return


def _is_gemini_scale(answer: Shape) -> bool:
    return answer.coordinates.scale == GEMINI_COORDINATES.scale


def _place_of(prompt: Prompt, words: re.Match[str], findings: Findings) -> Place:
    """Where these words stand: in the workflow, or in the prompt's own file."""
    start = prompt.template.rfind("\n", 0, words.start()) + 1
    line = prompt.template.count("\n", 0, start) + 1
    column, length = words.start() - start + 1, len(words[0])
    if prompt.place.route:
        return findings.document.place_in(prompt.place.route, line, column, length)
    return Place(prompt.place.file, line, column, column + length)


def lint_position(
    step: AskStep, route: Route | None, images: int | None, findings: Findings
) -> None:
    """Source: ai.google.dev, image understanding, "Tips": with a single image, text goes first."""
    if step.prompt_first or images != 1 or route is None or step.provider == OPENAI:
        return
    message = "with a single image Google advises to put the prompt before it"
    findings.warning("W127", route, message, "delete the line")


def lint_which_image(step: AskStep, workflow: Workflow, findings: Findings) -> None:
    """Of one image among many nobody can tell which one is meant, unless the answer says it."""
    together = {images.role for images in workflow.images if images.together}
    sent = {image.role for image in step.images} or set(_roles(workflow))
    if not (sent & together and _has_places_nowhere(whole(step.shape))):
        return
    message = (
        f"step `{step.id}` sends many images together, and its answer does not say on which of"
        " them a place is: the last one is taken"
    )
    fix = "write list_of: {label: text, box: box, image: integer}, and ask for the image's number"
    findings.warning("W135", step.place, message, fix)


def _has_places_nowhere(part: Part) -> bool:
    """Whether some record with a place has no number of an image beside it, and none around it."""
    if not part.spaces:
        return False
    image = part.fields.get("image")
    if image is not None and image.kind == "number":
        return False
    inner = [*part.fields.values(), *([part.entry] if part.entry else [])]
    deeper = [each for each in inner if each.spaces]
    return any(each.kind == "coordinates" or _has_places_nowhere(each) for each in deeper)


def lint_web_images(workflow: Workflow, findings: Findings) -> None:
    """Pixels can only be told of images that this machine has seen."""
    preparation = workflow.preparation
    if preparation.fetch or preparation.upload in ("auto", "files") or not preparation.needs_size:
        return
    every = [entry for each in workflow.images for entry in each.entries]
    entries = [entry for entry in every if entry.kind == "web" and not entry.sha256]
    if not entries:
        return
    fix = "write `fetch: true` at the top of the file: this machine then downloads it"
    if any(step.preparation.tile or step.preparation.resize for step in workflow.asks):
        message = (
            "a web image can be cut or made smaller only where its bytes are, not by its address"
        )
        findings.error("W451", entries[0].place, message, fix)
    else:
        message = "boxes of a web image cannot come back in pixels: its size is not known here"
        findings.warning("W451", entries[0].place, message, fix)


def lint_unused(
    data: Mapping[str, Any],
    used_vars: frozenset[str],
    used_schemas: frozenset[str],
    partial: bool,
    findings: Findings,
) -> None:
    """Variables and schemas of this file that nothing uses; others may use what they inherit."""
    variables = data.get("vars") or {}
    document = findings.document
    entries = [(part, name) for part in ("vars", "schemas") for name in data.get(part) or ()]
    inherited = {
        route for route in entries if partial or document.origin(route) is not document.file
    }
    for name in variables:
        route = ("vars", name)
        if name in used_vars or route in inherited:
            continue
        close = did_you_mean(
            name, [each for each in variables if each != name and each in used_vars]
        )
        fix = f"did you mean `{close}`?" if close else f"write {{{{ vars.{name} }}}} into a prompt"
        findings.warning("W123", route, f"no prompt uses the variable `{name}`", fix, key=True)
    for name in data.get("schemas") or {}:
        route = ("schemas", name)
        if name in used_schemas or route in inherited:
            continue
        message = f"no step uses the schema `{name}`"
        findings.warning("W123", route, message, f"write schema: {name} in a step", key=True)


def lint_unused_steps(workflow: Workflow, findings: Findings) -> None:
    """Steps whose answers go nowhere, in a workflow that says where answers go."""
    steps, outputs = workflow.steps, workflow.outputs
    used = {output.save.root for output in outputs}
    used |= {check.that.root for check in workflow.checks}
    for check in workflow.checks:
        compared = [comparison.value for comparison in check.comparisons]
        used |= {value.root for value in compared if isinstance(value, Reference)}
    used |= {each.root for metric in workflow.metrics for each in metric.references}
    used |= {name for step in steps for name in step.needs}
    idle = [step for step in steps if step.id not in used]
    if not outputs or len(idle) == len(steps):
        return
    for step in idle:
        message = f"no later step, check or output uses the answer of step `{step.id}`"
        fix = f"add an output: {{save: {step.id}, as: csv, to: {step.id}.csv}}"
        findings.warning("W123", step.place, message, fix)
