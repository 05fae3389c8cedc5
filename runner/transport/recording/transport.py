"""The httpx transport that answers from recordings and writes down what it has to ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runner.transport.body import Sending, read_capped
from runner.transport.http import httpx
from runner.transport.recording.body import with_files, written_body
from runner.transport.recording.exchange import (
    Exchange,
    Label,
    WireRequest,
    recorded,
    without_key,
)
from runner.transport.reply import Reply
from runner.transport.secret import Secret
from runner.values.content import Content
from runner.values.request import Policy

if TYPE_CHECKING:
    from runner.transport.recording.folder import Recordings

LABEL, SENDING = "askpix.label", "askpix.sending"
"""Extensions of an httpx request: its `Label`, and its body in pieces."""

_OF_THE_WAY = ("content-encoding", "content-length", "transfer-encoding", "connection")
"""Headers that speak of bytes on the way, which are read and decompressed by now."""


class RecordingTransport(httpx.AsyncBaseTransport):
    """Stands between a client and `inner`. What it answers is what it has written down, so that a
    replay brings the very same replies. Raises NotRecorded and RecordingError besides what `inner`
    raises."""

    def __init__(self, recordings: Recordings, inner: httpx.AsyncBaseTransport | None) -> None:
        self._recordings, self._inner = recordings, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The recorded answer to a request, or the one that is recorded now."""
        label = request.extensions.get(LABEL)
        label = label if isinstance(label, Label) else Label()
        if self._inner is not None and not label.kept:
            return await self._inner.handle_async_request(request)
        secret = self._recordings.secret.and_of(*_keys(request.headers))
        pieces = await _pieces(request)
        asked = await asyncio.to_thread(_as_written, request, pieces, label, secret)
        found = await asyncio.to_thread(self._recordings.find, asked)
        if found is not None:
            self._recordings.replayed += 1
            return _response(found, request)
        await asyncio.to_thread(self._recordings.check_asking, asked, label)
        return await self._recorded(request, asked, secret)

    async def _recorded(
        self, request: httpx.Request, asked: WireRequest, secret: Secret
    ) -> httpx.Response:
        if self._inner is None:
            raise httpx.UnsupportedProtocol("there is nobody to ask", request=request)
        reply = await _whole(await self._inner.handle_async_request(request))
        exchange = recorded(asked, reply, secret)
        if exchange is None:
            return httpx.Response(
                reply.status, headers=dict(reply.headers), content=reply.body, request=request
            )
        await asyncio.to_thread(self._recordings.add, exchange)
        return _response(exchange, request)

    async def aclose(self) -> None:
        """Closes the transport beneath; the recordings stay open for other clients."""
        if self._inner is not None:
            await self._inner.aclose()


def _keys(headers: httpx.Headers) -> list[str | None]:
    """The API keys that a request carries, whoever it goes to."""
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    return [headers.get("x-goog-api-key"), bearer or None]


async def _pieces(request: httpx.Request) -> Sequence[Content]:
    """The body as it lies in memory or on the disk: reading it here is not sending it."""
    sending = request.extensions.get(SENDING)
    return sending.pieces if isinstance(sending, Sending) else [await request.aread()]


def _as_written(
    request: httpx.Request, pieces: Sequence[Content], label: Label, secret: Secret
) -> WireRequest:
    url = request.url.copy_remove_param("key") if "key" in request.url.params else request.url
    return without_key(
        WireRequest(
            method=request.method,
            path=url.raw_path.decode("ascii"),
            headers={name.lower(): value for name, value in sorted(label.headers.items())},
            repeat=label.repeat,
            body=with_files(written_body(pieces), label.files),
            key=label.key,
        ),
        secret,
    )


async def _whole(response: httpx.Response) -> Reply:
    """The response read to its end and decompressed, within the bounds of any other answer."""
    try:
        if response.is_stream_consumed:
            body = response.content
        else:
            encoding = response.headers.get("content-encoding", "")
            body = await read_capped(response.aiter_raw(), encoding, Policy().max_answer_bytes)
    finally:
        await response.aclose()
    headers = {k: v for k, v in response.headers.items() if k not in _OF_THE_WAY}
    return Reply(response.status_code, headers, body)


def _response(exchange: Exchange, request: httpx.Request) -> httpx.Response:
    return httpx.Response(
        exchange.status, headers=dict(exchange.headers), content=exchange.body, request=request
    )
