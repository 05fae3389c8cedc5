"""Exact: a plan → the tokens of input that the service counts for it; nothing is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from runner.executors import EXECUTORS
from runner.providers.gemini.count_tokens import open_counting
from runner.roles import Ask, Connection
from runner.sources.prepare import prepare
from runner.stages.sample import Drawn, Sample
from runner.tokens import input_tokens
from runner.transport.pacing import Pacers, Quota, paced
from runner.transport.pacing.pacer import TROUBLE
from runner.transport.retry import retrying
from runner.values.response import Failure, Response
from runner.workflow.spec import Workflow

COUNTED = "gemini"
"""The provider whose service counts tokens."""

PACER = "gemini countTokens"
"""Counting has a pace of its own."""


@dataclass(slots=True)
class Counted:
    """What was counted, by the keys of the drawn requests. `failed` says why others were not, and how
    many; `stopped` why no more were tried."""

    tokens: dict[str, int] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """Has the drawn requests of a workflow counted, by model; as many at a time, and at the pace, of
    a run. What would meet every other request too ends it."""

    workflow: Workflow
    connection: Connection
    samples: Mapping[str, Sample]
    pacers: Pacers = field(default_factory=Pacers)

    async def counts(self) -> Mapping[str, Counted]:
        """What came of it, by model."""
        found = {name: Counted() for name in self.samples}

        async def count(drawn: Drawn) -> tuple[Drawn, Response | Failure]:
            return drawn, await ask(drawn.request)

        async with open_counting(self.connection, prepare) as counting:
            ask = self._ask(counting, found)
            executor = EXECUTORS["local"](self.workflow.run.parallel)
            done: AsyncIterator[tuple[Drawn, Response | Failure]]
            async with aclosing(executor.run(self._jobs(found), count)) as done:
                async for drawn, outcome in done:
                    _note(found, drawn, outcome)
        return found

    def _ask(self, counting: Ask, found: Mapping[str, Counted]) -> Ask:
        def stopped() -> bool:
            return all(each.stopped for each in found.values())

        in_turn = paced(
            counting,
            self.pacers,
            PACER,
            lambda request: input_tokens(self.workflow.models[request.model], request).tokens,
            quota=Quota(self.workflow.run.requests_per_minute),
            stopped=stopped,
        )
        return retrying(in_turn, self.connection.policy, stopped=stopped)

    def _jobs(self, found: Mapping[str, Counted]) -> Iterator[Drawn]:
        for name, sample in self.samples.items():
            for drawn in sample.drawn():
                if found[name].stopped:
                    break
                yield drawn


def _note(found: Mapping[str, Counted], drawn: Drawn, outcome: Response | Failure) -> None:
    own = found[drawn.request.model]
    if isinstance(outcome, Response):
        own.tokens[drawn.request.key] = outcome.usage.input_tokens
        return
    if outcome.kind == "not_sent":
        return
    own.failed[outcome.message] += 1
    if outcome.kind == "not_found":  # another model may be there
        own.stopped = outcome.message
    elif outcome.stops_run or outcome.kind in TROUBLE or outcome.kind == "quota":
        for each in found.values():
            each.stopped = outcome.message
