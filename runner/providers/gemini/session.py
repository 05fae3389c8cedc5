"""An open connection to the Gemini API: from a request to its response, in one attempt."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from runner.catalogue import catalogue
from runner.providers.gemini import generate_content, interactions
from runner.providers.gemini.steps import joined
from runner.providers.gemini.uploads import ImageFiles
from runner.providers.gemini.words import is_refusal
from runner.roles import Connection, Fetch, ImageError
from runner.transport.classify import decide, failure_of
from runner.transport.client import Channel
from runner.transport.error_body import read_error
from runner.transport.recording import Label
from runner.transport.reply import Reply
from runner.values.content import Content
from runner.values.image import Image, WebOrigin
from runner.values.passing import Passed, Uploaded
from runner.values.request import Family, Request
from runner.values.response import Failure, Response, Usage

if TYPE_CHECKING:
    from runner.providers.gemini.batches import GeminiBatches

MOST_CONTINUATIONS = 8
"""So often the rest of one answer is asked for; after that it counts as cut off."""

CONTINUATION_PAUSES = (1.0, 4.0, 15.0)
"""Seconds before the rest of an answer is asked for again, when the service does not say."""

LONGEST_PAUSE_SECONDS = 60.0
"""What the service asks for beyond this is not waited for: the answer counts as cut off."""

JSON_HEADERS = {"content-type": "application/json", "accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Session:
    """`root` is the address of the service up to the version; `fetch` reads an image to send.
    `refused` is what every request meets when nothing should be sent at all. `files` are the images
    that travel as files. `replays`: nothing is really sent, so nothing is too large."""

    channel: Channel
    root: str
    fetch: Fetch
    refused: Failure | None = None
    files: ImageFiles | None = None
    replays: bool = False

    async def __call__(self, request: Request) -> Response | Failure:
        """The same as `ask`."""
        return await self.ask(request)

    async def upload(self, request: Request) -> frozenset[str] | Failure:
        """Uploads what the request needs; `ask` does not. The names of the files."""
        if failure := self.refused or _unsendable(request):
            return failure
        return frozenset() if self.files is None else await self.files.ready(request)

    def forget(self, files: frozenset[str], *, gone: bool) -> None:
        """One of these files is gone, or not yet ready."""
        if self.files is not None:
            self.files.forget(files, gone=gone)

    def batches(
        self, sleep: Callable[[float], Awaitable[None]], stopped: Callable[[], bool]
    ) -> GeminiBatches:
        """The batches of this key."""
        from runner.providers.gemini.batches import GeminiBatches  # stands on this module
        from runner.providers.gemini.files import Files

        base, _, version = self.root.rpartition("/")
        return GeminiBatches(self, Files(self.channel, base, version, sleep, stopped))

    async def ask(self, request: Request) -> Response | Failure:
        """One attempt. An answer that arrives in parts is asked for until it is whole."""
        if failure := self.refused or _unsendable(request):
            return failure
        reply = await self._post(request)
        if isinstance(reply, Reply) and request.family == "interactions":
            reply = await self._continued(reply, request)
        return _read(reply, request)

    async def _continued(self, reply: Reply, request: Request) -> Reply:
        for _ in range(MOST_CONTINUATIONS):
            token = interactions.continuation(reply.body)
            if token is None:
                break
            rest = await self._rest(request, token)
            if rest is None:
                break  # what there is stays, as cut off: asking all of it again is paid again
            body = joined(reply.body, rest.body)
            reply = replace(rest, body=body, seconds=reply.seconds + rest.seconds)
        return reply

    async def _rest(self, request: Request, token: str) -> Reply | None:
        """The next part of an answer; None when the service does not give it. A failure that passes
        is waited for here: further out, the whole answer would be asked, and paid, again."""
        for pause in (*CONTINUATION_PAUSES, None):
            rest = await self._post(request, token)
            failure = rest if isinstance(rest, Failure) else failure_of(rest)
            if failure is None:
                assert isinstance(rest, Reply)
                return rest
            asked = failure.wait_seconds
            is_over = decide(failure) in ("stop", "give_up") or (asked or 0) > LONGEST_PAUSE_SECONDS
            if pause is None or is_over:
                return None
            await asyncio.sleep(pause if asked is None else asked)
        return None

    async def _post(self, request: Request, token: str | None = None) -> Reply | Failure:
        """Images are read and encoded in a thread: the other requests do not wait for it."""
        try:
            body, passed = await asyncio.to_thread(self.body, request, token)
        except ImageError as error:
            return Failure("image", str(error))
        length, most = sum(map(len, body)), catalogue().bytes_per_request
        if length > most and not self.replays:
            why = f"the request has {length:,} bytes, the service takes {most:,}"
            advice = "" if self.files else "; `upload: auto` sends large images as files"
            return Failure("too_large", why + advice)
        extra = {name.lower(): value for name, value in request.settings.headers.items()}
        headers = {**extra, **JSON_HEADERS}
        return await self.channel.send(
            "POST", self._url(request), headers=headers, body=body, label=_label(request, passed)
        )

    def body(
        self, request: Request, token: str | None = None
    ) -> tuple[list[Content], list[Passed]]:
        """The body of a request in pieces, and how its images travel; looks at them. `token` asks for
        the rest of an answer. Raises `ImageError`."""
        passed = [self._passed(image) for image in request.sent_images]
        if request.family == "generate_content":
            return generate_content.body(request, passed), passed
        return interactions.body(request, passed, token), passed

    def _passed(self, image: Image) -> Passed:
        if isinstance(image.origin, WebOrigin):
            return None
        uploaded = self.files.of(image) if self.files is not None else None
        return uploaded or self.fetch(image)

    def _url(self, request: Request) -> str:
        if request.family == "interactions":
            return f"{self.root}/interactions"
        return f"{self.root}/models/{quote(request.model, safe='')}:generateContent"


def refuse(connection: Connection) -> Failure | None:
    """Why no request can be sent on this connection, None when they can."""
    key = connection.key
    if not key and connection.base_url is None and connection.transport is None:
        why = "there is no API key: set GEMINI_API_KEY, or write it into a file named .env"
        return Failure("credentials", why, stops_run=True)
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        why = "the API key holds a character that no key has: a line break, a space or a quote?"
        return Failure("credentials", why, stops_run=True)
    return None


def _label(request: Request, passed: Sequence[Passed]) -> Label:
    names = tuple(i.name for i in request.sent_images if not isinstance(i.origin, WebOrigin))
    files = {
        each.uri: (each.sha256, each.byte_count) for each in passed if isinstance(each, Uploaded)
    }
    return Label(request.key, request.repeat, names, request.settings.headers, files)


def _unsendable(request: Request) -> Failure | None:
    for name, value in request.settings.headers.items():
        if not (_TOKEN.fullmatch(name) and value.isascii() and value.isprintable()):
            return Failure("bad_request", f"`{name}` cannot be sent as an HTTP header")
    if request.family == "interactions" and (why := interactions.unsendable(request)):
        return Failure("bad_request", why)
    return None


_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A header's name. Source: RFC 9110, section 5.6.2."""


SIMULATED = "x-askpix-simulated"
"""The header of `askpix simulate`: no model looked at the images."""


def _read(reply: Reply | Failure, request: Request) -> Response | Failure:
    return reply if isinstance(reply, Failure) else read_reply(reply, request.family, request.model)


def read_reply(reply: Reply, family: Family, model: str) -> Response | Failure:
    """What a reply to a request of this family says; `model` is the one that was asked."""
    answer = _understood(reply, family, model)
    if isinstance(answer, Response):
        return replace(answer, simulated=SIMULATED in reply.headers)
    return answer


def _understood(reply: Reply, family: Family, model: str) -> Response | Failure:
    if failure := failure_of(reply):
        # A refusal may come as an HTTP error; how it comes is not documented.
        words = (failure.code or "", read_error(reply.body).reason)
        for why in filter(is_refusal, words):
            return Response("", "refused", why, Usage(), model, reply.body, channel="http")
        return failure
    read = generate_content.read if family == "generate_content" else interactions.read
    return replace(read(reply.body, model), seconds=reply.seconds)
