"""The Files API: uploads that survive a broken connection, and what becomes of them.

A file is kept for 48 hours and can be named in requests by its `uri`. Sources: ai.google.dev, Files
API; developers.google.com/photos/library/guides/resumable-uploads (the same protocol, which tells
how to ask where an upload stopped).
"""

from __future__ import annotations

import asyncio
import re
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from runner.providers.gemini.pieces import json_bytes
from runner.providers.gemini.words import mapping, mappings, word
from runner.transport.classify import decide, failure_of, json_object
from runner.transport.client import Channel
from runner.transport.recording import Label
from runner.transport.reply import Reply
from runner.transport.waits import instant
from runner.values.content import Content, Span
from runner.values.response import Failure

CHUNK = 8 << 20
"""Bytes of one request of an upload; a multiple of the 256 KiB that the service works in."""

MOST_BREAKS = 3
"""An upload that broke more often than this has failed."""

PAGE = 100
MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the service keeps it. `sha256` is in hex; `expires` is an RFC 3339 time.

    Only a file whose `state` is `ACTIVE` can be used in a request.
    """

    name: str
    uri: str
    mime: str
    size_bytes: int
    state: str
    sha256: str | None = None
    expires: str | None = None
    error: str | None = None
    display_name: str = ""

    @property
    def expires_at(self) -> float | None:
        """When it is gone, in seconds since 1970; None when the service does not say."""
        try:
            when = datetime.fromisoformat(self.expires or "")
        except ValueError:
            return None
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


@dataclass(slots=True)
class ServiceTime:
    """The clock of the service, as its last answer showed it; this machine's until there is one."""

    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    _ahead: float | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """Takes the time from an answer."""
        if (told := instant(headers.get("date", ""))) is not None:
            self._ahead = told - self.clock()

    def now(self) -> float:
        """Seconds since 1970."""
        return self.wall() if self._ahead is None else self.clock() + self._ahead


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one API key. `base` is the address of the service, `version` that of its API.
    When the run is `stopped`, nothing is waited for any more."""

    channel: Channel
    base: str
    version: str = "v1beta"
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    stopped: Callable[[], bool] = lambda: False
    time: ServiceTime = field(default_factory=ServiceTime)

    async def upload(
        self, content: Content, mime: str, display_name: str = ""
    ) -> RemoteFile | Failure:
        """The file that these bytes became, read as they are sent. It may still have to be waited
        for."""
        session = await self._start(len(content), mime, display_name)
        if isinstance(session, Failure):
            return session
        offset, breaks = 0, 0
        while True:
            reply = await self._send_chunk(session, content, offset)
            if isinstance(reply, Reply):
                if _upload_status(reply) == "final":
                    return _file(reply)
                if _upload_status(reply) == "active" and offset + CHUNK < len(content):
                    offset += CHUNK
                    continue
                reply = Failure("unreadable", "the service did not say that the bytes arrived")
            received = None
            while received is None:  # bytes that have arrived must not be sent again
                breaks += 1
                if breaks > MOST_BREAKS or decide(reply) not in ("retry", "throttle"):
                    return reply
                await self.sleep(max(reply.wait_seconds or 0.0, 2.0 ** (breaks - 1)))
                if self.stopped():
                    return Failure("not_sent", "the run ended before everything was uploaded")
                received = await self._received(session)
            if isinstance(received, RemoteFile):
                return received
            offset = min(received, len(content))

    async def get(self, name: str) -> RemoteFile | Failure:
        """The file of this name (`files/abc`) as it is now."""
        return _file(await self._call("GET", self._address(name)))

    async def listed(self) -> tuple[RemoteFile, ...] | Failure:
        """All files of this key."""
        files: list[RemoteFile] = []
        token = ""
        for _ in range(MOST_PAGES):
            query = f"?pageSize={PAGE}" + (f"&pageToken={quote(token, safe='')}" if token else "")
            reply = await self._call("GET", f"{self.base}/{self.version}/files{query}")
            page = reply if isinstance(reply, Failure) else json_object(reply.body)
            if isinstance(page, Failure):
                return page
            files += [_remote(item) for item in mappings(page.get("files"))]
            token = word(page.get("nextPageToken"))
            if not token:
                break
        return tuple(files)

    async def delete(self, name: str) -> Failure | None:
        """Removes the file of this name; None when it is gone."""
        reply = await self._call("DELETE", self._address(name))
        return reply if isinstance(reply, Failure) else None

    async def wait(self, file: RemoteFile, seconds: float = 60.0) -> RemoteFile | Failure:
        """The file once it can be used. Asks every second, for at most so many seconds."""
        waited = 0.0
        while file.state != "ACTIVE":
            if file.state != "PROCESSING":
                return Failure("bad_request", f"{file.name} is {file.state}: {file.error or ''}")
            if waited >= seconds:
                return Failure("overloaded", f"{file.name} is not ready after {seconds:g} seconds")
            await self.sleep(1.0)
            waited += 1.0
            if self.stopped():
                return Failure("not_sent", f"the run ended before {file.name} was ready")
            now = await self.get(file.name)
            if isinstance(now, Failure):
                return now
            file = now
        return file

    async def _start(self, length: int, mime: str, display_name: str) -> str | Failure:
        """The address to which the bytes go."""
        headers = {
            "content-type": "application/json",
            "x-goog-upload-protocol": "resumable",
            "x-goog-upload-command": "start",
            "x-goog-upload-header-content-length": str(length),
            "x-goog-upload-header-content-type": mime,
        }
        written = {"display_name": display_name} if display_name else {}
        body = json_bytes({"file": {**written, "mime_type": mime, "size_bytes": length}})
        url = f"{self.base}/upload/{self.version}/files"
        reply = await self._sent("POST", url, headers=headers, body=[body])
        if isinstance(reply, Failure):
            return reply
        session = reply.headers.get("x-goog-upload-url", "")
        if not _may_receive(session, self.base):
            why = f"the service offered `{session[:100]}` for an upload"
            return Failure("unreadable", why, stops_run=True)
        return session

    async def _send_chunk(self, session: str, content: Content, offset: int) -> Reply | Failure:
        chunk = Span(content, offset, min(offset + CHUNK, len(content)))
        last = chunk.stop == len(content)
        headers = {
            "content-type": "application/octet-stream",
            "x-goog-upload-command": "upload, finalize" if last else "upload",
            "x-goog-upload-offset": str(offset),
        }
        return await self._to_session(session, headers, [chunk])

    async def _received(self, session: str) -> int | RemoteFile | None:
        """How many bytes have arrived, the file if all have, None when the service does not say."""
        reply = await self._to_session(session, {"x-goog-upload-command": "query"}, [])
        if isinstance(reply, Failure):
            return None
        if _upload_status(reply) == "final" and isinstance(file := _file(reply), RemoteFile):
            return file
        received = reply.headers.get("x-goog-upload-size-received", "")
        return int(received) if re.fullmatch(r"\d{1,15}", received, re.ASCII) else None

    async def _to_session(
        self, session: str, headers: Mapping[str, str], body: Sequence[Content]
    ) -> Reply | Failure:
        """The address of a session is a secret of its own: the key is not sent to it."""
        return await self._sent("POST", session, headers=headers, body=body, with_key=False)

    async def _call(self, method: str, url: str) -> Reply | Failure:
        return await self._sent(method, url)

    def _address(self, name: str) -> str:
        return f"{self.base}/{self.version}/files/{quote(name.removeprefix('files/'), safe='')}"

    async def _sent(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        body: Sequence[Content] = (),
        with_key: bool = True,
    ) -> Reply | Failure:
        """The reply if it is a success, even one without a body; else the failure that it tells."""
        unkept = Label(kept=False)
        reply = await self.channel.send(
            method, url, headers=headers, body=body, with_key=with_key, label=unkept
        )
        if isinstance(reply, Reply):
            self.time.note(reply.headers)
        if isinstance(reply, Failure) or 200 <= reply.status < 300:
            return reply
        return failure_of(reply) or reply


def _may_receive(session: str, base: str) -> bool:
    """Images go encrypted, or to the very service that was asked."""
    there, here = urlsplit(session), urlsplit(base)
    return there.scheme == "https" or (there.scheme, there.netloc) == (here.scheme, here.netloc)


def _upload_status(reply: Reply) -> str:
    return reply.headers.get("x-goog-upload-status", "").lower()


def _file(reply: Reply | Failure) -> RemoteFile | Failure:
    """The file in an answer, alone or under the key `file`."""
    document = reply if isinstance(reply, Failure) else json_object(reply.body)
    if isinstance(document, Failure):
        return document
    file = _remote(mapping(document.get("file")) or document)
    return file if file.name and file.uri else Failure("unreadable", "an answer without a file")


def _remote(file: Mapping[str, object]) -> RemoteFile:
    size = word(file.get("sizeBytes"))  # int64 is written as a text
    return RemoteFile(
        name=word(file.get("name")),
        uri=word(file.get("uri")),
        mime=word(file.get("mimeType")),
        size_bytes=int(size) if re.fullmatch(r"\d{1,15}", size, re.ASCII) else 0,
        state=word(file.get("state")),
        sha256=_hex_digest(word(file.get("sha256Hash"))),
        expires=word(file.get("expirationTime")) or None,
        error=word(mapping(file.get("error")).get("message")) or None,
        display_name=word(file.get("displayName")),
    )


def _hex_digest(text: str) -> str | None:
    """The service writes base64 of the digest's hex text, not of the digest."""
    try:
        digest = b64decode(text, validate=True).decode()
    except ValueError:
        return None
    return digest if re.fullmatch(r"[0-9a-f]{64}", digest) else None
