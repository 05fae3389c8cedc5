"""Any server that speaks OpenAI's Chat Completions, as a provider: vLLM, Ollama, llama.cpp, others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from runner.roles import Ask, Connection, Fetch


@dataclass(frozen=True, slots=True)
class OpenAI:
    """An OpenAI-compatible server. The name is that of the protocol: no company's address is built
    in, so that no image goes anywhere unless somebody says where."""

    @asynccontextmanager
    async def open(self, connection: Connection, fetch: Fetch) -> AsyncIterator[Ask]:
        """An `Ask` that makes one attempt at a request. `fetch` is called in a thread.

        The key, if there is one, goes into a header of requests to the base address, and nowhere
        else.
        """
        # httpx and aiohttp take a quarter of a second to import; only a run needs them.
        from runner.providers.openai.session import Session, refuse
        from runner.transport.client import Channel, open_client

        async with open_client(connection) as client:
            channel = Channel(
                client,
                connection.policy,
                connection.key,
                key_header="authorization",
                key_scheme="Bearer ",
            )
            root = (connection.base_url or REPLAYED).rstrip("/")
            yield Session(channel, root, fetch, refuse(connection)).ask


REPLAYED = "http://recordings.invalid/v1"
"""Stands for the address while recordings answer: nothing is sent."""
