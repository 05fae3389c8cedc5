"""Recall: the response to a request that need not be asked (again), if there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from runner.roles import OPENAI, AnswerCache, Connection, Journal, Kept, LeftBehind, Log
from runner.stages.chain import SIMULATOR
from runner.values.event import recalled
from runner.values.question import Question
from runner.values.response import Failure, Response
from runner.workflow.spec import CacheMode


@dataclass(frozen=True, slots=True)
class Recall:
    """What was answered before: in this run, then in others. Requests whose key is in `left_out` are
    not asked again: they may be paid for already."""

    mode: CacheMode
    connection: Connection
    journal: Journal
    log: Log
    cache: AnswerCache | None = None
    left_out: frozenset[str] = frozenset()
    left_behind: LeftBehind | None = None

    async def find(
        self, question: Question, provider: str, leads_on: Callable[[Response], bool]
    ) -> Kept | Failure | None:
        """The response to a question; a failure when it may not be asked; None when it is to be
        asked. One that is void still serves when it only `leads_on` to a further try."""
        kept = await self.journal.response(question.key)
        if kept is not None and (not kept.void or leads_on(kept.response)):
            if kept.ordinal not in (question.ordinal, -1):
                kept = replace(kept, origin="shared")
            self.log(recalled(question, kept.origin))
            return kept
        if failure := await self.journal.given_up(question.key):
            return failure
        if question.key in self.left_out:
            why = "sent before the run was killed, and perhaps paid for; not asked again"
            return Failure("doubtful", f"{why} (on_doubtful)", maybe_billed=True)
        if kept is None and (kept := await self._left_behind(question.key)):
            return await self._adopted(question, kept)
        if provider == SIMULATOR:
            return None
        if kept := await self._cached(provider, question.key):
            return await self._adopted(question, kept)
        if self.mode == "only":
            return Failure("not_cached", "no answer is stored, and `cache: only` never asks")
        return None

    def keep(self, provider: str, key: str, kept: Kept) -> None:
        """Stores for other runs what was asked in this one: in this session, or in one that was
        killed at this point."""
        stores = self.mode in ("use", "refresh") and provider != SIMULATOR
        if self.cache is not None and stores and kept.origin == "asked":
            self.cache.put(endpoint(provider, self.connection), key, kept)

    async def _left_behind(self, key: str) -> Kept | None:
        return None if self.left_behind is None else await self.left_behind.answer(key)

    async def _adopted(self, question: Question, kept: Kept) -> Kept:
        """What another run has bought, as this one has it."""
        kept = replace(kept, origin="cache", ordinal=question.ordinal)
        await self.journal.adopt(question.key, kept)
        self.log(recalled(question, "cache"))
        return kept

    async def _cached(self, provider: str, key: str) -> Kept | None:
        if self.cache is None or self.mode not in ("use", "only"):
            return None
        return await self.cache.get(endpoint(provider, self.connection), key)


def endpoint(provider: str, connection: Connection) -> str:
    """Who answers, as the cache names it. Only Gemini has a version beside its address."""
    at = connection.of(provider)
    version = None if provider == OPENAI else at.api_version
    return " ".join(filter(None, (provider, at.base_url, version)))
