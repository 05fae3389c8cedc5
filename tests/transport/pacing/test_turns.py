"""Requests that wait for their turn: in which order, how they end early, what is told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from types import ModuleType

import pytest

from runner.stages.halt import Halt
from runner.transport.pacing import Pacers, Quota, paced
from runner.transport.retry import retrying
from runner.values.event import Event
from runner.values.request import Policy, Request, TextPart
from runner.values.response import Failure, Response, Usage

HELLO = Request("interactions", "m", (TextPart("Hello"),))
YES = Response("yes", "complete", "completed", Usage(100, 10), "m", b"{}")
RATE = Failure("rate_limit", "Slow down.", status=429)
BUSY = Failure("overloaded", "Busy.", status=503)


def nothing(request: Request) -> int:
    return 0


@dataclass
class World:
    """A service that takes a second and answers from a list, its last answer again and again."""

    answers: list[Response | Failure] = field(default_factory=lambda: [YES])
    seconds: float = 1.0
    sent: list[tuple[float, int]] = field(default_factory=list)
    events: list[tuple[str, object]] = field(default_factory=list)

    async def ask(self, request: Request) -> Response | Failure:
        self.sent.append((round(asyncio.get_running_loop().time(), 3), request.repeat))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(self.seconds)
        return answer

    def log(self, event: Event) -> None:
        said = {"rate": "per_minute"}.get(event.name, "wait_seconds")
        self.events.append((event.name, event.fields[said]))

    def pacers(self) -> Pacers:
        return Pacers(asyncio.get_running_loop().time, lambda: 0.5)


def numbered(number: int, model: str = "m") -> Request:
    return replace(HELLO, repeat=number, model=model)


def test_first_come_first_served(clock: ModuleType) -> None:
    """Ten at once, six a minute."""
    world = World()

    async def main() -> None:
        ask = paced(world.ask, world.pacers(), "p", nothing, quota=Quota(6 / 0.98))
        await asyncio.gather(*(ask(numbered(n)) for n in range(10)))

    clock.run(main(), start=100.0)
    times = [100.0, *(109.9 + 10 * n for n in range(9))]
    assert world.sent == [(pytest.approx(t, abs=0.01), n) for n, t in enumerate(times)]


def test_each_model_has_its_own_pace_and_each_provider_too(clock: ModuleType) -> None:
    """A quota is one model's."""
    world = World()

    async def main() -> None:
        pacers = world.pacers()
        one = paced(world.ask, pacers, "one", nothing, quota=Quota(1))
        other = paced(world.ask, pacers, "other", nothing, quota=Quota(1))
        await asyncio.gather(one(numbered(1, "a")), one(numbered(2, "b")), other(numbered(3, "a")))

    clock.run(main(), start=100.0)
    assert world.sent == [(100.0, 1), (100.0, 2), (100.0, 3)]


def test_the_runs_of_a_command_share_a_pace_though_each_has_its_own_loop(
    clock: ModuleType,
) -> None:
    """The second run waits for what the first has used; its own quota is higher, the lower holds."""
    world, now = World(), 1000.0
    pacers = Pacers(lambda: now + asyncio.get_running_loop().time(), lambda: 0.5)

    async def run_of(quota: Quota, *numbers: int) -> None:
        ask = paced(world.ask, pacers, "p", nothing, quota=quota)
        await asyncio.gather(*(ask(numbered(n)) for n in numbers))

    clock.run(run_of(Quota(6 / 0.98), 1, 2))
    now += 11.0
    clock.run(run_of(Quota(600), 3))
    assert world.sent == [(0.0, 1), (pytest.approx(9.9), 2), (pytest.approx(8.9), 3)]


def test_a_halt_ends_every_wait_at_once(clock: ModuleType) -> None:
    """A hundred wait for their turn for minutes; none of them is sent, and none waits on."""
    world = World()

    async def main() -> tuple[float, list[Response | Failure]]:
        halt = Halt()
        ask = paced(
            world.ask,
            world.pacers(),
            "p",
            nothing,
            quota=Quota(1),
            sleep=halt.sleep,
            stopped=lambda: halt.is_called,
        )
        waiting = [asyncio.ensure_future(ask(numbered(n))) for n in range(101)]
        await asyncio.sleep(30.0)
        halt.now("interrupted", "Ctrl-C")
        outcomes = await asyncio.gather(*waiting)
        return asyncio.get_running_loop().time(), outcomes

    ended, outcomes = clock.run(main())
    unsent = Failure("not_sent", "the run was halted before this request was sent")
    assert ended == 30.0
    assert outcomes == [YES, *[unsent] * 100]
    assert world.sent == [(0.0, 0)]


def test_a_halt_ends_the_wait_for_those_under_way(clock: ModuleType) -> None:
    """Four are under way for an hour, and nothing is known about the service."""
    world = World(seconds=3600.0)

    async def main() -> list[object]:
        halt = Halt()
        ask = paced(
            world.ask,
            world.pacers(),
            "p",
            nothing,
            sleep=halt.sleep,
            stopped=lambda: halt.is_called,
        )
        waiting = [asyncio.ensure_future(ask(numbered(n))) for n in range(5)]
        await asyncio.sleep(0.5)
        halt.now("interrupted", "Ctrl-C")
        await waiting[4]
        return [asyncio.get_running_loop().time(), waiting[4].result().kind, waiting[0].done()]

    assert clock.run(main()) == [0.5, "not_sent", False]


def test_one_refusal_holds_back_everyone_until_the_service_says(clock: ModuleType) -> None:
    """One of four is refused, to be asked again after 20 seconds: nobody is sent until then, one
    goes ahead, then the others, and no attempt was used."""
    world = World([YES, replace(RATE, wait_seconds=20.0), YES])

    async def main() -> list[Response | Failure]:
        ask = retrying(
            paced(world.ask, world.pacers(), "p", nothing, log=world.log),
            Policy(retries=0),
            clock=asyncio.get_running_loop().time,
        )
        early = [asyncio.ensure_future(ask(numbered(n))) for n in range(2)]
        await asyncio.sleep(5.0)
        late = [asyncio.ensure_future(ask(numbered(n))) for n in range(2, 4)]
        return await asyncio.gather(*early, *late)

    outcomes = clock.run(main())
    assert outcomes == [YES, replace(YES, attempts=2), YES, YES]
    assert [number for _, number in world.sent] == [0, 1, 1, 2, 3]
    assert world.sent[2][0] == pytest.approx(1.0 + 20.5)
    assert world.events == [("gate", 20.5)]


def test_the_gate_may_move_while_one_waits_for_it(clock: ModuleType) -> None:
    """A second refusal, of something that was under way, asks for more."""
    world = World([replace(RATE, wait_seconds=2.0), replace(RATE, wait_seconds=10.0), YES])

    async def main() -> None:
        inner = paced(world.ask, world.pacers(), "p", nothing, log=world.log)
        ask = retrying(inner, Policy(), clock=asyncio.get_running_loop().time)
        first = asyncio.ensure_future(ask(numbered(1)))
        await asyncio.sleep(0.9)
        await asyncio.gather(first, ask(numbered(2)))

    clock.run(main())
    assert world.sent[2][0] == pytest.approx(1.9 + 10.5)


def test_trouble_opens_the_breaker_and_the_first_answer_closes_it(clock: ModuleType) -> None:
    """Eight at a time meet a service that fails ten times."""
    world = World([BUSY] * 10 + [YES])

    async def main() -> list[Response | Failure]:
        ask = retrying(
            paced(world.ask, world.pacers(), "p", nothing, log=world.log),
            Policy(),
            dice=lambda: 0.5,
            clock=asyncio.get_running_loop().time,
        )
        return await asyncio.gather(*(ask(numbered(n)) for n in range(8)))

    outcomes = clock.run(main())
    assert {type(outcome) for outcome in outcomes} == {Response}
    assert world.events[0] == ("breaker", 1.0)
    assert world.events[-1] == ("breaker", 0.0)
    waits = [seconds for name, seconds in world.events if name == "breaker"]
    assert waits == [*(2.0**n for n in range(len(waits) - 1)), 0.0]


@pytest.mark.parametrize("hint", [None, 30.0])
def test_fifteen_minutes_without_an_answer_end_the_run(clock: ModuleType, hint: float) -> None:
    """A limit on money over ten minutes, for example, that does not lift."""
    world = World([replace(RATE, wait_seconds=hint)])

    async def main() -> tuple[list[Response | Failure], float]:
        ask = retrying(
            paced(world.ask, world.pacers(), "p", nothing),
            Policy(),
            clock=asyncio.get_running_loop().time,
        )
        outcomes = await asyncio.gather(*(ask(numbered(n)) for n in range(3)))
        return outcomes, asyncio.get_running_loop().time()

    outcomes, seconds = clock.run(main())
    assert {(o.kind, o.stops_run) for o in outcomes} == {("quota", True)}
    assert 15 * 60 <= seconds <= 18 * 60
    assert len(world.sent) <= 70


def test_a_change_of_the_pace_is_told(clock: ModuleType) -> None:
    """Which model, of what, how many a minute, and why: a line of the log."""
    world = World([YES] * 100 + [replace(RATE, message="Too many.", wait_seconds=10.0), YES])
    events: list[Event] = []

    async def main() -> None:
        ask = paced(world.ask, world.pacers(), "p", nothing, log=events.append)
        for number in range(101):
            await ask(numbered(number))

    clock.run(main())
    assert [(event.name, dict(event.fields)) for event in events] == [
        ("rate", {"model": "m", "of": "requests", "per_minute": 49.0, "why": "Too many."}),
        ("gate", {"model": "m", "wait_seconds": 10.5, "why": "Too many."}),
    ]


def test_a_cancelled_request_makes_room_for_another(clock: ModuleType) -> None:
    """A second Ctrl-C, or a provider that raises: the count of those under way stays right."""
    world = World()

    async def main() -> int:
        pacers = world.pacers()
        ask = paced(world.ask, pacers, "p", nothing)
        tasks = [asyncio.ensure_future(ask(numbered(n))) for n in range(3)]
        await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return pacers.of("p", "m").in_flight

    assert clock.run(main()) == 0


def test_an_image_that_cannot_be_read_says_nothing_about_the_service(clock: ModuleType) -> None:
    """While the breaker is open, the next request finds out."""
    gone = Failure("image", "It is gone.")
    world = World([BUSY] * 5 + [gone, YES])

    async def main() -> list[Response | Failure]:
        ask = paced(world.ask, world.pacers(), "p", nothing, log=world.log)
        return [await ask(numbered(n)) for n in range(7)]

    assert clock.run(main()) == [BUSY] * 5 + [gone, YES]
    assert world.events == [("breaker", 1.0), ("breaker", 0.0)]


def test_the_time_of_day_does_not_matter(
    clock: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set back or forward, by a person or by NTP: nobody looks at it (F312)."""
    assert Pacers().clock is time.monotonic
    world = World([replace(RATE, wait_seconds=20.0), YES])

    def nobody_asks() -> float:
        raise AssertionError("the time of day was asked for")

    async def main() -> Response | Failure:
        inner = paced(world.ask, world.pacers(), "p", nothing, quota=Quota(60, 1000))
        ask = retrying(inner, Policy(), clock=asyncio.get_running_loop().time)
        for number in range(5):
            await ask(numbered(number))
        return await ask(HELLO)

    monkeypatch.setattr(time, "time", nobody_asks)
    monkeypatch.setattr(time, "time_ns", nobody_asks)
    outcome = clock.run(main())
    monkeypatch.undo()
    assert outcome == YES


def test_a_wait_too_short_for_a_clock_is_never_slept(clock: ModuleType) -> None:
    """A timer rings a nanosecond early: what is left would be slept for again and again."""
    world, slept = World(), []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(seconds * (1 - 1e-9))

    async def main() -> None:
        ask = paced(world.ask, world.pacers(), "p", nothing, quota=Quota(30), sleep=sleep)
        for number in range(5):
            await ask(numbered(number))

    clock.run(main())
    assert len(world.sent) == 5
    assert min(slept) == 1e-4


def test_a_deadlock_is_an_error(clock: ModuleType) -> None:
    """The clock of these tests does not hang."""
    with pytest.raises(clock.Deadlock):
        clock.run(asyncio.Event().wait())
