"""Google's Gemini API as a provider: one request is one answer, or a failure that says why not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from runner.roles import Ask, Connection, Fetch

BASE_URL = "https://generativelanguage.googleapis.com"
"""Source: ai.google.dev, API reference."""


@dataclass(frozen=True, slots=True)
class Gemini:
    """The Gemini API, by either of its endpoints."""

    @asynccontextmanager
    async def open(self, connection: Connection, fetch: Fetch) -> AsyncIterator[Ask]:
        """An `Ask` that makes one attempt at a request. `fetch` is called in a thread.

        The key goes into a header of requests to the base address, and nowhere else.
        """
        # httpx and aiohttp take a quarter of a second to import; only a run needs them.
        from runner.providers.gemini.session import Session, refuse
        from runner.transport.client import Channel, open_client

        async with open_client(connection) as client:
            channel = Channel(client, connection.policy, connection.key)
            base = (connection.base_url or BASE_URL).rstrip("/")
            root = f"{base}/{connection.api_version}"
            yield Session(channel, root, fetch, refuse(connection)).ask
