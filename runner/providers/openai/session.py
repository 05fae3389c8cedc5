"""An open connection to an OpenAI-compatible server: from a request to its response, in one attempt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from runner.providers.openai import chat_completions
from runner.providers.openai.errors import failure_or_refusal
from runner.roles import Connection, Fetch, ImageError
from runner.transport.client import Channel
from runner.transport.recording import Label
from runner.values.content import Content
from runner.values.image import Image, Prepared, WebOrigin
from runner.values.request import Request
from runner.values.response import Failure, Response

PATH = "/chat/completions"

JSON_HEADERS = {"content-type": "application/json", "accept": "application/json"}

NO_ADDRESS = (
    "there is no address of an OpenAI-compatible server: set OPENAI_BASE_URL, or write --base-url"
    " (Ollama's is http://127.0.0.1:11434/v1)"
)


@dataclass(frozen=True, slots=True)
class Session:
    """`root` is the address of the server up to its `/v1`; `fetch` reads an image to send.
    `refused` is what every request meets when nothing should be sent at all."""

    channel: Channel
    root: str
    fetch: Fetch
    refused: Failure | None = None

    async def ask(self, request: Request) -> Response | Failure:
        """One attempt. Images are read and encoded in a thread: other requests do not wait."""
        if self.refused:
            return self.refused
        try:
            body = await asyncio.to_thread(self._body, request)
        except ImageError as error:
            return Failure("image", str(error))
        extra = {name.lower(): value for name, value in request.settings.headers.items()}
        reply = await self.channel.send(
            "POST",
            self.root + PATH,
            headers={**extra, **JSON_HEADERS},
            body=body,
            label=_label(request),
        )
        if isinstance(reply, Failure):
            return reply
        no_answer = failure_or_refusal(reply, request.model, has_schema=request.schema is not None)
        answer = no_answer or chat_completions.read(reply.body, request.model)
        return replace(answer, seconds=reply.seconds)

    def _body(self, request: Request) -> list[Content]:
        prepared = [self._fetched(image) for image in request.sent_images]
        return chat_completions.body(request, prepared, self.root)

    def _fetched(self, image: Image) -> Prepared | None:
        return None if isinstance(image.origin, WebOrigin) else self.fetch(image)


def refuse(connection: Connection) -> Failure | None:
    """Why no request can be sent on this connection, None when they can."""
    if connection.base_url is None and connection.transport is None:
        return Failure("credentials", NO_ADDRESS, stops_run=True)
    key = connection.key
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        why = "OPENAI_API_KEY holds a character that no key has: a line break, a space or a quote?"
        return Failure("credentials", why, stops_run=True)
    return None


def _label(request: Request) -> Label:
    names = tuple(i.name for i in request.sent_images if not isinstance(i.origin, WebOrigin))
    return Label(request.key, request.repeat, names, request.settings.headers)
