"""The HTTP client: one attempt at a time, bounded in time and size, its failures as values.

httpx is the interface and aiohttp does the work under it: with 64 requests in flight httpx's own
pool takes several times as long (`bench/transport.py`).
"""

from __future__ import annotations

import asyncio
import os
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import BinaryIO

import aiohttp

from runner.roles import Connection, ImageError
from runner.transport.body import (
    Sending,
    TooLong,
    UnknownEncoding,
    decompressed,
    read_capped,
)
from runner.transport.breakage import failure_of_exception
from runner.transport.http import AiohttpTransport, httpx
from runner.transport.recording import Label, NotRecorded, RecordingError
from runner.transport.recording.transport import LABEL, SENDING
from runner.transport.reply import Reply
from runner.transport.secret import Secret
from runner.transport.surroundings import proxy_of, trust
from runner.values.content import Content
from runner.values.request import Policy
from runner.values.response import Failure
from runner.version import VERSION

CONNECT_SECONDS = 20.0
KEEP_ALIVE_SECONDS = 15.0
"""Idle connections are dropped early: on an older one the service may hang up under a request."""


def open_client(connection: Connection) -> httpx.AsyncClient:
    """A client that keeps at most `parallel` connections. Use it as an async context manager.

    It follows no redirect and keeps no cookies: the key goes where the connection says, and nowhere
    else. The proxy and the certificates of a company's network hold as `surroundings` says.
    Raises `SurroundingsError`.
    """
    transport = connection.transport
    if transport is None:
        transport = _aiohttp(connection.parallel)
    if not isinstance(transport, httpx.AsyncBaseTransport):
        raise TypeError(f"not an httpx transport: {type(transport).__name__}")
    if connection.wrap is not None:
        transport = connection.wrap(transport)
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={"accept-encoding": "gzip", "user-agent": f"askpix/{VERSION}"},
    )


@dataclass(frozen=True, slots=True)
class Channel:
    """An open client with what all attempts on it share. No repr shows the key."""

    client: httpx.AsyncClient = field(repr=False)
    policy: Policy = field(default_factory=Policy)
    key: str | None = field(default=None, repr=False)
    clock: Callable[[], float] = time.monotonic
    key_header: str = "x-goog-api-key"
    key_scheme: str = ""
    """What stands before the key in its header: `Bearer `, or nothing."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Sequence[Content] = (),
        with_key: bool = True,
        label: Label | None = None,
    ) -> Reply | Failure:
        """One attempt: what came back whole, or why nothing did. `label` is what recordings know
        of a request beyond its bytes.

        The deadline is that of the attempt as a whole: a server that sends a byte now and then
        never trips the timeout of a single read.
        """
        start, sending = self.clock(), Sending(body)
        extra: dict[str, object] = {LABEL: label, SENDING: sending}
        all_headers = self._headers(method, headers or {}, sending, with_key)
        outcome: Reply | Failure
        try:
            async with asyncio.timeout(self.policy.timeout_seconds):
                outcome = await self._attempt(method, url, all_headers, sending, extra)
        except _EXPECTED as error:
            outcome = failure_of_exception(error, self.policy, sending)
        return self._without_key(replace(outcome, seconds=self.clock() - start))

    async def download(
        self, url: str, target: BinaryIO, label: Label | None = None
    ) -> Reply | Failure:
        """One attempt to GET something of any length: the reply without its body, which is written
        as it comes; with it when it tells an error. The deadline is that of every piece."""
        start, sending = self.clock(), Sending(())
        extra: dict[str, object] = {LABEL: label, SENDING: sending}
        headers = self._headers("GET", {}, sending, with_key=True)
        outcome: Reply | Failure
        try:
            async with asyncio.timeout(self.policy.timeout_seconds) as deadline:
                outcome = await self._piece_by_piece(url, headers, extra, target, deadline)
        except _EXPECTED as error:
            outcome = failure_of_exception(error, self.policy, sending)
        return self._without_key(replace(outcome, seconds=self.clock() - start))

    async def _piece_by_piece(
        self,
        url: str,
        headers: httpx.Headers,
        extra: dict[str, object],
        target: BinaryIO,
        deadline: asyncio.Timeout,
    ) -> Reply:
        request = self.client.build_request("GET", url, headers=headers, extensions=extra)
        response = await self.client.send(request, stream=True)
        try:
            encoding = response.headers.get("content-encoding", "")
            raw, about = response.aiter_raw(), dict(response.headers.items())
            if response.is_stream_consumed:  # a transport that stands in and has it all already
                raw, encoding = _once(response.content), ""
            if response.status_code != 200:
                body = await read_capped(raw, encoding, self.policy.max_answer_bytes)
                return Reply(response.status_code, about, body)
            async for piece in decompressed(raw, encoding):
                target.write(piece)
                now = asyncio.get_running_loop().time()
                deadline.reschedule(now + self.policy.timeout_seconds)
        finally:
            await response.aclose()
        return Reply(200, about)

    async def _attempt(
        self,
        method: str,
        url: str,
        headers: httpx.Headers,
        sending: Sending,
        extra: dict[str, object],
    ) -> Reply:
        content = sending if sending.length else None
        request = self.client.build_request(
            method, url, headers=headers, content=content, extensions=extra
        )
        response = await self.client.send(request, stream=True)
        try:
            encoding = response.headers.get("content-encoding", "")
            most = self.policy.max_answer_bytes
            if response.is_stream_consumed:  # a transport that stands in and has it all already
                body = response.content[: most + 1]
                if len(body) > most:
                    raise TooLong
            else:
                body = await read_capped(response.aiter_raw(), encoding, most)
        finally:
            await response.aclose()
        return Reply(response.status_code, dict(response.headers.items()), body)

    def _headers(
        self, method: str, headers: Mapping[str, str], sending: Sending, with_key: bool
    ) -> httpx.Headers:
        merged = httpx.Headers(dict(headers))
        if with_key and self.key:
            merged[self.key_header] = self.key_scheme + self.key
        if method == "POST":
            merged["content-length"] = str(sending.length)
        return merged

    def _without_key(self, outcome: Reply | Failure) -> Reply | Failure:
        """The outcome without the key, should the service repeat it."""
        secret = Secret.of(self.key)
        if isinstance(outcome, Failure):
            return replace(outcome, message=secret.hidden(outcome.message))
        return replace(
            outcome,
            headers={name: secret.hidden(value) for name, value in outcome.headers.items()},
            body=secret.hidden_bytes(outcome.body),
        )


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


_EXPECTED = (
    httpx.HTTPError,
    httpx.InvalidURL,
    aiohttp.ClientError,  # httpx-aiohttp lets those pass that it does not know
    OSError,  # TimeoutError is one
    ValueError,  # an address that httpx takes and aiohttp does not
    TooLong,
    UnknownEncoding,
    ImageError,
    NotRecorded,
    RecordingError,
)


def _aiohttp(parallel: int) -> AiohttpTransport:
    context = trust(os.environ)

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=parallel, keepalive_timeout=KEEP_ALIVE_SECONDS, ssl=context
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    return _Transport(verify=context, client=session)


class _Transport(AiohttpTransport):
    """Through a proxy where there is one. Without the words that follow the number in a status line:
    httpx logs them, and a service may repeat the key there."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = proxy_of(str(request.url), os.environ)
        self.proxy = None if proxy is None else _proxy(proxy)  # read before it waits
        response = await super().handle_async_request(request)
        response.extensions.pop("reason_phrase", None)
        return response


def _proxy(url: str) -> httpx.Proxy:
    """A proxy, its user and password in the form that aiohttp likes."""
    proxy = httpx.Proxy(url)
    if proxy.auth is None:
        return proxy
    told = b64encode(":".join(proxy.auth).encode()).decode()
    return httpx.Proxy(proxy.url, headers={"Proxy-Authorization": f"Basic {told}"})
