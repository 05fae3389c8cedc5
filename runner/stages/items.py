"""Items: `for_each` × the results so far → the entries that a step is run for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.stages.gate import NotBuilt, missing_step, variables
from runner.text.lookup import Missing, look_up
from runner.values.geometry import PixelBox
from runner.values.image import Image, masked, windowed
from runner.values.item import Item
from runner.values.job import Job
from runner.values.result import Result
from runner.workflow.spec import Crop, LocalStep, Step, Workflow

MOST = 10_000
"""Entries that a step is run for: more come of a mistake, and would be asked about."""


def items_of(
    workflow: Workflow, step: Step, job: Job, earlier: Mapping[str, Result]
) -> tuple[Item, ...] | NotBuilt:
    """The entries in their order; one that is none (it failed, or was skipped) keeps its place."""
    assert step.for_each is not None
    if (why := missing_step(step, earlier)) is not None:
        return why
    own = variables(workflow, job.combination)
    found = look_up(step.for_each, earlier, job.case.row, own)
    if isinstance(found, Missing):
        return NotBuilt(found.why, "not_run" if found.kind == "not_run" else "failed")
    if not isinstance(found.value, list | tuple):
        return NotBuilt(f"{step.for_each} is no list in this answer", code="for_each")
    if len(found.value) > MOST:
        return NotBuilt(
            f"{step.for_each} has {len(found.value):,} entries; at most {MOST:,} are gone through",
            code="for_each",
        )
    over = workflow.step(step.for_each.root)
    entries = tuple(Item(number, value) for number, value in enumerate(found.value))
    if isinstance(over, LocalStep) and isinstance(over.work, Crop) and over.for_each is None:
        return _with_images(entries, over.work, earlier[over.id], job)
    return entries


def _with_images(items: Sequence[Item], work: Crop, crops: Result, job: Job) -> tuple[Item, ...]:
    """Cut-outs with their pixels: those of a part of an image of the case."""
    images = {(each.role, each.name): each for each in job.case.images if isinstance(each, Image)}
    shown = [images.get((each.role, each.name)) for each in crops.images]
    found = {each.at: each for each in crops.detections}

    def cut_out(item: Item) -> Item:
        thing = found.get(f"images[{item.number}]")
        whole = shown[thing.image] if thing else None
        if thing is None or whole is None or not isinstance(item.value, Mapping):
            return item
        part = windowed(whole, PixelBox(**item.value["window"]))
        if work.background is not None and whole.size is not None:
            from runner.postprocess.backdrop import pixels_of  # numpy

            pixels = pixels_of(thing, whole.size)
            part = part if pixels is None else masked(part, pixels, work.background)
        return replace(item, image=part)

    return tuple(map(cut_out, items))
