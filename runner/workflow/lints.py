"""Warnings: what can run, and may not be what its author meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runner.text.suggest import did_you_mean
from runner.values.problem import Route
from runner.workflow.findings import Findings
from runner.workflow.parts import whole
from runner.workflow.spec import AskStep, CheckSpec, OutputSpec, Workflow

_ASKS_FOR_PLACES = re.compile(
    r"\b(bounding[ -]box(es)?|box_2d|(draw|put) (a |an )?box(es)?\b|box(es)? around|coordinates?)\b",
    re.IGNORECASE,
)

_OTHER_ORDER = re.compile(
    r"\[?\s*\bx_?(?:min|1|0)\b\s*,\s*y_?(?:min|1|0)\b|\bxyxy\b|\bxywh\b|"
    r"\bx\s*,\s*y\s*,\s*(?:w|width)\b",
    re.IGNORECASE,
)

_OTHER_SCALE = re.compile(
    r"\b(?:in|as) (?:absolute )?pixels?\b|\bpixel coordinates\b|"
    r"\b(?:normali[sz]ed|between|from|range)\b[^.\n]{0,20}\b0(?:\.0)?\s*(?:-|–|to|and)\s*1(?:\.0)?\b(?![0-9])",
    re.IGNORECASE,
)


def lint_prompt(step: AskStep, findings: Findings) -> None:
    """Compares what a prompt says of coordinates with the answer that it gets."""
    answer, text, place = step.shape, step.prompt.template, step.prompt.place
    spaces = whole(answer).spaces
    if not spaces:
        asks = _ASKS_FOR_PLACES.search(text)
        if asks:
            message = (
                f"the prompt asks for “{asks[0]}”, but the answer of step `{step.id}` has no box"
            )
            fix = "add schema: boxes, or a field of type box, to get it in pixels"
            findings.warning("W121", place, message, fix)
        return
    for pattern, what in ((_OTHER_ORDER, "order"), (_OTHER_SCALE, "scale")):
        found = pattern.search(text)
        if found and (what == "scale" or answer.coordinates.y_first):
            said = " ".join(found[0].split())
            message = (
                f"the prompt says “{said}”, and the shape of the answer asks for another {what} "
                "of coordinates"
            )
            fix = "delete that sentence: boxes come back in pixels anyway"
            findings.warning("W122", place, message, fix)
            return


def lint_position(
    step: AskStep, route: Route | None, images: int | None, findings: Findings
) -> None:
    """Source: ai.google.dev, image understanding, "Tips": with a single image, text goes first."""
    if step.prompt_first or images != 1 or route is None:
        return
    message = "with a single image Google advises to put the prompt before it"
    findings.warning("W127", route, message, "delete the line")


def lint_web_images(workflow: Workflow, findings: Findings) -> None:
    """Pixels can only be told of images that this machine has seen."""
    if workflow.preparation.fetch or not any(whole(step.shape).spaces for step in workflow.steps):
        return
    entries = [entry for each in workflow.images for entry in each.entries if entry.kind == "web"]
    if entries:
        message = "boxes of a web image cannot come back in pixels: its size is not known here"
        fix = "write `fetch: true` at the top of the file: this machine then downloads it"
        findings.warning("W451", entries[0].place, message, fix)


def lint_unused(
    data: Mapping[str, Any],
    used_vars: frozenset[str],
    used_schemas: frozenset[str],
    inherited: frozenset[Route],
    findings: Findings,
) -> None:
    """Variables and schemas of this file that nothing uses."""
    variables = data.get("vars") or {}
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


def lint_unused_steps(
    steps: Sequence[AskStep],
    checks: Sequence[CheckSpec],
    outputs: Sequence[OutputSpec],
    findings: Findings,
) -> None:
    """Steps whose answers go nowhere, in a workflow that says where answers go."""
    used = {output.save.root for output in outputs}
    used |= {check.that.root for check in checks}
    used |= {
        comparison.value.root
        for check in checks
        for comparison in check.comparisons
        if hasattr(comparison.value, "root")
    }
    used |= {name for step in steps for name in step.needs}
    idle = [step for step in steps if step.id not in used]
    if not outputs or len(idle) == len(steps):
        return
    for step in idle:
        message = f"no later step, check or output uses the answer of step `{step.id}`"
        fix = f"add an output: {{save: {step.id}, as: csv, to: {step.id}.csv}}"
        findings.warning("W123", step.place, message, fix)
