"""Expand: workflow × images × matrix × repeat → jobs, and a step of a job → the request it sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from runner.catalogue import catalogue
from runner.sources.sniff import SENT
from runner.stages.gate import NotBuilt, closed, variables
from runner.stages.tiles import MOST_TILES, layout
from runner.text.lookup import Found, part_of
from runner.text.render import RenderError
from runner.values.case import CaseImages
from runner.values.image import Image, UnreadableImage, resized, with_step
from runner.values.item import Item
from runner.values.job import Job
from runner.values.request import ImagePart, Part, Request, Settings, TextPart, Turn
from runner.values.result import Result
from runner.values.shape import Shape
from runner.workflow.images import ITEM
from runner.workflow.spec import (
    AskStep,
    Combination,
    Example,
    Prompt,
    Step,
    StepImage,
    Workflow,
)

Render = Callable[[str, Mapping[str, object]], str]
"""Fills in a template; raises `RenderError`."""

SETTING_AXES = frozenset(Settings.__dataclass_fields__)


def jobs(workflow: Workflow, cases: Iterable[CaseImages]) -> Iterator[Job]:
    """Every job of the plan in its order: case by case, combination by combination, repeats last."""
    number = 0
    for case in islice(cases, workflow.run.limit):
        for combination in workflow.combinations:
            for repeat in range(1, workflow.run.repeat + 1):
                yield Job(number, case, combination, repeat)
                number += 1


def build(
    workflow: Workflow,
    step: AskStep,
    job: Job,
    earlier: Mapping[str, Result],
    render: Render,
    item: Item | None = None,
) -> Request | NotBuilt:
    """The request of one step of a job, or why there is none.

    `earlier` holds the results of the steps before it, by their ids; `item` is the entry that a step
    with `for_each` is run for.
    """
    why = closed(workflow, step, job, earlier, item)
    if why is not None and why.status == "skipped":
        return why
    images = step_images(step, job.case, item)
    if isinstance(images, NotBuilt):
        return images
    if why is not None:
        return why
    model_name, settings = settings_of(step, job.combination)
    shape = step.shape_for(workflow.models[model_name])
    scope = scope_of(workflow, job, earlier, item)
    try:
        prompt = filled_in(step.prompt, scope, render) + shape.prompt_suffix
        system = filled_in(step.system, scope, render) if step.system else None
        schema = _described(shape, step.descriptions, scope, render)
        examples = turns(workflow, step, job, render)
    except RenderError as error:
        return NotBuilt(f"the prompt could not be filled in: {error.message}", code="prompt")
    return Request(
        family=step.family or workflow.models[model_name].family,
        model=model_name,
        parts=_parts(prompt, images, step),
        system=system,
        settings=settings,
        schema=schema,
        repeat=job.repeat,
        examples=examples,
        provider=step.provider if len(_providers(workflow)) > 1 else None,
    )


def _providers(workflow: Workflow) -> set[str]:
    return {step.provider for step in workflow.asks}


def turns(workflow: Workflow, step: AskStep, job: Job, render: Render) -> tuple[Turn, ...]:
    """The examples of a step as the model of a job is shown them. Raises `RenderError`."""
    shape = step.shape_for(workflow.models[settings_of(step, job.combination)[0]])
    return tuple(_turn(each, workflow, step, job, shape, render) for each in step.examples)


def _turn(
    example: Example, workflow: Workflow, step: AskStep, job: Job, shape: Shape, render: Render
) -> Turn:
    """An example is no case: of its prompt nothing is filled in but variables and its own images."""
    scope = _images_scope(example.images) | {"vars": variables(workflow, job.combination)}
    prompt = filled_in(example.prompt or step.prompt, scope, render) + shape.prompt_suffix
    wanted = {image.role: image for image in step.images}
    images = tuple((_ready(image, step), wanted.get(image.role)) for image in example.images)
    is_painted = shape is step.png_shape and example.png_answer is not None
    answer = example.png_answer if is_painted else example.answer
    assert answer is not None
    return Turn(_parts(prompt, images, step), answer)


def settings_of(step: AskStep, combination: Combination) -> tuple[str, Settings]:
    """The model and settings of a step in a combination: what the step sets itself wins."""
    axes = {axis: value for axis, value in combination.items() if axis not in step.own}
    model = str(axes.get("model", step.model))
    chosen = {axis: value for axis, value in axes.items() if axis in SETTING_AXES}
    if "thinking" in chosen:
        chosen["thinking_budget"] = None  # type: ignore[assignment]  # one word for one thing
    elif "thinking_budget" in chosen:
        chosen["thinking"] = None  # type: ignore[assignment]
    settings = replace(step.settings, **chosen)  # type: ignore[arg-type]  # load checked them
    return model, settings.for_chat() if step.family == "chat_completions" else settings


def step_images(
    step: AskStep, case: CaseImages, item: Item | None = None
) -> tuple[tuple[Image, StepImage | None], ...] | NotBuilt:
    """The images that a step sends, in its order, or what is wrong with one of them."""
    chosen: list[tuple[Image, StepImage | None]] = []
    for wanted in step.images or (None,):
        if wanted is not None and wanted.role == ITEM:
            if item is None or item.image is None:
                return NotBuilt("there is no cut-out to send", "skipped", "not_cut")
            chosen.append((item.image, wanted))
            continue
        found = [image for image in case.images if wanted is None or image.role == wanted.role]
        for image in found:
            if isinstance(image, UnreadableImage):
                where = f"{image.role}: " if image.role != "image" else ""
                return NotBuilt(f"{where}{image.issue.why}", code=image.issue.code)
            chosen.append((image, wanted))
        if not found:
            role = wanted.role if wanted else "image"
            return NotBuilt(f"this case has no image `{role}`", code="image_missing")
    most = catalogue().images_per_request
    count = len(chosen) + sum(len(example.images) for example in step.examples)
    if count > most:
        return NotBuilt(
            f"{count:,} images in one request; Gemini takes at most {most:,}",
            code="too_many_images",
        )
    unseen = next((image.name for image, _ in chosen if image.size is None), None)
    if unseen is not None and (step.preparation.resize or step.preparation.tile):
        why = f"{unseen}: the service fetches this image, so it cannot be changed here"
        return NotBuilt(f"{why}; write `fetch: true`", code="image_not_here")
    tile = step.preparation.tile
    for image, _ in chosen if tile else ():
        if image.view and tile and (count := len(layout(image.view.window, tile))) > MOST_TILES:
            why = f"{image.name}: {count:,} tiles; at most {MOST_TILES:,} are cut; make them larger"
            return NotBuilt(why, code="too_many_tiles")
    return tuple((_ready(image, step), wanted) for image, wanted in chosen)


def _ready(image: Image, step: AskStep) -> Image:
    """The image as its step sends it, but for tiles; what is written anew is of the step's type,
    also when it had to be for another step. A type that only Gemini knows is written anew for others.
    """
    preparation = step.preparation
    if preparation.resize is not None:
        image = resized(image, preparation.resize)
    if image.recipe and (preparation.convert or image.mime in SENT.values()):
        image = replace(image, recipe=with_step(image.recipe, "convert", preparation.convert))
    if step.family == "chat_completions" and image.mime in ONLY_GEMINIS and image.size:
        target = preparation.convert or "jpeg"
        image = replace(image, recipe=with_step(image.recipe, "convert", target))
    return image


ONLY_GEMINIS = frozenset({"image/heic", "image/heif"})
"""Ollama takes JPEG, PNG and WebP (github.com/ollama/ollama, openai/openai.go); llama.cpp and vLLM
read what their image libraries read, and these are none of it."""


def scope_of(
    workflow: Workflow, job: Job, earlier: Mapping[str, Result], item: Item | None = None
) -> dict[str, object]:
    """What a template may name: `vars`, `image` and the images by role, `row`, `case`, steps, and the
    `item` that the step is run for."""
    return {
        **{name: _step_scope(workflow.step(name), result) for name, result in earlier.items()},
        **_images_scope(job.case.images),
        "row": dict(job.case.row),
        "case": {"name": job.case.name},
        "vars": variables(workflow, job.combination),
        **({} if item is None else {"item": item.value}),
    }


def _step_scope(step: Step, result: Result) -> dict[str, object]:
    found = {part: part_of(result, (part,)) for part in (*step.result_shape.parts, "answer")}
    return {part: value.value for part, value in found.items() if isinstance(value, Found)}


def _images_scope(images: Sequence[Image | UnreadableImage]) -> dict[str, object]:
    """Every image by its role, and the first one as `image`."""
    by_role = {image.role: _image_scope(image) for image in reversed(images)}
    return {**by_role, "image": _image_scope(images[0]) if images else {}}


def _image_scope(image: Image | UnreadableImage) -> dict[str, object]:
    size = image.size if isinstance(image, Image) else None
    return {
        "name": image.name,
        "role": image.role,
        "width": size.width if size else None,
        "height": size.height if size else None,
    }


def _parts(
    prompt: str, images: tuple[tuple[Image, StepImage | None], ...], step: AskStep
) -> tuple[Part, ...]:
    chats = step.family == "chat_completions"  # which knows no resolution of an image
    image_parts = [
        ImagePart(image, wanted.resolution if wanted and not chats else None)
        for image, wanted in images
    ]
    text = TextPart(prompt)
    return (text, *image_parts) if step.prompt_first else (*image_parts, text)


def _described(
    shape: Shape, descriptions: Mapping[str, Prompt], scope: Mapping[str, object], render: Render
) -> Mapping[str, object] | None:
    """The schema as sent, with the templates in its descriptions filled in."""
    schema = shape.wire_schema
    if schema is None or not descriptions:
        return schema
    filled = {prompt.template: filled_in(prompt, scope, render) for prompt in descriptions.values()}
    described = _fill(schema, filled)
    assert isinstance(described, dict)
    return described


def filled_in(prompt: Prompt, scope: Mapping[str, object], render: Render) -> str:
    """The text of a template; its `RenderError` names the line of the file."""
    try:
        return render(prompt.template, scope)
    except RenderError as error:
        if error.line is None:
            raise
        place = f"{prompt.place.file}, line {prompt.place.line + error.line - 1}"
        raise RenderError(f"{error.message} ({place})", error.line, error.index) from error


def _fill(node: object, filled: Mapping[str, str]) -> object:
    if isinstance(node, Mapping):
        return {
            key: filled.get(value, value)
            if key == "description" and isinstance(value, str)
            else _fill(value, filled)
            for key, value in node.items()
        }
    if isinstance(node, list | tuple):
        return [_fill(item, filled) for item in node]
    return node
