"""Inquire: one request of a step → its result; recalled where it was answered, else asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from runner.roles import Ask, Journal, Kept, Origin
from runner.stages.answer import Asked, answered
from runner.stages.chain import under_way
from runner.stages.halt import Halt, HaltKind
from runner.stages.recall import Recall
from runner.stages.second_try import is_out_of_room, second_tries, with_earlier_try
from runner.transport.classify import LIMIT_ZERO, decide
from runner.transport.journaled import UnderWay
from runner.transport.quote import Quote
from runner.transport.streak import Streak
from runner.values.question import Question
from runner.values.request import Request
from runner.values.response import Failure, Response
from runner.values.result import USABLE, Result
from runner.workflow.spec import AskStep, Workflow


@dataclass(frozen=True, slots=True)
class Concluded:
    """A result, where its response came from, and whether an earlier session had that already.
    `is_known`: so had it the result. `is_out_of_room`: its answer was cut off at
    `max_output_tokens`."""

    result: Result
    origin: Origin = "asked"
    earlier: bool = False
    is_known: bool = False
    is_out_of_room: bool = False
    parts: tuple[Concluded, ...] = ()
    """What it was joined of, when a step asks several questions."""

    @property
    def answers(self) -> tuple[Concluded, ...]:
        """The single answers: itself, or those that it was joined of."""
        if not self.parts:
            return (self,)
        return tuple(answer for part in self.parts for answer in part.answers)


@dataclass(slots=True)
class _Door:
    """One task at a time works on a request; `wanted` counts those that do or wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


@dataclass(slots=True)
class Inquiry:
    """Asks what is not known yet. `asks` has the way to each provider; `day` is that of the prices;
    `stop` ends the run, with the reason."""

    workflow: Workflow
    journal: Journal
    recall: Recall
    halt: Halt
    day: date
    quote: Callable[[Request], Quote]
    stop: Callable[[HaltKind, str], None]
    asks: Mapping[str, Ask] = field(default_factory=dict)
    streak: Streak = field(default_factory=Streak)
    _doors: dict[str, _Door] = field(default_factory=dict)

    async def of(self, asked: Asked, request: Request) -> Concluded | None:
        """What came of a request, with the further tries that the workflow wants; None when the run
        was halted before it was answered."""
        again: tuple[Request, ...] = ()
        if self.workflow.run.on_cut_off == "retry":
            again = second_tries(request, self.workflow.models[request.model].output_limit)
        found = await self._once(asked, request, has_another_try=bool(again))
        for number, each in enumerate(again, start=1):
            if found is None or found.is_known or not found.is_out_of_room:
                break
            before = found.result
            found = await self._once(asked, each, has_another_try=number < len(again))
            if found is not None and not found.is_known:
                found = replace(found, result=with_earlier_try(found.result, before))
        return found

    async def _once(
        self, asked: Asked, request: Request, *, has_another_try: bool
    ) -> Concluded | None:
        """What came of a request: of this session, of another, or of another run."""
        key = request.key
        async with self._alone(key):  # the same request is asked once
            known = await self.journal.result(asked.ordinal, key)
            if known and not (has_another_try and known[0].status == "truncated"):
                return Concluded(*known, earlier=True, is_known=True)
            assert isinstance(asked.step, AskStep)
            name = f"{asked.job.case.name}, {asked.step.id}"
            question = Question(key, asked.ordinal, name, self.quote(request).likely_usd)
            under_way.set(UnderWay(question))

            def leads_on(response: Response) -> bool:
                return has_another_try and is_out_of_room(response)

            provider = asked.step.provider
            reply: Kept | Failure | None = await self.recall.find(question, provider, leads_on)
            if reply is None:
                reply = await self._answer(request, provider)
                if isinstance(reply, Failure):
                    await self.journal.give_up(key, reply)
            if reply is None:
                return None
            may_lead_on = isinstance(reply, Kept) and leads_on(reply.response)
            return await self._concluded(asked, request, reply, leads_on=may_lead_on)

    async def _concluded(
        self, asked: Asked, request: Request, reply: Kept | Failure, *, leads_on: bool
    ) -> Concluded:
        assert isinstance(asked.step, AskStep)
        response = reply if isinstance(reply, Failure) else reply.response
        sent = under_way.get().sent if isinstance(reply, Failure) else reply.sent
        model = self.workflow.models[request.model]
        day = (None if isinstance(reply, Failure) else reply.day) or self.day
        result = await asyncio.to_thread(answered, asked, request, response, model, day, sent)
        if isinstance(reply, Failure):
            return Concluded(result)
        if result.status in USABLE or leads_on:  # to the one with more room
            self.recall.keep(asked.step.provider, request.key, reply)
        cut_off = is_out_of_room(reply.response)
        return Concluded(result, reply.origin, reply.earlier, is_out_of_room=cut_off)

    async def _answer(self, request: Request, provider: str) -> Kept | Failure | None:
        """The service's answer; None when it says something about the run instead."""
        if self.halt.is_called:
            return None
        reply = await self.asks[provider](request)
        if why := self.streak.add(reply):
            self.stop("service", why)
        if isinstance(reply, Response):
            return Kept(reply, under_way.get().sent)
        if reply.kind == "not_sent" and not reply.stops_run:
            return None
        if reply.stops_run or reply.kind == "quota":
            may_go_on = reply.kind in ("quota", "not_sent") and reply.code != LIMIT_ZERO
            self.stop("limit" if may_go_on else "service", reply.message)
            return None
        cut_short = self.halt.kind is not None and decide(reply) in ("retry", "throttle")
        return None if cut_short else reply

    @asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        """Lets only one task at a time work on a request."""
        door = self._doors.setdefault(key, _Door())
        door.wanted += 1
        try:
            async with door.lock:
                yield
        finally:
            door.wanted -= 1
            if not door.wanted:
                del self._doors[key]
