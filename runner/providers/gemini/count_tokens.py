"""countTokens: how many tokens a request takes, as the service counts them, without an answer.

Source: ai.google.dev, API reference of models.countTokens. There is no such call for the
Interactions API: its requests are counted as the same texts and images in a generateContent request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from runner.providers.gemini import BASE_URL, generate_content
from runner.providers.gemini.pieces import json_bytes
from runner.providers.gemini.words import mappings, usage
from runner.roles import Ask, Connection, Fetch, ImageError
from runner.values.content import Content
from runner.values.image import Prepared, WebOrigin
from runner.values.request import Request
from runner.values.response import Failure, Response

if TYPE_CHECKING:
    from runner.transport.client import Channel


@asynccontextmanager
async def open_counting(connection: Connection, fetch: Fetch) -> AsyncIterator[Ask]:
    """An `Ask` that has a request counted: its response says nothing, and its usage is the input."""
    from runner.providers.gemini.session import refuse
    from runner.transport.client import Channel, open_client

    async with open_client(connection) as client:
        channel = Channel(client, connection.policy, connection.key)
        root = f"{(connection.base_url or BASE_URL).rstrip('/')}/{connection.api_version}"
        yield _Counter(channel, root, fetch, refuse(connection)).count


def body(request: Request, prepared: Sequence[Prepared | None]) -> list[Content]:
    """The JSON body in pieces: the request as generateContent would get it."""
    first, *rest = generate_content.body(request, prepared)
    model = json_bytes(f"models/{request.model}")
    return [b'{"generateContentRequest":{"model":' + model + b"," + first[1:], *rest, b"}"]


def read(content: bytes, model: str) -> Response | Failure:
    """What the service counted, as a response without a text."""
    from runner.transport.classify import json_object

    document = json_object(content)
    if isinstance(document, Failure):
        return document
    counted = usage(document, ("totalTokens", "", "", "cachedContentTokenCount"), _images(document))
    if not counted.is_known:
        return Failure("unreadable", "a JSON object that is no count of tokens")
    return Response("", "complete", "counted", counted, model, content)


def _images(document: Mapping[str, object]) -> list[object]:
    details = mappings(document.get("promptTokensDetails"))
    return [item.get("tokenCount") for item in details if item.get("modality") == "IMAGE"]


@dataclass(frozen=True, slots=True)
class _Counter:
    channel: Channel
    root: str
    fetch: Fetch
    refused: Failure | None

    async def count(self, request: Request) -> Response | Failure:
        """One attempt."""
        from runner.providers.gemini.session import JSON_HEADERS
        from runner.transport.classify import failure_of

        if self.refused:
            return self.refused
        try:
            content = await asyncio.to_thread(self._body, request)
        except ImageError as error:
            return Failure("image", str(error))
        url = f"{self.root}/models/{quote(request.model, safe='')}:countTokens"
        headers = {**request.settings.headers, **JSON_HEADERS}
        reply = await self.channel.send("POST", url, headers=headers, body=content)
        if isinstance(reply, Failure):
            return reply
        return failure_of(reply) or read(reply.body, request.model)

    def _body(self, request: Request) -> list[Content]:
        """Images are read and encoded in a thread: the other requests do not wait for it."""
        return body(
            request,
            [
                None if isinstance(image.origin, WebOrigin) else self.fetch(image)
                for image in request.sent_images
            ],
        )
