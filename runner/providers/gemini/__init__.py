"""Google's Gemini API as a provider: one request is one answer, or a failure that says why not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.roles import Connection, Fetch

if TYPE_CHECKING:
    from runner.providers.gemini.session import Session
    from runner.providers.gemini.uploads import ImageFiles
    from runner.transport.client import Channel

BASE_URL = "https://generativelanguage.googleapis.com"
"""Source: ai.google.dev, API reference."""


@dataclass(frozen=True, slots=True)
class Gemini:
    """The Gemini API, by either of its endpoints."""

    @asynccontextmanager
    async def open(self, connection: Connection, fetch: Fetch) -> AsyncIterator[Session]:
        """An `Ask` that makes one attempt at a request. `fetch` is called in a thread.

        The key goes into a header of requests to the base address, and nowhere else. It is an
        `Uploads`, too: images that travel as files are uploaded before the request is asked.
        """
        # httpx and aiohttp take a quarter of a second to import; only a run needs them.
        from runner.providers.gemini.session import Session, refuse
        from runner.transport.client import Channel, open_client

        async with open_client(connection) as client:
            channel = Channel(client, connection.policy, connection.key)
            base = (connection.base_url or BASE_URL).rstrip("/")
            root = f"{base}/{connection.api_version}"
            files = _image_files(channel, base, connection, fetch)
            yield Session(channel, root, fetch, refuse(connection), files, connection.replays)


def _image_files(
    channel: Channel, base: str, connection: Connection, fetch: Fetch
) -> ImageFiles | None:
    """The images that travel as files; None when all travel within their requests."""
    from runner.catalogue import catalogue
    from runner.providers.gemini.files import Files
    from runner.providers.gemini.uploads import ImageFiles, project_of

    passing = connection.passing
    if passing is None or connection.replays or passing.upload not in ("auto", "files"):
        return None
    version = connection.api_version
    files = Files(channel, base, version, sleep=passing.sleep, stopped=passing.stopped)
    project = project_of(base, connection.key)
    limits = catalogue()
    most, safe = limits.bytes_per_request, limits.safe_bytes_per_request
    return ImageFiles(files, project, fetch, passing, most, safe)
