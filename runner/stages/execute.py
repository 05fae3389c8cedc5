"""Execute: a plan → results, as they come; cached, paced, retried and halted on the way."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

from runner.executors import EXECUTORS
from runner.providers import PROVIDERS
from runner.roles import Ask, Connection
from runner.sources.prepare import prepare
from runner.stages.answer import Asked, answered, unasked
from runner.stages.expand import NotBuilt, build, jobs
from runner.stages.gather import gather
from runner.stages.plan import ASSUMED_OUTPUT_TOKENS
from runner.text.render import Renderer
from runner.tokens import cost, input_tokens
from runner.transport.budget import Budget, counted
from runner.transport.classify import decide
from runner.transport.retry import retrying
from runner.values.image import DataOrigin, Image, Prepared, UnreadableImage
from runner.values.job import Job
from runner.values.request import Request
from runner.values.response import Failure, Response, Usage
from runner.values.result import USABLE, Result
from runner.workflow.spec import AskStep, Workflow

HaltKind = Literal["interrupted", "limit", "service", "on_error"]
"""interrupted: by a person · limit: budget or daily quota · service: the same failure would meet
every request (key, model) · on_error: the workflow says `on_error: stop`."""


@dataclass(slots=True)
class Halt:
    """Why a run ends before its plan does. The first reason stays."""

    kind: HaltKind | None = None
    why: str = ""
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self, kind: HaltKind, why: str) -> None:
        """Nothing more is asked; what is under way comes to its end, and nobody waits to retry."""
        if self.kind is None:
            self.kind, self.why = kind, why
        self._called.set()

    async def sleep(self, seconds: float) -> None:
        """Waits so long, or until the run is halted."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._called.wait(), seconds)


@dataclass(slots=True)
class Asking:
    """The part of a run that waits for the service. `downloads` keeps the web images that are
    fetched; `say` tells a person something at once; `inline` holds the images that stand in the workflow itself, by their SHA-256."""

    workflow: Workflow
    connection: Connection
    halt: Halt
    downloads: Path
    say: Callable[[str], None]
    allow_private: bool = False
    inline: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, Prepared] = field(default_factory=dict)
    asks: dict[str, Ask] = field(default_factory=dict)
    renderer: Renderer = field(default_factory=Renderer)
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        limits = self.workflow.run
        self.budget = Budget(limits.max_cost_usd, limits.max_requests)

    async def results(self) -> AsyncIterator[list[Result]]:
        """The results of each job of the plan, as soon as it has come to its end."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.renderer)
            stack.enter_context(_stop_on_signals(self.halt, self.say))
            for name in sorted({step.provider for step in self.workflow.steps}):
                opened = PROVIDERS.load(name)().open(self.connection, self._fetch)
                ask = await stack.enter_async_context(opened)
                self.asks[name] = retrying(
                    counted(ask, self.budget),
                    self.connection.policy,
                    sleep=self.halt.sleep,
                    stopped=lambda: self.halt.kind is not None,
                )
            executor = EXECUTORS["local"](self.workflow.run.parallel)
            async with aclosing(executor.run(self._jobs(), self._job)) as done:
                async for results in done:
                    yield results

    def _jobs(self) -> Iterator[Job]:
        cases = gather(self.workflow, allow_private=self.allow_private, downloads=self.downloads)
        for job in jobs(self.workflow, cases):
            if self.halt.kind is not None:
                return
            yield job

    async def _job(self, job: Job) -> list[Result]:
        """One case through its steps; what was answered before a halt is kept."""
        results: dict[str, Result] = {}
        for position, step in enumerate(self.workflow.steps):
            ordinal = job.number * len(self.workflow.steps) + position
            result = await self._step(job, step, ordinal, results)
            if result is None:
                break
            results[step.id] = result
            if result.status not in USABLE and self.workflow.run.on_error == "stop":
                self.halt.now("on_error", f"{result.case}: {result.error}")
        return list(results.values())

    async def _step(
        self, job: Job, step: AskStep, ordinal: int, earlier: Mapping[str, Result]
    ) -> Result | None:
        """One answer, or None when the run was halted before this step was asked."""
        render = self.renderer.render
        request = await asyncio.to_thread(build, self.workflow, step, job, earlier, render)
        asked = Asked(job, step, ordinal, _images_of(request, job))
        if isinstance(request, NotBuilt):
            return unasked(asked, request)
        estimate = self._estimate(request)
        refusal = await self.budget.reserve(estimate)
        if self.halt.kind is not None:
            return None
        if refusal is not None:
            self.halt.now("limit", refusal)
            return None
        reply = await self.asks[step.provider](request)
        return await self._result(asked, request, reply, estimate)

    async def _result(
        self, asked: Asked, request: Request, reply: Response | Failure, estimate: float
    ) -> Result | None:
        """The result of a reply; None when the reply says something about the run instead."""
        model = self.workflow.models[request.model]
        sent = {digest: self.sent[digest] for digest in _digests(request) if digest in self.sent}
        result = await asyncio.to_thread(answered, asked, request, reply, model, date.today(), sent)
        if not isinstance(reply, Failure):
            self.budget.settle(estimate, result.cost_usd)
            return result
        self.budget.settle(estimate, None if reply.maybe_billed else 0.0)
        if reply.stops_run or reply.kind == "quota":
            self.halt.now("limit" if reply.kind == "quota" else "service", reply.message)
            return None
        cut_short = self.halt.kind is not None and decide(reply) in ("retry", "throttle")
        return None if cut_short else result

    def _estimate(self, request: Request) -> float:
        model = self.workflow.models[request.model]
        output = request.settings.max_output_tokens or ASSUMED_OUTPUT_TOKENS
        usage = Usage(input_tokens(model, request).tokens, output)
        return cost(model, usage, date.today()) or 0.0

    def _fetch(self, image: Image) -> Prepared:
        prepared = prepare(image)
        self.sent[image.digest] = replace(prepared, content=b"")
        if isinstance(image.origin, DataOrigin) and image.sha256 is not None:
            self.inline[image.sha256] = image.origin.content
        return prepared


def _digests(request: Request) -> list[str]:
    return [image.digest for image in request.images]


def _images_of(request: Request | NotBuilt, job: Job) -> tuple[Image | UnreadableImage, ...]:
    return request.images if isinstance(request, Request) else job.case.images


@contextmanager
def _stop_on_signals(halt: Halt, say: Callable[[str], None]) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) lets what is under way end; the second stops at once."""
    loop = asyncio.get_running_loop()
    asking = asyncio.current_task()

    def stop() -> None:
        if halt.kind == "interrupted" and asking is not None:
            asking.cancel()
        elif halt.kind is None:
            say("finishing what is under way; Ctrl-C again stops at once")
        halt.now("interrupted", "interrupted")

    signals = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in signals:
            loop.add_signal_handler(number, stop)
    except (NotImplementedError, RuntimeError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
