"""A simulated Gemini: the first run, tests and rehearsals need no key, no network and no money.

It speaks the service's own protocol, so a run goes through the same code as with Google, and it
looks at the pixels that really arrive. It is no model, and every answer says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.roles import Ask, Connection, Fetch
from runner.values.request import Request
from runner.values.response import Failure, Response

if TYPE_CHECKING:
    from runner.providers.gemini.batches import GeminiBatches
    from runner.providers.gemini.session import Session

KEY = "the-simulator-takes-any-key"
"""Used when there is no key: the simulated service takes any."""


@dataclass(frozen=True, slots=True)
class Simulator:
    """The Gemini provider, with a simulated service instead of a network.

    `latency_seconds` is waited before each answer, so that progress can be watched. `faults` are
    lines such as `rate-limit:0.5:every=10`; `askpix simulate --list-faults` lists their names.
    """

    latency_seconds: float = 0.0
    faults: tuple[str, ...] = ()

    @asynccontextmanager
    async def open(self, connection: Connection, fetch: Fetch) -> AsyncIterator[Ask]:
        """An `Ask` of which every response is marked as simulated. Opens no socket.

        A transport in the connection takes the place of the service: a recording, for example.
        """
        # numpy, httpx and Pillow take their time to import; only a run needs them.
        from runner.providers.gemini import Gemini
        from runner.providers.simulator.commands import planned
        from runner.providers.simulator.desk import Desk
        from runner.providers.simulator.service import Service
        from runner.providers.simulator.transport import SimulatedTransport

        plan = tuple(planned(line) for line in self.faults)
        service = Service(Desk(latency_seconds=self.latency_seconds, plan=plan))
        inside = replace(
            connection,
            key=connection.key or KEY,
            base_url=None,
            transport=connection.transport or SimulatedTransport(service),
        )
        async with Gemini().open(inside, fetch) as session:
            yield _Simulated(session)


@dataclass(frozen=True, slots=True)
class _Simulated:
    """An open provider of which every response is marked."""

    inner: Session

    async def __call__(self, request: Request) -> Response | Failure:
        answer = await self.inner(request)
        return replace(answer, simulated=True) if isinstance(answer, Response) else answer

    async def upload(self, request: Request) -> frozenset[str] | Failure:
        return await self.inner.upload(request)

    def forget(self, files: frozenset[str], *, gone: bool) -> None:
        self.inner.forget(files, gone=gone)

    def batches(
        self, sleep: Callable[[float], Awaitable[None]], stopped: Callable[[], bool]
    ) -> GeminiBatches:
        return self.inner.batches(sleep, stopped)
