"""Batching: instead of being sent, a request is put off: a line of a file that becomes a batch.

A run in batches goes through its plan in waves. What a wave puts off is answered before the next one,
which finds the answers in the journal and puts off what follows from them; nothing is put off any
more when all is answered.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from runner.catalogue import Model
from runner.roles import Ask, BatchBook, Batches, ImageError, LeftBehind, Log, TakesBatches
from runner.stages.chain import under_way
from runner.stages.halt import Halt
from runner.text.words import number
from runner.tokens import input_tokens
from runner.transport.budget import Budget
from runner.transport.classify import decide
from runner.transport.quote import Quote
from runner.transport.retry import FEW_RETRIES
from runner.values.batch import Part, Waiting
from runner.values.content import Content
from runner.values.event import asked, batch
from runner.values.job import Job
from runner.values.question import Question
from runner.values.request import Policy, Request
from runner.values.response import Failure, Response

PUT_OFF = Failure("not_sent", "it is answered by a batch")
"""What an `Ask` says that will have an answer later."""

PART_BYTES = 2_000_000_000
"""Of one file. Source: ai.google.dev, Files API: 2 GB."""

PART_TOKENS = 2_000_000
"""Estimated input of one batch. A project may queue a few million tokens for a model, or many more;
what it may is not told. A batch that is too large is never taken, one that waits for another is."""

PART_REQUESTS = 20_000

WAVE_BYTES = 16_000_000_000
"""Of all files of a wave: a project holds 20 GB. Source: ai.google.dev, Files API."""


class StuckError(Exception):
    """Nothing would ever come of what is awaited; the message says what that is."""


@dataclass(slots=True)
class _Writing:
    """A part of which the file is open."""

    part: Part
    file: BinaryIO
    tokens: int = 0


@dataclass(slots=True)
class Batching:
    """Puts off requests, and remembers which jobs are not through.

    `folder` is where the files of the parts lie. `is_on` is False for a run that asks one by one now
    and has parts from before: nothing new is put off then. A limit on money holds: what may not fit
    waits for a later wave, when the answers of this one have shown what they cost.
    """

    book: BatchBook
    folder: Path
    budget: Budget
    halt: Halt
    log: Log
    quote: Callable[[Request], Quote]
    models: Mapping[str, Model]
    policy: Policy
    is_on: bool = True
    left_behind: LeftBehind | None = None
    services: dict[str, Batches] = field(default_factory=dict)
    inherited: frozenset[int] = frozenset()
    """The parts that an earlier process left."""
    _bytes: int = 0
    _writing: dict[tuple[str, str], _Writing] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _told: dict[int, int] = field(default_factory=dict)
    """Of each job that is not through: a bit for every step whose result was told."""
    _begun: bool = False
    _has_moved: bool = False
    """Whether this wave has put off or told something that no wave before it had."""

    async def begin(self) -> bool:
        """Takes up what earlier processes left; False when there is nothing to do for batches."""
        parts = await self.book.parts()
        self.inherited = frozenset(part.id for part in parts)
        for part in parts:
            if part.stage == "writing":  # nothing of it was sent
                self.file_of(part).unlink(missing_ok=True)
                await self.book.drop(part)
        for model, (count, dollars) in (await self.book.held()).items():
            self.budget.hold(model, count, dollars)
        has_sent = any(part.stage != "writing" for part in parts)
        return self.is_on or has_sent or self.left_behind is not None

    def around(self, provider: str, service: Ask, ask: Ask) -> Ask:
        """An `Ask` that puts off what is to be answered by a batch; `ask` asks at once."""
        if not isinstance(service, TakesBatches):
            return ask
        batches = service.batches(self.halt.sleep, lambda: self.halt.is_called)
        self.services[provider] = batches

        async def put_off(request: Request) -> Response | Failure:
            known = await self._known(under_way.get().question)
            if known is not None and known.part is not None:
                return PUT_OFF
            if known is not None and known.failure is not None and not self._again(known):
                return replace(known.failure, attempts=known.tries, in_batch=True)
            if not self.is_on:
                return await ask(request)
            tries = known.tries if known is not None else 0
            return await self._put(request, provider, batches, tries)

        return put_off

    async def close(self) -> None:
        """Ends the wave: its files are whole, and on the disk. Of a run that was halted, they are
        left to be written anew."""
        for writing in self._writing.values():
            await self._close(writing)
        self._writing.clear()
        self._bytes = 0

    def wants(self, job: Job) -> bool:
        """Whether a job is to be looked at in this wave: all of them in the first, then those that
        were not through."""
        return not self._begun or job.number in self._told

    def is_told(self, job: Job, position: int) -> bool:
        """Whether the result of a step was told in an earlier wave; it is now."""
        mask = self._told.get(job.number, 0)
        self._told[job.number] = mask | 1 << position
        is_told = bool(mask >> position & 1)
        self._has_moved |= not is_told
        return is_told

    def mark(self, job: Job, *, is_through: bool) -> None:
        """A job has come to its end, or has steps that were put off."""
        if is_through:
            self._told.pop(job.number, None)
        else:
            self._told.setdefault(job.number, 0)

    def next_wave(self, *, has_waited: bool) -> bool:
        """From here on, only jobs that were not through are looked at; False when there are none.
        `has_waited`: a batch has come to its end since. Raises `StuckError` when another wave would be
        like this one."""
        if self._told and not (has_waited or self._has_moved):
            cases = number(len(self._told), "case")
            raise StuckError(f"no batch is left that could answer what is open of {cases}")
        self._begun, self._has_moved = True, False
        return bool(self._told)

    def file_of(self, part: Part) -> Path:
        """Where the requests of a part are written."""
        return self.folder / f"{part.name}.jsonl"

    async def _known(self, question: Question) -> Waiting | None:
        """What is known of a request that was put into a batch; those of earlier runs move here."""
        known = await self.book.waiting(question.key)
        if known is None and self.left_behind is not None:
            for each in await self.left_behind.take(question.key, self.book):
                self.budget.hold(each.model, 1, each.reserved_usd)
            known = await self.book.waiting(question.key)
        if known is not None and known.question.ordinal < 0:
            await self.book.claim(question)
        return known

    def _again(self, known: Waiting) -> bool:
        """Whether a request whose last try failed is put into another batch."""
        assert known.failure is not None
        match decide(known.failure):
            case "stop":  # the run ended for it; who starts it again has mended that
                return True
            case "retry" | "throttle":
                return known.tries <= min(self.policy.retries, FEW_RETRIES)
            case _:
                return False

    async def _put(
        self, request: Request, provider: str, batches: Batches, tries: int
    ) -> Response | Failure:
        price = self.quote(request)
        held = None if self._bytes > WAVE_BYTES else self.budget.set_aside(price)
        if held is None or isinstance(held, Failure):  # None: for a wave after this one
            return PUT_OFF if held is None else held
        line = await batches.line(request)
        if isinstance(line, Failure):
            self.budget.release(price, held, 0.0, sent=False)
            return line
        now = under_way.get()
        waiting = Waiting(
            now.question,
            request.model,
            dict(now.sent),
            held,
            price.most_usd,
            price.is_bounded,
            tries + 1,
        )
        tokens = input_tokens(self.models[request.model], request).tokens
        try:
            async with self._turn:
                await self._write(waiting, provider, line, tokens)
        except ImageError as error:  # an image of which the bytes are read only now
            self.budget.release(price, held, 0.0, sent=False)
            return Failure("image", str(error))
        now.tries = tries + 1
        self._has_moved = True
        self.log(asked(now.question, now.tries, request.model))
        return PUT_OFF

    async def _write(
        self, waiting: Waiting, provider: str, line: Sequence[Content], tokens: int
    ) -> None:
        length = sum(map(len, line))
        writing = await self._part_for(provider, waiting.model, length, tokens)
        part = writing.part
        await asyncio.to_thread(_append, writing.file, part.bytes, line)
        writing.part = replace(part, requests=part.requests + 1, bytes=part.bytes + length)
        writing.tokens += tokens
        self._bytes += length
        await self.book.add(replace(waiting, part=part.id))

    async def _part_for(self, provider: str, model: str, length: int, tokens: int) -> _Writing:
        """The part that is being written for a model; a new one when this would be too much."""
        writing = self._writing.get((provider, model))
        if writing is not None:
            part = writing.part
            fits = part.bytes + length <= PART_BYTES and part.requests < PART_REQUESTS
            if fits and writing.tokens + tokens <= PART_TOKENS:
                return writing
            await self._close(writing)
        part = await self.book.begin(provider, model, f"askpix-{token_hex(8)}")
        self.folder.mkdir(exist_ok=True)
        writing = _Writing(part, self.file_of(part).open("wb"))
        self._writing[provider, model] = writing
        return writing

    async def _close(self, writing: _Writing) -> None:
        with writing.file as file:
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        if not writing.part.requests:  # no image of its only request could be read
            self.file_of(writing.part).unlink(missing_ok=True)
            await self.book.drop(writing.part)
            return
        if not self.halt.is_called:
            await self.book.mark(replace(writing.part, stage="written"))
            self.log(batch(writing.part, "written"))


BLOCK = 1 << 20


def _append(file: BinaryIO, length: int, line: Sequence[Content]) -> None:
    """Writes a line after so many bytes; all of it, or nothing when a piece cannot be read."""
    try:
        for piece in line:
            file.writelines(piece[at : at + BLOCK] for at in range(0, len(piece), BLOCK))
    except ImageError:
        file.seek(length)
        file.truncate()
        raise
