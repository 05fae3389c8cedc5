"""The shapes of steps that are made of earlier answers: known before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runner.values.shape import Shape
from runner.workflow.parts import ANY, Part, names_of, schema_of
from runner.workflow.scope import Scope, follow

COMPUTED: Mapping[str, Part] = {
    "number": Part("number"),
    "text": Part("text"),
    "yes_no": Part("yes_no"),
}
"""What a step that computes may work out."""

CUT_OUT: Mapping[str, Part] = {
    "width": Part("number"),
    "height": Part("number"),
}
"""What a cut-out has, unless the record of its box has a field of this name."""

WINDOW = Part(
    "record", fields={edge: Part("number") for edge in ("x_min", "y_min", "x_max", "y_max")}
)
"""Where it was cut from, in whole pixels of the original."""


def local_shape(step: Mapping[str, Any], scope: Scope) -> Shape | None:
    """The shape of what a step makes of the answers in a scope; None when that is not known."""
    match step.get("do"):
        case "filter":
            return _shape(_things(step.get("boxes"), scope))
        case "merge":
            return _shape(_merged(step, scope))
        case "crop":
            things = _things(step.get("boxes"), scope)
            if things is None or things.entry is None or things.entry.kind != "record":
                return None
            entry = things.entry
            own = entry.fields
            fields = {**CUT_OUT, **own, "window": WINDOW}
            cut_out = Part("record", fields=fields, spaces=entry.spaces)
            images = Part("list", entry=cut_out, spaces=entry.spaces)
            return _shape(Part("record", fields={"images": images}, spaces=entry.spaces))
        case "compute":
            fields = {name: part for name, part in COMPUTED.items() if name in step}
            return _shape(Part("record", fields=fields)) if fields else None
    return None


def entry_of(reference: object, scope: Scope) -> Part:
    """What the entries of a list are; not known when the reference leads to no list."""
    found = _things(reference, scope)
    return found.entry if found and found.entry else ANY


def _things(reference: object, scope: Scope) -> Part | None:
    if not isinstance(reference, str):
        return None
    found = follow(reference.split("."), scope)
    return found if isinstance(found, Part) and found.kind == "list" else None


def _merged(step: Mapping[str, Any], scope: Scope) -> Part | None:
    things, added = _things(step.get("into"), scope), step.get("add")
    if things is None or things.entry is None or not isinstance(added, dict):
        return things
    fields = dict(things.entry.fields)
    for name, source in added.items():
        fields[name] = entry_of(source, scope)
    entry = replace(things.entry, kind="record", fields=fields)
    return replace(things, entry=entry)


def _shape(part: Part | None) -> Shape | None:
    if part is None:
        return None
    shape = Shape(schema_of(part))
    return replace(shape, parts=names_of(shape))
