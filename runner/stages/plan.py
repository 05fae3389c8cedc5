"""Plan: what a run will ask, counted before anything is spent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from runner.catalogue import Model
from runner.sources.counted import Counted
from runner.stages.case_list import CaseList
from runner.stages.expand import Render, build, jobs, settings_of, step_images, turns
from runner.stages.foreseen import Open, is_unknown, made_of, most_entries
from runner.stages.gate import NotBuilt
from runner.stages.passing import Travel, Travels
from runner.stages.tiles import tiled
from runner.text.render import RenderError
from runner.tokens import cost, input_tokens
from runner.values.case import CaseImages
from runner.values.image import UnreadableImage
from runner.values.job import Job
from runner.values.request import ImagePart, Request, TextPart, Turn, canonical_json
from runner.values.response import Usage
from runner.workflow.spec import (
    AskStep,
    Workflow,
)

ASSUMED_OUTPUT_TOKENS = 400
"""Taken for an answer with its thoughts when nothing limits it: nobody can know it beforehand."""


IsStored = Callable[[str, str], bool]
"""Whether the answer of a provider to the request with this key is stored already."""


def nothing_is_stored(provider: str, key: str) -> bool:
    """For a plan that knows of no earlier answers."""
    return False


Visit = Callable[[str, Request, int], None]
"""Gets the provider of a request that is to be sent, the request, and its estimated tokens of input."""


def nobody(provider: str, request: Request, tokens: int) -> None:
    """For a plan whose requests nobody wants to see."""


@dataclass(frozen=True, slots=True)
class ModelShare:
    """What one model is asked in a plan. Tokens and cost are estimates, of what is not stored."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The counts of a run and the hash of everything that it will ask.

    `unreadable` counts cases with an image that cannot be used. `by_model` holds estimates.
    `requests` are those that are known, of which `maybe` depend on a `when` and `tiles` are about a
    tile of an image; `open` tells of steps whose requests nobody can count before.
    `first` is the first request as it would be sent, None when there is none. `later` counts the
    requests whose prompt waits for an earlier step's answer. `stored` counts those that are answered
    already, `same` those that ask exactly what another one asks: neither is sent.
    """

    cases: int
    unreadable: int
    combinations: int
    repeats: int
    requests: int
    later: int
    by_model: Mapping[str, ModelShare]
    key: str
    first: Request | None = None
    broken: tuple[UnreadableImage, ...] = ()
    stored: int = 0
    same: int = 0
    models: tuple[str, ...] = ()
    """Every model that is named, by the alphabet; also when all of its answers are stored."""
    steps: int = 1
    maybe: int = 0
    tiles: int = 0
    open: tuple[Open, ...] = ()
    travels: tuple[Travel, ...] = ()
    """How images travel, when the workflow does not leave that to the default."""
    uploaded: frozenset[str] = frozenset()
    """The digests of those images of the first request that travel as files."""
    listed: CaseList = field(default_factory=CaseList, compare=False, repr=False)
    """The cases themselves: a run of this plan asks about these, whatever is added or removed."""

    @property
    def promised(self) -> int:
        """How many results a whole run has."""
        return self.cases * self.combinations * self.repeats * self.steps

    @property
    def cost_usd(self) -> float | None:
        """The estimate over all models, None when the price of one of them is not known."""
        costs = [share.cost_usd for share in self.by_model.values()]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


def plan(
    workflow: Workflow,
    cases: Iterable[CaseImages],
    render: Render,
    day: date,
    is_stored: IsStored = nothing_is_stored,
    visit: Visit = nobody,
) -> Plan:
    """The plan of a workflow over these cases, at the prices of a day. `visit` gets every request
    that is to be sent and known already.

    Images are read once, for their sizes and digests; no request is kept but the first.
    """
    count = _Count(workflow, render, day, is_stored, visit, Travels.of(workflow))
    for step in workflow.steps:  # what is made of an answer belongs to the plan, too
        count.digest.update(f"{step.id} {made_of(step)}\n".encode())
    if any(
        is_unknown(step) for step in workflow.asks
    ):  # as does what their prompts will be made of
        count.digest.update(f"{canonical_json(dict(workflow.vars))}\n".encode())
    for job in jobs(workflow, count.seen(cases)):
        count.add(job)
    return count.plan()


KEPT_BROKEN = 1000
"""So many unreadable images are kept by name; the others are counted."""


@dataclass(slots=True)
class _Count:
    """The running totals; this is where a plan of a million requests stays small."""

    workflow: Workflow
    render: Render
    day: date
    is_stored: IsStored
    visit: Visit
    travels: Travels
    cases: int = 0
    unreadable: int = 0
    requests: int = 0
    later: int = 0
    first: Request | None = None
    shares: dict[str, ModelShare] = field(default_factory=dict)
    broken: list[UnreadableImage] = field(default_factory=list)
    stored: int = 0
    same: int = 0
    models: set[str] = field(default_factory=set)
    maybe: int = 0
    tiles: int = 0
    open: dict[str, int] = field(default_factory=dict)
    met: Counted = field(default_factory=Counted)
    """Every key, on the disk: a plan of a million requests takes no memory for them."""
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    listed: CaseList = field(default_factory=CaseList)

    def seen(self, cases: Iterable[CaseImages]) -> Iterator[CaseImages]:
        for case in cases:
            self.cases += 1
            self.listed.add(case)
            bad = [image for image in case.images if isinstance(image, UnreadableImage)]
            self.unreadable += bool(bad)
            self.broken += bad[: KEPT_BROKEN - len(self.broken)]
            yield case

    def add(self, job: Job) -> None:
        self.digest.update(f"{_identity(job)!r}\n".encode())
        for step in self.workflow.asks:
            if step.for_each is not None:
                self._add_open(job, step)
                continue
            if step.needs:
                self._add_later(job, step)
                continue
            request = build(self.workflow, step, job, {}, self.render)
            if isinstance(request, NotBuilt):
                self.digest.update(f"{job.case.name} {step.id} {request.code}\n".encode())
                continue
            tiles = tiled(step, request)
            self.tiles += len(tiles) if len(tiles) > 1 else 0
            for tile in tiles:
                self._add_request(step.provider, tile)

    def _add_request(self, provider: str, request: Request) -> None:
        self.first = self.first or request
        key = request.key
        self.digest.update(f"{provider} {key}\n".encode())
        self.requests += 1
        self.models.add(request.model)
        if not self._is_new(provider, key):
            return
        model = self.workflow.models[request.model]
        estimate = input_tokens(model, request)
        self._share(model, estimate.tokens, estimate.rule, request.settings.max_output_tokens)
        self.travels.add(request)
        self.visit(provider, request, estimate.tokens)

    def _is_new(self, provider: str, key: str) -> bool:
        """Whether a request is to be sent: nobody has asked it yet."""
        if self.met.add(key) > 1:
            self.same += 1
            return False
        stored = self.is_stored(provider, key)
        self.stored += stored
        return not stored

    def _add_open(self, job: Job, step: AskStep) -> None:
        """A step for entries that an earlier step finds."""
        name, settings = settings_of(step, job.combination)
        examples = [_identity_of(turn) for turn in self._examples(step, job)]
        self.digest.update(f"{canonical_json([name, repr(settings), *examples])}\n".encode())
        self.models.add(name)
        self.open[step.id] = self.open.get(step.id, 0) + 1

    def _add_later(self, job: Job, step: AskStep) -> None:
        """A step whose prompt is filled in by an earlier answer: its images are known already."""
        images = step_images(step, job.case)
        if isinstance(images, NotBuilt):
            return
        name, settings = settings_of(step, job.combination)
        model = self.workflow.models[name]
        examples = self._examples(step, job)
        sent = [image.digest for image, _ in images]
        identity = [name, repr(settings), *sent, *map(_identity_of, examples)]
        self.digest.update(f"{canonical_json(identity)}\n".encode())
        as_written = Request(
            "interactions",
            name,
            parts=(TextPart(step.prompt.template), *(ImagePart(image) for image, _ in images)),
            settings=settings,
            examples=examples,
        )
        self.models.add(name)
        tiles = tiled(step, as_written)
        self.tiles += len(tiles) if len(tiles) > 1 else 0
        for tile in tiles:
            estimate = input_tokens(model, tile)
            self.later += 1
            self.maybe += step.when is not None
            self.requests += 1
            self._share(model, estimate.tokens, estimate.rule, settings.max_output_tokens)

    def _examples(self, step: AskStep, job: Job) -> tuple[Turn, ...]:
        """The examples of a step whose requests are not known yet."""
        try:
            return turns(self.workflow, step, job, self.render)
        except RenderError:  # each of its requests will tell
            return ()

    def _share(self, model: Model, tokens: int, rule: str, limit: int | None) -> None:
        output = min(ASSUMED_OUTPUT_TOKENS, limit or ASSUMED_OUTPUT_TOKENS)
        price = cost(model, Usage(input_tokens=tokens, output_tokens=output), self.day)
        old = self.shares.get(model.name, ModelShare())
        known = old.cost_usd is not None and price is not None
        self.shares[model.name] = ModelShare(
            requests=old.requests + 1,
            input_tokens=old.input_tokens + tokens,
            output_tokens=old.output_tokens + output,
            cost_usd=(old.cost_usd or 0.0) + (price or 0.0) if known else None,
            rules=tuple(dict.fromkeys((*old.rules, *rule.split("; ")))),
        )

    def plan(self) -> Plan:
        return Plan(
            cases=self.cases,
            unreadable=self.unreadable,
            combinations=len(self.workflow.combinations),
            repeats=self.workflow.run.repeat,
            requests=self.requests,
            later=self.later,
            by_model=dict(self.shares),
            key=self.digest.hexdigest(),
            first=self.first,
            broken=tuple(self.broken),
            stored=self.stored,
            same=self.same,
            steps=len(self.workflow.steps),
            maybe=self.maybe,
            tiles=self.tiles,
            open=tuple(
                Open(
                    step.id,
                    str(step.for_each),
                    self.open[step.id],
                    most_entries(self.workflow, step),
                )
                for step in self.workflow.asks
                if step.id in self.open
            ),
            travels=self.travels.counted(),
            uploaded=self.travels.uploaded(self.first) if self.first else frozenset(),
            models=tuple(sorted(self.models)),
            listed=self.listed,
        )


def _identity_of(turn: Turn) -> list[str]:
    """What of an example changes answers."""
    parts = [part.text if isinstance(part, TextPart) else part.image.digest for part in turn.parts]
    return [turn.answer, *parts]


def _identity(job: Job) -> tuple[object, ...]:
    """What stands in the results of a job beside its answers."""
    images = [(image.name, image.role) for image in job.case.images]
    return job.case.name, images, dict(job.case.row), dict(job.combination), job.repeat
