"""The local executor: lazily drawn, bounded, and nobody waits for a slow job."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from runner.executors.local import Local


async def collect(parallel: int, jobs: Iterator[int], seconds: dict[int, float]) -> list[int]:
    async def work(job: int) -> int:
        await asyncio.sleep(seconds.get(job, 0))
        return job

    return [done async for done in Local(parallel).run(jobs, work)]


def test_every_job_is_done_once() -> None:
    """Every job comes back exactly once, whatever the parallelism."""
    for parallel in (1, 3, 50):
        assert sorted(asyncio.run(collect(parallel, iter(range(20)), {}))) == list(range(20))


def test_a_slow_job_holds_back_nobody() -> None:
    """Jobs come back as they end, not as they began."""
    assert asyncio.run(collect(2, iter([0, 1, 2, 3]), {0: 0.3})) == [1, 2, 3, 0]


def test_jobs_are_drawn_only_when_there_is_room() -> None:
    """At most one job more than run at the same time has been drawn from the plan."""
    drawn: list[int] = []
    most_ahead = 0
    finished = 0

    def plan() -> Iterator[int]:
        for job in range(30):
            drawn.append(job)
            yield job

    async def work(job: int) -> int:
        nonlocal most_ahead
        await asyncio.sleep(0)
        most_ahead = max(most_ahead, len(drawn) - finished)
        return job

    async def all_of_it() -> None:
        nonlocal finished
        async for _ in Local(3).run(plan(), work):
            finished += 1

    asyncio.run(all_of_it())
    assert (len(drawn), finished) == (30, 30)
    assert most_ahead <= 3 + 1


def test_an_exception_ends_the_run_when_what_is_under_way_is_done() -> None:
    """What is under way may have been paid for: it comes to its end, and nothing more begins."""
    begun: list[int] = []

    async def work(job: int) -> int:
        begun.append(job)
        if job == 1:
            raise ValueError("broken")
        await asyncio.sleep(0.05)
        return job

    async def all_of_it() -> None:
        async for done in Local(3).run(iter(range(100)), work):
            ended.append(done)

    ended: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(all_of_it())
    assert sorted([*ended, 1]) == begun
    assert len(begun) < 5


def test_an_empty_plan_ends_at_once() -> None:
    """No job, no result, no waiting."""
    assert asyncio.run(collect(4, iter([]), {})) == []
