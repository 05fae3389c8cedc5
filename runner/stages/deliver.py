"""Deliver: the parts of a wave → batches of the service → responses in the journal.

Every step is written down before the next one, and the one that costs money before it is taken, too:
a process that is killed anywhere goes on where it was, and creates no batch a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from runner.catalogue import Model
from runner.roles import BatchBook, Batches, Kept, Log
from runner.stages.batching import Batching
from runner.stages.halt import Halt, HaltKind
from runner.tokens import cost
from runner.transport.budget import Budget
from runner.transport.classify import LIMIT_ZERO, PATIENCE_SECONDS, decide
from runner.transport.quote import Quote
from runner.values.batch import OVER, Part, RemoteBatch, Waiting
from runner.values.event import answered, batch, missed
from runner.values.response import Failure, FailureKind, Response, Usage

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
GROWTH = 1.5

MOST_AT_ONCE = 100
"""So many batches of a project may be under way. Source: ai.google.dev, Batch API."""

TOGETHER = 64
"""So many answers are on their way to the journal at a time."""

GONE = frozenset({"file_gone", "not_found"})


@dataclass(slots=True)
class Delivery:
    """Brings every part of a run to its end. `stop` ends the run, with the reason; `say` tells a
    person something at once; `asks_again`: answers that were lost, and perhaps paid for, are asked
    for again."""

    batching: Batching
    halt: Halt
    log: Log
    say: Callable[[str], None]
    stop: Callable[[HaltKind, str], None]
    day: date
    asks_again: bool = True
    _known: dict[int, tuple[object, ...]] = field(default_factory=dict)
    _tried: set[int] = field(default_factory=set)
    """Parts of which the upload was tried, by this process or perhaps by one before."""
    _refused_since: float | None = None
    _has_said: bool = False

    @property
    def book(self) -> BatchBook:
        """What the journal remembers of batches."""
        return self.batching.book

    @property
    def budget(self) -> Budget:
        """What may still be spent."""
        return self.batching.budget

    async def all(self) -> bool:
        """Waits until everything that was put off is answered; False when the run was halted."""
        pause = FIRST_PAUSE_SECONDS
        self._tried |= self.batching.inherited
        while parts := await self.book.parts():
            before = parts
            for part in parts:
                if not self.halt.is_called:
                    await self._forward(part)
            if self.halt.is_called:
                self._tell_how_to_go_on(await self.book.parts())
                return False
            parts = await self.book.parts()
            if not parts:
                break
            self._tell_that_it_takes_long(parts)
            moved = [each.stage for each in parts] != [each.stage for each in before]
            pause = FIRST_PAUSE_SECONDS if moved else min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
            await self.halt.sleep(pause)
        self.budget.held, self.budget.held_usd = 0, 0.0  # whatever was damaged on the way
        with suppress(OSError):  # there is none, or somebody put something into it
            self.batching.folder.rmdir()
        return True

    async def _forward(self, part: Part) -> None:
        """Takes a part as far as it gets now."""
        while not self.halt.is_called:
            before, outcome = part, await self._step(part)
            if isinstance(outcome, Failure):
                await self._trouble(part, outcome)
                return
            part = outcome
            if part.stage == before.stage or part.stage == "closed":
                return

    async def _step(self, part: Part) -> Part | Failure:
        """One step further: the part as it is then, and written down."""
        service = self.batching.services.get(part.provider)
        if service is None:
            return Failure("bad_request", f"nobody asks `{part.provider}` any more")
        if part.stage in ("uploaded", "creating", "created") and part.project != service.project:
            why = "the batches of this run were sent with another API key; only that one can take them"
            return Failure("credentials", why, stops_run=True)
        match part.stage:
            case "written":
                return await self._upload(part, service)
            case "uploaded":
                return await self._create(part, service)
            case "creating":
                found = await service.find(part.name)
                return await self._created(part, found) if found else await self._ask(part, service)
            case "created":
                return await self._look(part, service)
            case "recorded":
                return await self._clean(part, service)
            case _:
                return part

    async def _upload(self, part: Part, service: Batches) -> Part | Failure:
        """A part that another process has written may have been uploaded by it."""
        file = self.batching.file_of(part)
        if not file.exists():
            return Failure("bad_request", f"{file} is gone")
        may_be_there = part.id in self._tried
        self._tried.add(part.id)
        name = await service.upload(file, part.name, look=may_be_there)
        if isinstance(name, Failure):
            return name
        sent = replace(part, stage="uploaded", input=name, project=service.project)
        return await self._mark(sent)

    async def _create(self, part: Part, service: Batches) -> Part | Failure:
        """Written down first: whoever comes later looks whether it was created."""
        under_way = [each for each in await self.book.parts() if each.stage == "created"]
        if len(under_way) >= MOST_AT_ONCE:
            return part
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return await self._ask(
            await self._mark(replace(part, stage="creating", created_utc=now)), service
        )

    async def _ask(self, part: Part, service: Batches) -> Part | Failure:
        found = await service.create(part.model, part.input or "", part.name)
        if isinstance(found, Failure) and found.kind == "file_gone" and part.why != _AGAIN:
            # The file has expired: the run was stopped for long before it came to this.
            return await self._mark(replace(part, stage="written", input=None, why=_AGAIN))
        return await self._created(part, found)

    async def _created(self, part: Part, found: RemoteBatch | Failure) -> Part | Failure:
        if isinstance(found, Failure):
            return found
        self._refused_since = None
        told = replace(part, stage="created", batch=found.name, state=found.state, why="")
        await self._mark(told, found)
        self.batching.file_of(part).unlink(missing_ok=True)
        return told

    async def _look(self, part: Part, service: Batches) -> Part | Failure:
        """How a batch is; when it is over, what it has answered."""
        found = await service.get(part.batch or "")
        if isinstance(found, Failure):
            return await self._lose(part, found) if found.kind in GONE else found
        self._tell(part, found)
        if found.state not in OVER:
            part, before = replace(part, state=found.state), part
            return part if part == before else await self._mark(part, found)
        part = replace(part, state=found.state, output=found.output, why=found.error)
        if found.output and (failure := await self._take(part, found.output, service)):
            return await self._lose(part, failure) if failure.kind in GONE else failure
        await self._miss(part, _unanswered(found))
        return await self._mark(replace(part, stage="recorded"), found)

    async def _take(self, part: Part, output: str, service: Batches) -> Failure | None:
        """Takes in the answers of a file; once more when the file came damaged. Answers that are
        here already, by an earlier process or by a first look, stay as they are."""
        target = self.batching.folder / f"{part.name}.answers.jsonl"
        target.parent.mkdir(exist_ok=True)
        flaws: dict[str, Failure] = {}
        for _ in range(2):
            headers = await service.download(output, target)
            if isinstance(headers, Failure):
                target.unlink(missing_ok=True)
                return headers
            flaws = await self._read(part, target, service, headers)
            if not flaws and not await self.book.unanswered(part):
                break
        target.unlink(missing_ok=True)
        for key, failure in flaws.items():
            await self._missed(part, key, failure)
        return None

    async def _read(
        self, part: Part, target: Path, service: Batches, headers: Mapping[str, str]
    ) -> dict[str, Failure]:
        """Takes in the lines of a file; the keys of those that are damaged."""
        flaws: dict[str, Failure] = {}

        async def take(key: str, answer: Response | Failure) -> None:
            if isinstance(answer, Failure) and answer.kind in ("unreadable", "transport"):
                flaws[key] = answer
            elif isinstance(answer, Failure):
                await self._missed(part, key, answer)
            else:
                await self._answered(part, key, answer)

        most = self.batching.policy.max_answer_bytes
        for lines in _lines(target, most):
            found: dict[str, Response | Failure] = {}
            for line in lines:
                key, answer = service.read(line, part.model, headers)
                if not isinstance(found.get(key), Response):  # the same key twice is one answer
                    found[key] = answer
            await asyncio.gather(*(take(*each) for each in found.items()))
        return {key: flaw for key, flaw in flaws.items() if key}

    async def _answered(self, part: Part, key: str, response: Response) -> None:
        waiting = await self._waiting(part, key)
        if waiting is None:
            return
        model = self._model(waiting)
        dollars = cost(model, response.usage, self.day)
        await self.book.answered(waiting, Kept(response, waiting.sent), dollars)
        price = self._quote(waiting)
        self.budget.release(price, waiting.reserved_usd, dollars or 0.0)
        if dollars is not None:
            self.budget.learn(price, dollars)
        self.log(answered(waiting.question, waiting.tries, response, dollars))

    async def _missed(self, part: Part, key: str, failure: Failure) -> None:
        waiting = await self._waiting(part, key)
        if waiting is None:
            return
        await self.book.missed(waiting, failure)
        spent = waiting.reserved_usd if failure.maybe_billed else 0.0
        self.budget.release(self._quote(waiting), waiting.reserved_usd, spent)
        self.log(missed(waiting.question, waiting.tries, failure))
        if decide(failure) == "stop":
            self._stop(failure)

    async def _miss(self, part: Part, failure: Failure) -> None:
        """Everything that waits in a part has failed."""
        for key in await self.book.unanswered(part):
            await self._missed(part, key, failure)

    async def _lose(self, part: Part, failure: Failure) -> Part:
        """The service has forgotten a batch, or its answers."""
        kind: FailureKind = "unreadable" if self.asks_again else "doubtful"
        why = f"the answers of the batch are gone at the service: {failure.message}"
        await self._miss(part, Failure(kind, why, status=failure.status, maybe_billed=True))
        return await self._mark(replace(part, stage="recorded", why=why))

    async def _clean(self, part: Part, service: Batches) -> Part:
        """Removes the files of a part: its answers are here. The batch itself stays listed."""
        for file in filter(None, (part.input, part.output)):
            await service.delete(file)
        self.batching.file_of(part).unlink(missing_ok=True)
        await self.book.mark(replace(part, stage="closed"))
        self.log(batch(part, "closed"))
        return replace(part, stage="closed")

    async def _trouble(self, part: Part, failure: Failure) -> None:
        """What cannot be done now is tried again later, as long as that may help."""
        match decide(failure):
            case "retry":
                self._tell(part, why=failure.message)
            case "throttle":
                self._tell(part, why=failure.message)
                await self._starve(failure)
            case "stop":
                self._stop(failure)
            case "give_up" if not self.halt.is_called:
                await self._miss(part, failure)
                await self._mark(
                    replace(part, stage="recorded", state="failed", why=failure.message)
                )

    async def _starve(self, failure: Failure) -> None:
        """A service that takes no batch although none of this run is under way may never do."""
        now = asyncio.get_running_loop().time()
        if any(part.stage == "created" for part in await self.book.parts()):
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = now
        elif now - self._refused_since > PATIENCE_SECONDS:
            minutes = PATIENCE_SECONDS / 60
            why = f"the service took no batch for {minutes:g} minutes; it says: {failure.message}"
            self.stop("limit", why)

    def _stop(self, failure: Failure) -> None:
        may_go_on = failure.kind in ("quota", "not_sent") and failure.code != LIMIT_ZERO
        self.stop("limit" if may_go_on else "service", failure.message)

    async def _waiting(self, part: Part, key: str) -> Waiting | None:
        """A request that waits in this part; None for what was answered, or was never asked."""
        found = await self.book.waiting(key) if len(key) == 64 else None
        return found if found is not None and found.part == part.id else None

    async def _mark(self, part: Part, found: RemoteBatch | None = None) -> Part:
        await self.book.mark(part)
        self._tell(part, found)
        return part

    def _tell(self, part: Part, found: RemoteBatch | None = None, why: str = "") -> None:
        """Logs how a part is, when that is news."""
        happened = batch(part, (found.state if found else None) or part.stage, found, why)
        news = tuple(happened.fields.values())
        if self._known.get(part.id) != news:
            self._known[part.id] = news
            self.log(happened)

    def _tell_that_it_takes_long(self, parts: Sequence[Part]) -> None:
        sent = [part for part in parts if part.stage == "created"]
        if sent and not self._has_said:
            self._has_said = True
            self.say(
                f"{_counted(sent)} with the service, which may take a day. Ctrl-C leaves them there;"
                " the same command goes on, also on another day"
            )

    def _tell_how_to_go_on(self, parts: Sequence[Part]) -> None:
        sent = [part for part in parts if part.stage in ("creating", "created")]
        if sent:
            self.say(f"{_counted(sent)} still with the service: the same command takes the answers")

    def _model(self, waiting: Waiting) -> Model:
        return self.batching.models[waiting.model].priced(in_batch=True)

    def _quote(self, waiting: Waiting) -> Quote:
        def of(usage: Usage) -> float | None:
            return cost(self._model(waiting), usage, self.day)

        estimate = waiting.question.estimate_usd
        return Quote(waiting.model, estimate, waiting.most_usd, waiting.is_bounded, of)


_AGAIN = "the uploaded file had expired"


def _counted(parts: Sequence[Part]) -> str:
    """`1 request in 1 batch is`, `40 requests in 2 batches are`."""
    count = sum(part.requests for part in parts)
    requests = "1 request" if count == 1 else f"{count:,} requests"
    batches = "1 batch" if len(parts) == 1 else f"{len(parts):,} batches"
    return f"{requests} in {batches} {'is' if count == 1 else 'are'}"


def _unanswered(found: RemoteBatch) -> Failure:
    """Why a request of a batch that is over has no answer."""
    if found.state == "succeeded":
        return Failure("unreadable", "the batch has no answer for it", maybe_billed=True)
    why = f": {found.error}" if found.error else ""
    return Failure("overloaded", f"the batch ended before it was answered ({found.state}){why}")


def _lines(path: Path, most: int) -> Iterator[list[bytes]]:
    """The lines of a file, some at a time; of one that is longer than `most` only the beginning."""
    some: list[bytes] = []
    with path.open("rb") as file:
        while line := file.readline(most):
            whole = line.endswith(b"\n")
            some.append(line)
            while not whole and (rest := file.readline(most)):
                whole = rest.endswith(b"\n")
            if len(some) >= TOGETHER:
                yield some
                some = []
    if some:
        yield some
