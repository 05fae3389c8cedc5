"""Execute: a plan → results, as they come: every case through its steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from runner.executors import EXECUTORS
from runner.roles import AnswerCache, Connection, Journal, Log, UploadMemory, no_log
from runner.stages.answer import Asked, unasked
from runner.stages.batching import Batching
from runner.stages.chain import Chain
from runner.stages.deliver import Delivery
from runner.stages.expand import build, jobs
from runner.stages.gate import NotBuilt
from runner.stages.gather import gather
from runner.stages.halt import Halt, HaltKind, stop_on_signals
from runner.stages.inquire import Concluded, Inquiry
from runner.stages.items import items_of
from runner.stages.join import joined, joined_key
from runner.stages.recall import Recall
from runner.stages.tiles import key_of, tiled
from runner.text.render import Renderer
from runner.transport.budget import Budget
from runner.transport.pacing import Pacers
from runner.values.event import concluded, halted
from runner.values.image import DataOrigin, Image
from runner.values.item import Item
from runner.values.job import Job
from runner.values.request import Request
from runner.values.result import USABLE, Result
from runner.workflow.spec import AskStep, LocalStep, Step, Workflow


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
    room: asyncio.Semaphore = field(init=False)
    batching: Batching | None = None

    def __post_init__(self) -> None:
        self.room = asyncio.Semaphore(self.workflow.run.parallel)

    async def results(self) -> AsyncIterator[list[Concluded]]:
        """What came of each job of the plan, as soon as it has come to its end."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.renderer)
            stack.enter_context(stop_on_signals(self.halt, self.say))
            inquiry = await self._inquiry(stack)

            async def through(job: Job) -> list[Concluded]:
                return await self._job(job, inquiry)

            executor = EXECUTORS["local"](self.workflow.run.parallel)
            while True:
                async with aclosing(executor.run(self._jobs(), through)) as done:
                    async for each in done:
                        yield each
                if self.batching is None or not await self._next_wave(self.batching):
                    return

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
        self.batching = batching = await self._begun(chain)
        asks = {}
        for provider in sorted({step.provider for step in self.workflow.asks}):
            service = await stack.enter_async_context(chain.open(provider))
            asks[provider] = chain.around(provider, service)
            if batching is not None:
                asks[provider] = batching.around(provider, service, asks[provider])
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
            return await delivery.all() and batching.next_wave()
        except OSError as error:  # the disk
            self.stop("limit", str(error))
            return False

    def _jobs(self) -> Iterator[Job]:
        cases = gather(self.workflow, allow_private=self.allow_private, downloads=self.downloads)
        for job in jobs(self.workflow, cases):
            if self.halt.is_called:
                return
            if self.batching is None or self.batching.wants(job):
                yield job

    async def _job(self, job: Job, inquiry: Inquiry) -> list[Concluded]:
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
                each = await self._step(job, step, ordinal, done, inquiry)
                each = each and _marked(each, step, done)
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

    async def _step(
        self, job: Job, step: Step, ordinal: int, done: Sequence[Concluded], inquiry: Inquiry
    ) -> Concluded | None:
        """One result, or None when the run was halted before this step was through."""
        earlier = {each.result.step: each.result for each in done}
        base, folder = self.workflow.path.absolute().parent, self.downloads.absolute().parent
        asked = Asked(job, step, ordinal, job.case.images, base, folder)
        items: Sequence[Item | None] = (None,)
        if step.for_each is not None:
            found = await asyncio.to_thread(items_of, self.workflow, step, job, earlier)
            if isinstance(found, NotBuilt):
                return Concluded(unasked(asked, found))
            items = found
        if isinstance(step, LocalStep):
            made = await asyncio.to_thread(self._derived, asked, earlier, items)
            sources = [each.earlier for each in done if each.result.step in step.needs]
            return Concluded(made, earlier=bool(sources) and all(sources))
        requests = await asyncio.to_thread(self._requests, step, job, earlier, items)
        if step.for_each is None:
            return await self._asked(asked, requests[0], inquiry)
        return await self._all(asked, items, requests, inquiry)

    def _requests(
        self, step: AskStep, job: Job, earlier: Mapping[str, Result], items: Sequence[Item | None]
    ) -> list[Request | NotBuilt]:
        render = self.renderer.render
        return [build(self.workflow, step, job, earlier, render, item) for item in items]

    def _derived(
        self, asked: Asked, earlier: Mapping[str, Result], items: Sequence[Item | None]
    ) -> Result:
        from runner.stages.derive import derived  # numpy

        render = self.renderer.render
        made = [derived(self.workflow, asked, earlier, render, item) for item in items]
        return made[0] if asked.step.for_each is None else joined(asked, items, made)

    async def _asked(
        self, asked: Asked, request: Request | NotBuilt, inquiry: Inquiry
    ) -> Concluded | None:
        if isinstance(request, NotBuilt):
            return Concluded(unasked(asked, request))
        assert isinstance(asked.step, AskStep)
        tiles: Sequence[Request] = (request,)
        if asked.step.preparation.tile is not None:
            tiles = await asyncio.to_thread(tiled, asked.step, request)
        if len(tiles) > 1:
            return await self._tiled(asked, request, tiles, inquiry)
        async with self.room:
            return await inquiry.of(replace(asked, images=request.images), request)

    async def _tiled(
        self, asked: Asked, request: Request, tiles: Sequence[Request], inquiry: Inquiry
    ) -> Concluded | None:
        """Every tile of an image, beside one another: at most `run.parallel` requests at a time."""
        key = key_of(tiles)
        if known := await self.journal.result(asked.ordinal, key):
            return Concluded(*known, earlier=True, is_known=True)

        async def one(tile: Request) -> Concluded | None:
            async with self.room:
                return await inquiry.of(replace(asked, images=tile.images), tile)

        found = [each for each in await asyncio.gather(*map(one, tiles)) if each is not None]
        if len(found) < len(tiles):
            return None
        whole = replace(asked, images=request.images)
        results = [each.result for each in found]
        from runner.stages.stitch import stitched  # numpy and Pillow

        result = await asyncio.to_thread(stitched, whole, request, tiles, results, key)
        return Concluded(result, parts=tuple(found))

    async def _all(
        self,
        asked: Asked,
        items: Sequence[Item | None],
        requests: Sequence[Request | NotBuilt],
        inquiry: Inquiry,
    ) -> Concluded | None:
        """Every entry of a list, beside one another: at most `run.parallel` requests at a time."""
        assert isinstance(asked.step, AskStep)
        step = asked.step
        keys = [key_of(tiled(step, e)) if isinstance(e, Request) else None for e in requests]
        if known := await self.journal.result(asked.ordinal, joined_key(keys)):
            return Concluded(*known, earlier=True, is_known=True)
        each = [self._asked(asked, request, inquiry) for request in requests]
        found = [one for one in await asyncio.gather(*each) if one is not None]
        if len(found) < len(items):
            return None
        whole = await asyncio.to_thread(joined, asked, items, [one.result for one in found])
        parts = tuple(part for one in found for part in (one.parts or (one,)))
        return Concluded(whole, parts=parts)

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


def _marked(each: Concluded, step: Step, done: Sequence[Concluded]) -> Concluded:
    """What is made of simulated answers, or is not made because of them, is marked like these."""
    sources = [before.result for before in done if before.result.step in step.needs]
    if each.result.model or not any(source.simulated for source in sources):
        return each
    return replace(each, result=replace(each.result, simulated=True))


def _written_in(job: Job) -> dict[str, bytes]:
    """The images of a job that stand in the workflow itself, by their SHA-256."""
    return {
        image.sha256: image.origin.content
        for image in job.case.images
        if isinstance(image, Image) and isinstance(image.origin, DataOrigin) and image.sha256
    }
