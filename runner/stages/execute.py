"""Execute: a plan → results, as they come: every case through its steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from runner.executors import EXECUTORS
from runner.roles import (
    AnswerCache,
    Connection,
    Journal,
    LeftBehind,
    Log,
    UploadMemory,
    no_log,
)
from runner.sources.fetch import Again, Passing
from runner.stages.batching import Batching, StuckError
from runner.stages.case_list import CaseList
from runner.stages.chain import Chain
from runner.stages.deliver import Delivery
from runner.stages.expand import jobs
from runner.stages.fetching import fetched
from runner.stages.gather import gather
from runner.stages.halt import Halt, HaltKind, stop_on_signals
from runner.stages.inquire import Concluded, Inquiry
from runner.stages.listing import unopened
from runner.stages.recall import Recall
from runner.stages.stepping import Steps
from runner.stages.try_again import try_again
from runner.text.render import Renderer
from runner.transport.budget import Budget
from runner.transport.pacing import Pacers
from runner.values.event import concluded, halted, said
from runner.values.image import DataOrigin, Image
from runner.values.job import Job
from runner.values.problem import Rejected
from runner.values.result import FINE
from runner.workflow.spec import Workflow

NAMED = 3
"""So many of the images that were added are named."""

LONG_SECONDS = 5.0
"""A person is told of a wait that holds up the images for so long."""


@dataclass(slots=True)
class Asking:
    """The part of a run that waits for the service. Whatever happens to the images meanwhile, its
    cases are those that were listed for its plan.

    `downloads` keeps the web images that are fetched; `say` tells a person something at once;
    `inline` holds the images that stand in the workflow itself, by their SHA-256. What `day`,
    `pacers`, `cache`, `uploads` and `left_out` are is said where they are used: `Chain`, `Recall`.
    """

    workflow: Workflow
    cases: CaseList
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
    left_behind: LeftBehind | None = None
    batching: Batching | None = None

    async def results(self) -> AsyncIterator[list[Concluded]]:
        """What came of each job of the plan, as soon as it has come to its end."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.renderer)
            stack.enter_context(stop_on_signals(self.halt, self.say))
            steps = await self._steps(stack)

            async def through(job: Job) -> list[Concluded]:
                return await self._job(job, steps)

            executor = EXECUTORS["local"](self.workflow.run.parallel)
            again = self._again(asyncio.get_running_loop())
            while True:
                async with aclosing(executor.run(self._jobs(again), through)) as done:
                    async for each in done:
                        yield each
                if self.batching is None:
                    return
                if not await self._next_wave(self.batching):
                    break
            if not self.halt.is_called:
                await asyncio.to_thread(self._tell_what_was_added)

    async def _steps(self, stack: AsyncExitStack) -> Steps:
        """The steps of the workflow, with the way to every provider open as long as the stack is."""
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
        self.batching = batching = await self._begun(chain)
        asks = {}
        for provider in sorted({step.provider for step in self.workflow.asks}):
            service = await stack.enter_async_context(chain.open(provider))
            asks[provider] = chain.around(provider, service)
            if batching is not None:
                asks[provider] = batching.around(provider, service, asks[provider])
        mode = self.workflow.run.cache
        known = (self.cache, self.left_out, self.left_behind)
        recall = Recall(mode, self.connection, self.journal, self.log, *known)
        about = (self.workflow, self.journal, recall, self.halt, self.day)
        inquiry = Inquiry(*about, chain.quote, self.stop, asks)
        return Steps(
            self.workflow, self.journal, inquiry, self.renderer.render, self.downloads.parent
        )

    async def _begun(self, chain: Chain) -> Batching | None:
        """What puts requests off; None for a run that neither does, nor did before it was stopped."""
        batching = Batching(
            self.journal.batches,
            self.downloads.parent / "batches",
            self.budget,
            self.halt,
            self.log,
            chain.quote,
            self.workflow.models,
            self.connection.policy,
            self.workflow.run.mode == "batch",
            self.left_behind,
        )
        return batching if await batching.begin() else None

    async def _next_wave(self, batching: Batching) -> bool:
        """Waits for the answers to what was put off; False when nothing is left to be looked at."""
        policy = self.workflow.run.on_doubtful
        delivery = Delivery(
            batching, self.halt, self.log, self.say, self.stop, self.day, policy == "retry"
        )
        try:
            await batching.close()
            has_waited = bool(await batching.book.parts())
            return await delivery.all() and batching.next_wave(has_waited=has_waited)
        except (OSError, StuckError) as error:  # the disk; a store that nobody can go on with
            self.stop("limit", str(error))
            return False

    def _again(self, loop: asyncio.AbstractEventLoop) -> Again:
        """When a download that failed is tried again; it waits in the thread that draws the jobs."""

        def tell(failure: Passing, seconds: float) -> None:
            if seconds >= LONG_SECONDS:
                why = f"an image cannot be downloaded yet: {failure.issue.why}"
                told = said(f"{why}; it is tried again in {seconds:.0f} s")
                loop.call_soon_threadsafe(self.log, told)

        return try_again(self.connection.policy, stopped=lambda: self.halt.is_called, waits=tell)

    def _jobs(self, again: Again) -> Iterator[Job]:
        cases = fetched(
            self.workflow,
            self.cases,
            allow_private=self.allow_private,
            downloads=self.downloads,
            again=again,
        )
        for job in jobs(self.workflow, cases):
            if self.halt.is_called:
                return
            if self.batching is None or self.batching.wants(job):
                yield job

    def _tell_what_was_added(self) -> None:
        """Says which images came while batches were waited for; a table may be gone since."""
        with suppress(Rejected, OSError):
            now = islice(gather(self.workflow, unopened), self.workflow.run.limit)
            added = list(self.cases.others(now))
            if added:
                more = f" and {len(added) - NAMED:,} more" if len(added) > NAMED else ""
                self.say(
                    f"added since the run was planned, and no part of it: {', '.join(added[:NAMED])}"
                    f"{more}; the same command asks about them"
                )

    async def _job(self, job: Job, steps: Steps) -> list[Concluded]:
        """One case through its steps; what was answered before a halt is kept. A step that was put
        off holds back only those that need it."""
        self.inline |= _written_in(job)
        done: list[Concluded] = []
        new: list[Concluded] = []
        put_off: set[str] = set()
        for position, step in enumerate(self.workflow.steps):
            if not put_off.isdisjoint(step.needs):
                put_off.add(step.id)
                continue
            ordinal = job.number * len(self.workflow.steps) + position
            try:
                each = await steps.result(job, step, ordinal, done)
                if each is not None and not each.is_known:
                    await self.journal.conclude(each.result, each.origin)
            except OSError as error:  # the disk: nothing that is under way is given up for it
                self.stop("limit", str(error))
                break
            if each is None and self.halt.is_called:
                break
            if each is None:
                put_off.add(step.id)
                continue
            done.append(each)
            if self.batching is None or not self.batching.is_told(job, position):
                new.append(each)
                self._tell(each)
        if self.batching is not None:
            self.batching.mark(job, is_through=not put_off)
        return new

    def _tell(self, each: Concluded) -> None:
        """Logs a result; one that is new and not usable may be the end of the run."""
        result = each.result
        name = f"{result.case}, {result.step}"
        self.log(concluded(name, result, each.origin, earlier=each.earlier))
        is_bad = result.status not in FINE and not each.is_known
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
