"""`steps:` — every question with its shape, settings, images and prompts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.roles import OPENAI
from runner.values.problem import Route
from runner.values.shape import listed
from runner.workflow.answers import Answers, AnswerSpec
from runner.workflow.example_entry import Asked
from runner.workflow.examples import Examples
from runner.workflow.findings import Findings
from runner.workflow.images import ITEM, step_images
from runner.workflow.local_shapes import entry_of, local_shape
from runner.workflow.local_steps import LOCAL, loop_of, named_in, when_of
from runner.workflow.matrix import choices_along
from runner.workflow.model_limits import Use
from runner.workflow.preparing import preparation_of
from runner.workflow.prompts import Prompts, needs
from runner.workflow.scope import Scope
from runner.workflow.secret_words import check_headers
from runner.workflow.settings import AXES, RIVALS, SETTINGS, Chosen, chosen
from runner.workflow.spec import AskStep, Combination, StepImage
from runner.workflow.validity import Fitting
from runner.workflow.words import one_of


@dataclass(frozen=True, slots=True)
class Draft:
    """A step that asks, half read: what it answers is known, its prompt is not yet."""

    number: int
    id: str
    data: Mapping[str, Any]
    settings: Chosen
    answer: AnswerSpec

    @property
    def route(self) -> Route:
        """Where it stands."""
        return ("steps", self.number)


def drafts_of(
    data: Mapping[str, Any], overrides: Mapping[str, object], answers: Answers
) -> tuple[Draft, ...]:
    """The steps that ask, in order. Their settings are the command line's, theirs, the defaults."""
    defaults = data.get("defaults") or {}
    found: list[Draft] = []
    for number, step in enumerate(data.get("steps") or ()):
        if not isinstance(step, dict) or step.get("do", "ask") != "ask":
            continue  # of a kind that cannot run yet, or that nobody knows
        route = ("steps", number)
        settings = chosen(step, route, defaults, overrides)
        answer = answers.of_step(step, route, settings.coordinates)
        found.append(Draft(number, step.get("id") or "", step, settings, answer))
    return tuple(found)


def with_steps(
    scope: Scope, data: Mapping[str, Any], drafts: Sequence[Draft], findings: Findings
) -> Scope:
    """The scope with every step's id and the shape of its result, in order, and what `item` is in
    each. There is one place for each step, so steps without a usable id have a name that nobody can
    write."""
    answers = {draft.number: draft.answer.shape for draft in drafts}
    for number, step in enumerate(data.get("steps") or ()):
        step = step if isinstance(step, dict) else {}
        name = step.get("id")
        if isinstance(name, str) and name in scope.steps:
            first = list(scope.steps).index(name) + 1
            message = f"two steps are called `{name}`: step {first} and step {number + 1}"
            fix = f"give this one a name of its own, for example {name}_2"
            findings.error("W209", ("steps", number, "id"), message, fix)
            name = None
        over = step.get("boxes") if step.get("do") == "filter" else step.get("for_each")
        if over is not None:
            scope = replace(scope, items={**scope.items, number: entry_of(over, scope)})
        shape = answers[number] if number in answers else local_shape(step, scope)
        if shape is not None and "for_each" in step:  # without a list, nobody knows what it holds
            shape = listed(shape) if step["for_each"] is not None else None
        name = name or f"#{number}"
        kinds = {**scope.kinds, name: step.get("do") or "ask"}
        made_of = scope.made_of
        source = step.get("into") or step.get("boxes")
        if step.get("do") in LOCAL and isinstance(source, str):
            made_of = {**made_of, name: source.partition(".")[0]}
        steps = {**scope.steps, name: shape}
        scope = replace(scope, steps=steps, kinds=kinds, made_of=made_of)
    return scope


def ask_steps(
    drafts: Sequence[Draft],
    prompts: Prompts,
    scope: Scope,
    answers: Answers,
    examples: Examples,
    findings: Findings,
) -> dict[int, AskStep]:
    """The steps that could be read, by their number; what is wrong with the others is told."""
    found = {d.number: _ask_step(d, prompts, scope, examples, findings) for d in drafts}
    used = {draft.answer.used for draft in drafts if draft.answer.used}
    answers.check_unused(used)
    return {number: step for number, step in found.items() if step is not None}


def _ask_step(
    draft: Draft, prompts: Prompts, scope: Scope, examples: Examples, findings: Findings
) -> AskStep | None:
    data, route, settings = draft.data, draft.route, draft.settings
    over_images = _is_over_images(data, scope)
    images = step_images(data, route, scope.roles, findings, has_item=over_images)
    if over_images and data.get("images") is None:
        images = (StepImage(ITEM),)
    sent = _images_sent(images, scope)
    preparation = preparation_of(data, route, draft.answer.shape, sent, findings)
    loop = loop_of(data, draft.number, scope, findings)
    when = when_of(data, draft.number, scope, findings)
    headers = data.get("headers")
    if isinstance(headers, dict):
        check_headers(headers, (*route, "headers"), findings)
    before, prompts.uses = prompts.uses, set()
    prompt = prompts.of_step(data, route, draft.number)
    names = frozenset(path[0] for path in prompts.uses)
    system = None
    if data.get("system") is not None:
        system = prompts.inline(data["system"], (*route, "system"), draft.number)
    for key in ("fields", "list_of"):
        _check_descriptions(data.get(key), (*route, key), draft.number, prompts)
    own, prompts.uses = prompts.uses, before | prompts.uses
    own.update(named_in(loop, when))
    if prompt is None or draft.answer.shape is None:
        return None
    roles = tuple(image.role for image in images) or scope.roles
    asked = Asked(
        draft.number,
        draft.answer.shape,
        draft.answer.png_shape,
        roles,
        scope.together,
        preparation,
        names,
    )
    return AskStep(
        id=draft.id,
        prompt=prompt,
        shape=draft.answer.shape,
        png_shape=draft.answer.png_shape,
        model=settings.model,
        settings=settings.settings,
        title=data.get("title"),
        system=system,
        images=images,
        prompt_first=settings.values.get("prompt_position", "before") == "before",
        provider=settings.provider,
        family="chat_completions" if settings.provider == OPENAI else settings.values.get("api"),
        own=settings.own,
        needs=needs(own, scope),
        descriptions=draft.answer.descriptions,
        place=findings.document.place((*route, "id")),
        preparation=preparation,
        for_each=loop,
        when=when,
        examples=examples.of_step(data.get("examples"), (*route, "examples"), asked),
    )


def _images_sent(images: Sequence[StepImage], scope: Scope) -> int:
    """How many images a request has, as far as anybody knows before they are listed."""
    roles = [image.role for image in images] or scope.roles or ("image",)
    return sum(2 if role in scope.together else 1 for role in roles)


def _is_over_images(step: Mapping[str, Any], scope: Scope) -> bool:
    """Whether the entries that a step is run for are cut-outs."""
    root, _, part = str(step.get("for_each") or "").partition(".")
    return scope.kinds.get(root) == "crop" and part == "images"


def _check_descriptions(fields: object, route: Route, number: int, prompts: Prompts) -> None:
    if not isinstance(fields, dict):
        return
    for name, spec in fields.items():
        words = spec.get("description") if isinstance(spec, dict) else None
        if isinstance(words, str):
            prompts.check(words, (*route, name, "description"), number)


def check_providers(drafts: Sequence[Draft], findings: Findings) -> None:
    """Tells providers that nobody installed; ours are known to the schema."""
    from runner.registry import Unknown

    for draft in drafts:
        name = str(draft.settings.values.get("provider", ""))
        if "." not in name:
            continue
        from runner.providers import PROVIDERS

        try:
            PROVIDERS.load(name)
        except Unknown:
            outside = PROVIDERS.outside()
            fix = f"installed are {one_of(outside, 'and')}" if outside else "install it first"
            route = draft.settings.routes.get("provider")
            findings.error("W509", route, f"no installed plug-in is called `{name}`", fix)


def uses_of(
    draft: Draft, axes: Mapping[str, Sequence[Any]], combinations: Sequence[Combination]
) -> Iterator[Use]:
    """Every distinct way in which a step asks, over all combinations."""
    settings = draft.settings
    free = [axis for axis in AXES if axis not in settings.own]
    for choice in choices_along(axes, combinations, free):
        values, routes = dict(settings.values), dict(settings.routes)
        for axis, value in choice.items():
            values.pop(RIVALS.get(axis, ""), None)
            values[axis] = value
            routes[axis] = ("matrix", axis, list(axes[axis]).index(value))
        for index, image in enumerate(draft.data.get("images") or ()):
            if isinstance(image, dict) and image.get("media_resolution"):
                key = f"images.{index}"
                values[key] = image["media_resolution"]
                routes[key] = (*draft.route, "images", index, "media_resolution")
        model = str(values.get("model", settings.model))
        yield Use(model, values, routes)


def is_doubtful(draft: Draft, fitting: Fitting) -> bool:
    """Whether a setting of the step could not be read, so that its model is not known for sure."""
    owners = (draft.route, ("defaults",), ("matrix",))
    return any(fitting.is_broken(*owner, key) for owner in owners for key in SETTINGS)
