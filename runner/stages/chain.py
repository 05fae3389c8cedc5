"""Chain: what stands around a provider, from the service outwards: memory, turns, budget, retries."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date

from runner.providers import PROVIDERS
from runner.roles import Ask, Connection, Journal, Log, Passing, UploadMemory, Uploads
from runner.sources.prepare import prepare
from runner.stages.halt import Halt
from runner.stages.passing import uses_of
from runner.stages.plan import ASSUMED_OUTPUT_TOKENS
from runner.tokens import cost, input_tokens
from runner.transport.budget import Budget, within
from runner.transport.journaled import UnderWay, journaled
from runner.transport.pacing import Pacers, Quota, paced
from runner.transport.quote import Quote, quote
from runner.transport.retry import retrying
from runner.transport.uploading import ThisProcess, uploading
from runner.values.event import uploaded, waiting
from runner.values.image import Image, Prepared
from runner.values.passing import KnownFile
from runner.values.request import Request
from runner.values.response import Failure, Response
from runner.workflow.spec import Workflow

under_way: ContextVar[UnderWay] = ContextVar("under_way")
"""The question that this task is asking; the threads in which images are read inherit it."""

SIMULATOR = "simulator"
"""Its answers cost nothing and change with the version: they are never stored for other runs."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What a request passes on its way to the service and back. `day` is that of the prices of what
    is asked now; without `pacers` everything is sent at once; `uploads` remembers what was uploaded
    before."""

    workflow: Workflow
    connection: Connection
    journal: Journal
    halt: Halt
    budget: Budget
    day: date
    log: Log
    pacers: Pacers | None = None
    uploads: UploadMemory | None = None

    def open(self, provider: str) -> AbstractAsyncContextManager[Ask]:
        """The service itself; nothing stands around it yet."""
        connection = replace(self.connection.of(provider), passing=self._passing(provider))
        return PROVIDERS.load(provider)().open(connection, _fetch)

    def around(self, provider: str, service: Ask) -> Ask:
        """One attempt is remembered, waits for its turn, keeps to the budget, and is repeated where
        that may help."""
        attempt = journaled(service, self.journal, under_way.get, self.log, self._cost)
        in_turn = attempt if self.pacers is None else self._paced(attempt, provider, self.pacers)
        ask = within(in_turn, self.budget, self.quote, self._stopped, _note_reserve)
        if isinstance(service, Uploads):
            ask = uploading(ask, service)
        policy = self.connection.policy
        return retrying(
            ask, policy, sleep=self.halt.sleep, stopped=self._stopped, waits=self._waits
        )

    def quote(self, request: Request) -> Quote:
        """What a request will cost."""
        return quote(self.workflow.models[request.model], request, self.day, ASSUMED_OUTPUT_TOKENS)

    def _paced(self, ask: Ask, provider: str, pacers: Pacers) -> Ask:
        limits = self.workflow.run
        return paced(
            ask,
            pacers,
            provider,
            lambda request: input_tokens(self.workflow.models[request.model], request).tokens,
            quota=Quota(limits.requests_per_minute, limits.tokens_per_minute),
            sleep=self.halt.sleep,
            stopped=self._stopped,
            log=self.log,
        )

    def _passing(self, provider: str) -> Passing | None:
        """How images travel; None for within their requests, as always."""
        upload = self.workflow.preparation.upload
        if upload not in ("auto", "files") or self.workflow.run.mode == "batch":
            return None
        memory = None if provider == SIMULATOR else self.uploads  # its files end with the run
        return Passing(
            upload,
            uses_of(self.workflow),
            memory or ThisProcess(),
            sleep=self.halt.sleep,
            sent=_note_sent,
            uploaded=self._uploaded,
            stopped=self._stopped,
        )

    def _uploaded(self, image: Image, file: KnownFile, again: bool, seconds: float) -> None:
        self.log(uploaded(under_way.get().question, image.name, file, seconds, again=again))

    def _stopped(self) -> bool:
        return self.halt.is_called

    def _waits(self, failure: Failure, seconds: float) -> None:
        self.log(waiting(under_way.get().question, failure, seconds))

    def _cost(self, request: Request, response: Response) -> float | None:
        return cost(self.workflow.models[request.model], response.usage, self.day)


def _fetch(image: Image) -> Prepared:
    prepared = prepare(image)
    _note_sent(image, replace(prepared, content=b""))
    return prepared


def _note_reserve(dollars: float) -> None:
    under_way.get().reserved_usd = dollars


def _note_sent(image: Image, prepared: Prepared) -> None:
    under_way.get().sent[image.digest] = prepared
