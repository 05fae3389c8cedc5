"""Foreseen: what can be known of steps before any of them is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace

from runner.values.problem import Place
from runner.values.request import Settings
from runner.workflow.spec import (
    AskStep,
    Compute,
    Crop,
    Filter,
    Merge,
    Step,
    StepPreparation,
    Workflow,
)


@dataclass(frozen=True, slots=True)
class Open:
    """A step that is asked once for every entry of a list that nobody knows yet: `over`, in so many
    `jobs`; at most `most` entries in each, None when nothing limits them."""

    step: str
    over: str
    jobs: int = 0
    most: int | None = None


def most_entries(workflow: Workflow, step: Step) -> int | None:
    """How many entries a step with `for_each` has at most; None when no `keep` limits them."""
    reference = step.for_each
    while reference is not None:
        before = workflow.step(reference.root)
        if isinstance(before, AskStep):
            return None
        match before.work:
            case Filter(boxes, sieve):
                if sieve.keep is not None:
                    return sieve.keep
                reference = boxes
            case Crop(boxes):
                reference = boxes
            case Merge(into):
                reference = into
            case Compute():
                reference = before.for_each
    return None


def is_unknown(step: AskStep) -> bool:
    """Whether its requests cannot be built before other steps are answered."""
    return bool(step.needs) or step.for_each is not None


def made_of(step: Step) -> str:
    """What of a step decides over its result, beside the requests that are known; not where it is
    written."""
    if isinstance(step, AskStep) and is_unknown(step):
        by_job = replace(step, title=None, own=frozenset(), model="", settings=Settings())
        return repr(_plain(by_job))  # model and settings are those of each combination
    if isinstance(step, AskStep):
        shapes = f"{step.shape!r} {step.png_shape!r}"
        own = step.preparation if step.preparation != StepPreparation() else None
        lists = [_plain(each) for each in (step.for_each, step.when, own) if each is not None]
        return " ".join((shapes, *map(repr, lists)))
    return repr([_plain(each) for each in (step.work, step.for_each, step.when)])


def _plain(value: object) -> object:
    """A value as data of which the text is always the same."""
    if isinstance(value, Place):
        return None
    if is_dataclass(value):
        named = ((each.name, _plain(getattr(value, each.name))) for each in fields(value))
        return type(value).__name__, *named
    if isinstance(value, Mapping):
        return [(key, _plain(each)) for key, each in value.items()]
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
