"""The simulated service as a real HTTP server on this machine."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from runner.providers.simulator.files import MOST_BYTES
from runner.providers.simulator.reply import Reply
from runner.providers.simulator.service import Service

MOST_BODY = 128 << 20
"""Bytes of a request that are read at all; more than the service takes, so that it can say so."""


@asynccontextmanager
async def serve(service: Service, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serves until the context is left; gives the address, such as `http://127.0.0.1:8080`.

    Port 0 takes a free one. Raises OSError when the port is taken.
    """
    handler = _Handler(service)
    runner = web.ServerRunner(web.Server(handler.handle, access_log=None), shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        yield f"http://{shown}:{bound[1]}"
    finally:
        await runner.cleanup()


class _Handler:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        most = MOST_BYTES if request.path.startswith("/upload/") else MOST_BODY
        body = await _body(request, most)
        if body is None:
            return web.Response(status=413, text="the request is too large")
        reply = await self.service.respond(
            request.method,
            request.path,
            dict(request.query),
            dict(request.headers),
            body,
            scheme=request.scheme,
        )
        try:
            return await self._send(request, reply)
        except ConnectionError:  # the client did not wait for the answer
            return web.Response()

    async def _send(self, request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
        if reply.wire.ends == "before":
            _drop(request, reset=reply.wire.reset)
            return web.Response()  # goes nowhere
        response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
        if reply.length is not None:
            response.content_length = reply.length
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in reply.pieces:
            if reply.wire.pause_seconds:
                await self.service.desk.sleep(reply.wire.pause_seconds)
            await response.write(piece)
        if reply.wire.ends != "whole":
            await asyncio.sleep(0.02)  # lets what was written leave before the line is cut
            _drop(request, reset=reply.wire.reset)
            return response
        await response.write_eof()
        return response


async def _body(request: web.BaseRequest, most: int) -> bytes | None:
    """The whole body, None when it is too large to read."""
    if (request.content_length or 0) > most:
        return None
    pieces = bytearray()
    try:
        async for piece in request.content.iter_any():
            pieces += piece
            if len(pieces) > most:
                return None
    except HttpProcessingError:
        return None
    return bytes(pieces)


def _drop(request: web.BaseRequest, *, reset: bool) -> None:
    """Ends the connection at once: with a TCP reset, or by closing it."""
    transport = request.transport
    if transport is None:
        return
    if reset:
        line = transport.get_extra_info("socket")
        # zero seconds to linger: the kernel sends RST instead of FIN
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
