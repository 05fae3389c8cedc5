"""Stepping: one step of one case → its one result, however many questions it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from runner.roles import Journal
from runner.stages.answer import Asked, unasked
from runner.stages.expand import Render, build
from runner.stages.gate import NotBuilt
from runner.stages.inquire import Concluded, Inquiry
from runner.stages.items import items_of
from runner.stages.join import joined, joined_key
from runner.stages.tiles import key_of, tiled
from runner.values.item import Item
from runner.values.job import Job
from runner.values.request import Request
from runner.values.result import Result
from runner.workflow.spec import AskStep, LocalStep, Step, Workflow

T = TypeVar("T")


@dataclass(slots=True)
class Steps:
    """The steps of a workflow, as they are carried out. `folder` is that of the run. At most
    `run.parallel` questions are asked at a time, whichever cases and entries they are about."""

    workflow: Workflow
    journal: Journal
    inquiry: Inquiry
    render: Render
    folder: Path
    room: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.room = asyncio.Semaphore(self.workflow.run.parallel)

    async def result(
        self, job: Job, step: Step, ordinal: int, done: Sequence[Concluded]
    ) -> Concluded | None:
        """One result, or None when the run was halted before this step was through."""
        found = await self._made(job, step, ordinal, done)
        return found and _marked(found, step, done)

    async def _made(
        self, job: Job, step: Step, ordinal: int, done: Sequence[Concluded]
    ) -> Concluded | None:
        earlier = {each.result.step: each.result for each in done}
        base, folder = self.workflow.path.absolute().parent, self.folder.absolute()
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
            return await self._asked(asked, requests[0])
        return await self._all(asked, items, requests)

    def _requests(
        self, step: AskStep, job: Job, earlier: Mapping[str, Result], items: Sequence[Item | None]
    ) -> list[Request | NotBuilt]:
        return [build(self.workflow, step, job, earlier, self.render, item) for item in items]

    def _derived(
        self, asked: Asked, earlier: Mapping[str, Result], items: Sequence[Item | None]
    ) -> Result:
        from runner.stages.derive import derived  # numpy

        made = [derived(self.workflow, asked, earlier, self.render, item) for item in items]
        return made[0] if asked.step.for_each is None else joined(asked, items, made)

    async def _asked(self, asked: Asked, request: Request | NotBuilt) -> Concluded | None:
        if isinstance(request, NotBuilt):
            return Concluded(unasked(asked, request))
        assert isinstance(asked.step, AskStep)
        tiles: Sequence[Request] = (request,)
        if asked.step.preparation.tile is not None:
            tiles = await asyncio.to_thread(tiled, asked.step, request)
        if len(tiles) > 1:
            return await self._tiled(asked, request, tiles)
        async with self.room:
            return await self.inquiry.of(replace(asked, images=request.images), request)

    async def _tiled(
        self, asked: Asked, request: Request, tiles: Sequence[Request]
    ) -> Concluded | None:
        """Every tile of an image, beside one another: at most `run.parallel` requests at a time."""
        from runner.stages.stitch import stitched  # numpy and Pillow

        key = key_of(tiles)
        if known := await self.journal.result(asked.ordinal, key):
            return Concluded(*known, earlier=True, is_known=True)

        async def one(tile: Request) -> Concluded | None:
            async with self.room:
                return await self.inquiry.of(replace(asked, images=tile.images), tile)

        found = [each for each in await _together(map(one, tiles)) if each is not None]
        if len(found) < len(tiles):
            return None
        whole = replace(asked, images=request.images)
        results = [each.result for each in found]
        result = await asyncio.to_thread(stitched, whole, request, tiles, results, key)
        return Concluded(result, parts=tuple(found))

    async def _all(
        self,
        asked: Asked,
        items: Sequence[Item | None],
        requests: Sequence[Request | NotBuilt],
    ) -> Concluded | None:
        """Every entry of a list, beside one another: at most `run.parallel` requests at a time."""
        assert isinstance(asked.step, AskStep)
        step = asked.step
        keys = [key_of(tiled(step, e)) if isinstance(e, Request) else None for e in requests]
        key = joined_key(keys)
        if known := await self.journal.result(asked.ordinal, key):
            return Concluded(*known, earlier=True, is_known=True)
        each = (self._asked(asked, request) for request in requests)
        found = [one for one in await _together(each) if one is not None]
        if len(found) < len(items):
            return None
        whole = await asyncio.to_thread(joined, asked, items, [one.result for one in found], key)
        return Concluded(whole, parts=tuple(found))


async def _together(all_of: Iterable[Awaitable[T]]) -> list[T]:
    """What comes of all of them; when one raises, it is raised after the others have ended: what they
    pay for is written down."""
    found = await asyncio.gather(*all_of, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return [each for each in found if not isinstance(each, BaseException)]


def _marked(each: Concluded, step: Step, done: Sequence[Concluded]) -> Concluded:
    """What is made of simulated answers, or is not made because of them, is marked like these."""
    sources = [before.result for before in done if before.result.step in step.needs]
    if each.result.model or not any(source.simulated for source in sources):
        return each
    return replace(each, result=replace(each.result, simulated=True))
