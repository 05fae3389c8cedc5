"""Execute: a plan → results, as they come; recalled, cached, paced, retried and halted on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from runner.executors import EXECUTORS
from runner.providers import PROVIDERS
from runner.roles import (
    AnswerCache,
    Ask,
    Connection,
    Journal,
    Kept,
    Log,
    Origin,
    Passing,
    UploadMemory,
    Uploads,
    no_log,
)
from runner.sources.prepare import prepare
from runner.stages.answer import Asked, answered, unasked
from runner.stages.expand import NotBuilt, build, jobs
from runner.stages.gather import gather
from runner.stages.halt import Halt, HaltKind, stop_on_signals
from runner.stages.passing import uses_of
from runner.stages.plan import ASSUMED_OUTPUT_TOKENS
from runner.stages.second_try import is_out_of_room, second_tries, with_earlier_try
from runner.text.render import Renderer
from runner.tokens import cost, input_tokens
from runner.transport.budget import Budget, within
from runner.transport.classify import LIMIT_ZERO, decide
from runner.transport.journaled import UnderWay, journaled
from runner.transport.pacing import Pacers, Quota, paced
from runner.transport.quote import Quote, quote
from runner.transport.retry import retrying
from runner.transport.streak import Streak
from runner.transport.uploading import ThisProcess, uploading
from runner.values.event import concluded, halted, recalled, uploaded, waiting
from runner.values.image import DataOrigin, Image, Prepared, UnreadableImage
from runner.values.job import Job
from runner.values.passing import KnownFile
from runner.values.question import Question
from runner.values.request import Request
from runner.values.response import Failure, Response
from runner.values.result import USABLE, Result
from runner.workflow.spec import AskStep, Workflow

_under_way: ContextVar[UnderWay] = ContextVar("under_way")
"""The question that this task is asking; the threads in which images are read inherit it."""

SIMULATOR = "simulator"
"""Its answers cost nothing and change with the version: they are never stored for other runs."""


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


@dataclass(slots=True)
class _Turn:
    """One task at a time works on a request; `wanted` counts those that do or wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


@dataclass(slots=True)
class Asking:
    """The part of a run that waits for the service.

    `downloads` keeps the web images that are fetched; `say` tells a person something at once;
    `inline` holds the images that stand in the workflow itself, by their SHA-256. `day` is that of
    the prices of what is asked now; `uploads` remembers what was uploaded before; without `pacers` everything is sent at once. Requests whose key is in `left_out` are not sent: they may be paid for already.
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
    asks: dict[str, Ask] = field(default_factory=dict)
    renderer: Renderer = field(default_factory=Renderer)
    streak: Streak = field(default_factory=Streak)
    _turns: dict[str, _Turn] = field(default_factory=dict)

    async def results(self) -> AsyncIterator[list[Concluded]]:
        """What came of each job of the plan, as soon as it has come to its end."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.renderer)
            stack.enter_context(stop_on_signals(self.halt, self.say))
            for name in sorted({step.provider for step in self.workflow.steps}):
                connection = replace(self.connection.of(name), passing=self._passing(name))
                opened = PROVIDERS.load(name)().open(connection, _fetch)
                self.asks[name] = self._ask(name, await stack.enter_async_context(opened))
            executor = EXECUTORS["local"](self.workflow.run.parallel)
            async with aclosing(executor.run(self._jobs(), self._job)) as done:
                async for each in done:
                    yield each

    def _ask(self, name: str, provider: Ask) -> Ask:
        """From the service outwards: one attempt is remembered, waits for its turn, keeps to the
        budget, and is repeated where that may help."""

        def stopped() -> bool:
            return self.halt.is_called

        attempt = journaled(provider, self.journal, _under_way.get, self.log, self._cost)
        in_turn = attempt if self.pacers is None else self._paced(attempt, name, self.pacers)
        affordable = within(in_turn, self.budget, self._quote, stopped)
        if isinstance(provider, Uploads):
            affordable = uploading(affordable, provider)
        policy = self.connection.policy
        return retrying(
            affordable, policy, sleep=self.halt.sleep, stopped=stopped, waits=self._waits
        )

    def _paced(self, ask: Ask, name: str, pacers: Pacers) -> Ask:
        limits = self.workflow.run
        return paced(
            ask,
            pacers,
            name,
            lambda request: input_tokens(self.workflow.models[request.model], request).tokens,
            quota=Quota(limits.requests_per_minute, limits.tokens_per_minute),
            sleep=self.halt.sleep,
            stopped=lambda: self.halt.is_called,
            log=self.log,
        )

    def _passing(self, provider: str) -> Passing | None:
        """How images travel; None for within their requests, as always."""
        upload = self.workflow.preparation.upload
        if upload not in ("auto", "files"):
            return None
        memory = None if provider == SIMULATOR else self.uploads  # its files end with the run
        return Passing(
            upload,
            uses_of(self.workflow),
            memory or ThisProcess(),
            sleep=self.halt.sleep,
            sent=_note_sent,
            uploaded=self._uploaded,
            stopped=lambda: self.halt.is_called,
        )

    def _uploaded(self, image: Image, file: KnownFile, again: bool, seconds: float) -> None:
        self.log(uploaded(_under_way.get().question, image.name, file, seconds, again=again))

    def _jobs(self) -> Iterator[Job]:
        cases = gather(self.workflow, allow_private=self.allow_private, downloads=self.downloads)
        for job in jobs(self.workflow, cases):
            if self.halt.is_called:
                return
            yield job

    async def _job(self, job: Job) -> list[Concluded]:
        """One case through its steps; what was answered before a halt is kept."""
        self.inline |= _written_in(job)
        done: list[Concluded] = []
        for position, step in enumerate(self.workflow.steps):
            ordinal = job.number * len(self.workflow.steps) + position
            earlier = {each.result.step: each.result for each in done}
            try:
                each = await self._step(job, step, ordinal, earlier)
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

    def _tell(self, each: Concluded) -> None:
        """Logs a result; one that is new and not usable may be the end of the run."""
        result = each.result
        name = _name(result.case, result.step)
        self.log(concluded(name, result, each.origin, earlier=each.earlier))
        is_bad = result.status not in USABLE and not each.is_known
        if is_bad and self.workflow.run.on_error == "stop":
            self.stop("on_error", f"{result.case}: {result.error}")

    async def _step(
        self, job: Job, step: AskStep, ordinal: int, earlier: Mapping[str, Result]
    ) -> Concluded | None:
        """One answer, or None when the run was halted before this step was asked."""
        render = self.renderer.render
        request = await asyncio.to_thread(build, self.workflow, step, job, earlier, render)
        base, folder = self.workflow.path.absolute().parent, self.downloads.absolute().parent
        asked = Asked(job, step, ordinal, _images_of(request, job), base, folder)
        if isinstance(request, NotBuilt):
            return Concluded(unasked(asked, request))
        again: tuple[Request, ...] = ()
        if self.workflow.run.on_cut_off == "retry":
            again = second_tries(request, self.workflow.models[request.model].output_limit)
        found = await self._asked(asked, request, has_another_try=bool(again))
        for number, each in enumerate(again, start=1):
            if found is None or found.is_known or not found.is_out_of_room:
                break
            before = found.result
            found = await self._asked(asked, each, has_another_try=number < len(again))
            if found is not None and not found.is_known:
                found = replace(found, result=with_earlier_try(found.result, before))
        return found

    async def _asked(
        self, asked: Asked, request: Request, *, has_another_try: bool
    ) -> Concluded | None:
        """What came of a request: of this session, of another, or of another run."""
        key = request.key
        async with self._turn(key):  # the same request is asked once
            known = await self.journal.result(asked.ordinal, key)
            if known and not (has_another_try and known[0].status == "truncated"):
                return Concluded(*known, earlier=True, is_known=True)
            name = _name(asked.job.case.name, asked.step.id)
            price = self._quote(request)
            _under_way.set(UnderWay(Question(key, asked.ordinal, name, price.likely_usd)))
            reply = await self._remembered(asked.step.provider)
            if reply is None:
                reply = await self._answer(request, asked.step.provider)
            return None if reply is None else await self._concluded(asked, request, reply)

    async def _concluded(self, asked: Asked, request: Request, reply: Kept | Failure) -> Concluded:
        response = reply if isinstance(reply, Failure) else reply.response
        sent = _under_way.get().sent if isinstance(reply, Failure) else reply.sent
        model = self.workflow.models[request.model]
        day = (None if isinstance(reply, Failure) else reply.day) or self.day
        result = await asyncio.to_thread(answered, asked, request, response, model, day, sent)
        if isinstance(reply, Failure):
            return Concluded(result)
        provider, mode = asked.step.provider, self.workflow.run.cache
        is_new = reply.origin == "asked"  # in this session, or in one that was killed at this point
        keeps = mode in ("use", "refresh") and provider != SIMULATOR
        cut_off = is_out_of_room(reply.response)
        is_step = (
            cut_off and self.workflow.run.on_cut_off == "retry"
        )  # to the answer with more room
        if self.cache and keeps and is_new and (result.status in USABLE or is_step):
            self.cache.put(endpoint(provider, self.connection), request.key, reply)
        return Concluded(result, reply.origin, reply.earlier, is_out_of_room=cut_off)

    async def _remembered(self, provider: str) -> Kept | Failure | None:
        """The response to a request that need not be asked (again), if there is one."""
        question, mode = _under_way.get().question, self.workflow.run.cache
        if kept := await self.journal.response(question.key):
            if kept.ordinal not in (question.ordinal, -1):
                kept = replace(kept, origin="shared")
            self.log(recalled(question, kept.origin))
            return kept
        if question.key in self.left_out:
            why = "sent before the run was killed, and perhaps paid for; not asked again"
            return Failure("doubtful", f"{why} (on_doubtful)", maybe_billed=True)
        if provider == SIMULATOR:
            return None
        if kept := await self._cached(provider, question.key):
            kept = replace(kept, origin="cache", ordinal=question.ordinal)
            await self.journal.adopt(question.key, kept)
            self.log(recalled(question, "cache"))
            return kept
        if mode == "only":
            return Failure("not_cached", "no answer is stored, and `cache: only` never asks")
        return None

    async def _cached(self, provider: str, key: str) -> Kept | None:
        if self.cache is None or self.workflow.run.cache not in ("use", "only"):
            return None
        return await self.cache.get(endpoint(provider, self.connection), key)

    async def _answer(self, request: Request, provider: str) -> Kept | Failure | None:
        """The service's answer; None when it says something about the run instead."""
        if self.halt.is_called:
            return None
        reply = await self.asks[provider](request)
        if why := self.streak.add(reply):
            self.stop("service", why)
        if isinstance(reply, Response):
            return Kept(reply, _under_way.get().sent)
        if reply.kind == "not_sent" and not reply.stops_run:
            return None
        if reply.stops_run or reply.kind == "quota":
            may_go_on = reply.kind in ("quota", "not_sent") and reply.code != LIMIT_ZERO
            self.stop("limit" if may_go_on else "service", reply.message)
            return None
        cut_short = self.halt.kind is not None and decide(reply) in ("retry", "throttle")
        return None if cut_short else reply

    def stop(self, kind: HaltKind, why: str) -> None:
        """Nothing more is asked."""
        if not self.halt.is_called:
            self.log(halted(kind, why))
        self.halt.now(kind, why)

    def _waits(self, failure: Failure, seconds: float) -> None:
        self.log(waiting(_under_way.get().question, failure, seconds))

    def _quote(self, request: Request) -> Quote:
        return quote(self.workflow.models[request.model], request, self.day, ASSUMED_OUTPUT_TOKENS)

    def _cost(self, request: Request, response: Response) -> float | None:
        return cost(self.workflow.models[request.model], response.usage, self.day)

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        """Lets only one task at a time work on a request."""
        turn = self._turns.setdefault(key, _Turn())
        turn.wanted += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[key]


def endpoint(provider: str, connection: Connection) -> str:
    """Who answers, as the cache names it."""
    return f"{provider} {connection.of(provider).base_url or ''}".strip()


def _fetch(image: Image) -> Prepared:
    prepared = prepare(image)
    _note_sent(image, replace(prepared, content=b""))
    return prepared


def _note_sent(image: Image, prepared: Prepared) -> None:
    _under_way.get().sent[image.digest] = prepared


def _name(case: str, step: str) -> str:
    return f"{case}, {step}"


def _written_in(job: Job) -> dict[str, bytes]:
    """The images of a job that stand in the workflow itself, by their SHA-256."""
    return {
        image.sha256: image.origin.content
        for image in job.case.images
        if isinstance(image, Image) and isinstance(image.origin, DataOrigin) and image.sha256
    }


def _images_of(request: Request | NotBuilt, job: Job) -> tuple[Image | UnreadableImage, ...]:
    return request.images if isinstance(request, Request) else job.case.images
