"""The simulated service behind httpx, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

import httpx

from runner.providers.simulator.reply import Reply
from runner.providers.simulator.service import Service


class SimulatedTransport(httpx.AsyncBaseTransport):
    """Hands every request to a service, and fails as a network would when the reply says so.

    The address of a request does not matter: nothing leaves this process.
    """

    def __init__(self, service: Service) -> None:
        self.service = service

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response, or httpx's own errors: `ReadError`, `ReadTimeout`."""
        body = await request.aread()
        try:
            async with _deadline(request):
                reply = await self.service.respond(
                    request.method,
                    request.url.path,
                    dict(request.url.params),
                    dict(request.headers),
                    body,
                    scheme=request.url.scheme,
                )
        except TimeoutError:
            raise httpx.ReadTimeout("the simulated service is too slow", request=request) from None
        if reply.wire.ends == "before":
            raise _broken(reply, request)
        headers = dict(reply.headers)
        if reply.length is not None:
            headers["content-length"] = str(reply.length)
        return httpx.Response(
            reply.status,
            headers=headers,
            stream=_Stream(reply, request, self.service),
            request=request,
        )


class _Stream(httpx.AsyncByteStream):
    def __init__(self, reply: Reply, request: httpx.Request, service: Service) -> None:
        self.reply, self.request, self.service = reply, request, service

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.reply.pieces:
            if self.reply.wire.pause_seconds:
                await self.service.desk.sleep(self.reply.wire.pause_seconds)
            yield piece
        if self.reply.wire.ends != "whole":
            raise _broken(self.reply, self.request)


def _deadline(request: httpx.Request) -> AbstractAsyncContextManager[object]:
    """The read timeout of the request, within which the first byte must come."""
    timeouts = request.extensions.get("timeout")
    seconds = timeouts.get("read") if isinstance(timeouts, Mapping) else None
    return asyncio.timeout(seconds) if seconds is not None else nullcontext()


def _broken(reply: Reply, request: httpx.Request) -> httpx.ReadError:
    """As the transport of real runs tells a body that ends too early, and a line that breaks."""
    why = "connection reset by peer" if reply.wire.reset else "the connection closed too early"
    return httpx.ReadError(why, request=request)
