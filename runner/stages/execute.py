"""Execute: a plan → results, as they come: every case through its steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from runner.executors import EXECUTORS
from runner.roles import AnswerCache, Connection, Journal, Log, UploadMemory, no_log
from runner.stages.answer import Asked, unasked
from runner.stages.chain import Chain
from runner.stages.expand import NotBuilt, build, jobs
from runner.stages.gather import gather
from runner.stages.halt import Halt, HaltKind, stop_on_signals
from runner.stages.inquire import Concluded, Inquiry
from runner.stages.recall import Recall
from runner.text.render import Renderer
from runner.transport.budget import Budget
from runner.transport.pacing import Pacers
from runner.values.event import concluded, halted
from runner.values.image import DataOrigin, Image, UnreadableImage
from runner.values.job import Job
from runner.values.request import Request
from runner.values.result import USABLE, Result
from runner.workflow.spec import AskStep, Workflow


@dataclass(slots=True)
class Asking:
    """The part of a run that waits for the service.

    `downloads` keeps the web images that are fetched; `say` tells a person something at once;
    `inline` holds the images that stand in the workflow itself, by their SHA-256. What `day`,
    `pacers`, `cache`, `uploads` and `left_out` are is said where they are used: `Chain`, `Recall`.
    """

    workflow: Workflow
    connection: Connection
    journal: Journal
    halt: Halt
    budget: Budget
    downloads: Path
    day: date
    say: Callable[[str], None]
    pacers: Pacers | None = None
    cache: AnswerCache | None = None
    log: Log = no_log
    left_out: frozenset[str] = frozenset()
    allow_private: bool = False
    uploads: UploadMemory | None = None
    inline: dict[str, bytes] = field(default_factory=dict)
    renderer: Renderer = field(default_factory=Renderer)

    async def results(self) -> AsyncIterator[list[Concluded]]:
        """What came of each job of the plan, as soon as it has come to its end."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.renderer)
            stack.enter_context(stop_on_signals(self.halt, self.say))
            inquiry = await self._inquiry(stack)

            async def through(job: Job) -> list[Concluded]:
                return await self._job(job, inquiry)

            executor = EXECUTORS["local"](self.workflow.run.parallel)
            async with aclosing(executor.run(self._jobs(), through)) as done:
                async for each in done:
                    yield each

    async def _inquiry(self, stack: AsyncExitStack) -> Inquiry:
        """The way to every provider of the workflow, open as long as the stack is."""
        chain = Chain(
            self.workflow,
            self.connection,
            self.journal,
            self.halt,
            self.budget,
            self.day,
            self.log,
            self.pacers,
            self.uploads,
        )
        asks = {}
        for provider in sorted({step.provider for step in self.workflow.steps}):
            service = await stack.enter_async_context(chain.open(provider))
            asks[provider] = chain.around(provider, service)
        mode = self.workflow.run.cache
        recall = Recall(mode, self.connection, self.journal, self.log, self.cache, self.left_out)
        return Inquiry(
            self.workflow,
            self.journal,
            recall,
            self.halt,
            self.day,
            chain.quote,
            self.stop,
            asks,
        )

    def _jobs(self) -> Iterator[Job]:
        cases = gather(self.workflow, allow_private=self.allow_private, downloads=self.downloads)
        for job in jobs(self.workflow, cases):
            if self.halt.is_called:
                return
            yield job

    async def _job(self, job: Job, inquiry: Inquiry) -> list[Concluded]:
        """One case through its steps; what was answered before a halt is kept."""
        self.inline |= _written_in(job)
        done: list[Concluded] = []
        for position, step in enumerate(self.workflow.steps):
            ordinal = job.number * len(self.workflow.steps) + position
            earlier = {each.result.step: each.result for each in done}
            try:
                each = await self._step(job, step, ordinal, earlier, inquiry)
                if each is not None and not each.is_known:
                    await self.journal.conclude(each.result, each.origin)
            except OSError as error:  # the disk: nothing that is under way is given up for it
                self.stop("limit", str(error))
                break
            if each is None:
                break
            done.append(each)
            self._tell(each)
        return done

    async def _step(
        self,
        job: Job,
        step: AskStep,
        ordinal: int,
        earlier: Mapping[str, Result],
        inquiry: Inquiry,
    ) -> Concluded | None:
        """One answer, or None when the run was halted before this step was asked."""
        render = self.renderer.render
        request = await asyncio.to_thread(build, self.workflow, step, job, earlier, render)
        base, folder = self.workflow.path.absolute().parent, self.downloads.absolute().parent
        asked = Asked(job, step, ordinal, _images_of(request, job), base, folder)
        if isinstance(request, NotBuilt):
            return Concluded(unasked(asked, request))
        return await inquiry.of(asked, request)

    def _tell(self, each: Concluded) -> None:
        """Logs a result; one that is new and not usable may be the end of the run."""
        result = each.result
        name = f"{result.case}, {result.step}"
        self.log(concluded(name, result, each.origin, earlier=each.earlier))
        is_bad = result.status not in USABLE and not each.is_known
        if is_bad and self.workflow.run.on_error == "stop":
            self.stop("on_error", f"{result.case}: {result.error}")

    def stop(self, kind: HaltKind, why: str) -> None:
        """Nothing more is asked."""
        if not self.halt.is_called:
            self.log(halted(kind, why))
        self.halt.now(kind, why)


def _written_in(job: Job) -> dict[str, bytes]:
    """The images of a job that stand in the workflow itself, by their SHA-256."""
    return {
        image.sha256: image.origin.content
        for image in job.case.images
        if isinstance(image, Image) and isinstance(image.origin, DataOrigin) and image.sha256
    }


def _images_of(request: Request | NotBuilt, job: Job) -> tuple[Image | UnreadableImage, ...]:
    return request.images if isinstance(request, Request) else job.case.images
