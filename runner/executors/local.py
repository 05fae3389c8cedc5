"""Drives a plan in this process: some jobs at a time, drawn only when there is room for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")

_END = object()


@dataclass(frozen=True, slots=True)
class Local:
    """At most `parallel` jobs at the same time; one that is slow holds back nobody."""

    parallel: int = 8

    async def run(
        self, jobs: Iterable[Job], work: Callable[[Job], Awaitable[Done]]
    ) -> AsyncGenerator[Done, None]:
        """What `work` made of each job, in the order in which they end.

        Drawing a job may read files, so it happens in a thread. After an exception nothing more is
        begun; it is raised when what is under way has come to its end, which may have been paid for.
        Closing the iterator tells what is under way to stop.
        """
        source = iter(jobs)
        running: set[asyncio.Task[Done]] = set()
        drawing: asyncio.Task[object] | None = asyncio.ensure_future(_draw(source))
        trouble: BaseException | None = None
        try:
            while running or drawing:
                waiting: set[asyncio.Task[object]] = {*running}
                if drawing and len(running) < self.parallel:
                    waiting.add(drawing)
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if drawing and drawing.done() and len(running) < self.parallel:
                    drawn, drawing = drawing, None
                    trouble = trouble or drawn.exception()
                    if trouble is None and (job := drawn.result()) is not _END:
                        running.add(asyncio.ensure_future(work(job)))  # type: ignore[arg-type]
                        drawing = asyncio.ensure_future(_draw(source))
                for task in [task for task in running if task.done()]:
                    running.discard(task)
                    if error := task.exception():
                        trouble = trouble or error
                    else:
                        yield task.result()
            if trouble is not None:
                raise trouble
        finally:
            await _stop({*running, *([drawing] if drawing else [])})


async def _draw(source: Iterator[Job]) -> object:
    return await asyncio.to_thread(next, source, _END)


async def _stop(tasks: set[asyncio.Task[Done]] | set[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
