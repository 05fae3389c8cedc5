"""The Batch API: a file of requests goes there, a file of answers comes back, within a day.

It takes requests of generateContent only. Source: ai.google.dev, Batch API; google-genai 3.4.0 for
the shapes and states. Not documented, and left open here: whether a batch that ended without success
has answers (they are taken if there are), and for how long the file of answers is kept.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from runner.catalogue import catalogue
from runner.providers.gemini.files import Files, RemoteFile
from runner.providers.gemini.pieces import json_bytes
from runner.providers.gemini.session import JSON_HEADERS, Session, read_reply
from runner.providers.gemini.uploads import project_of
from runner.providers.gemini.words import mapping, mappings, word
from runner.roles import ImageError
from runner.transport.classify import failure_of, json_object
from runner.transport.recording import Label
from runner.transport.reply import Reply
from runner.values.batch import BatchState, RemoteBatch
from runner.values.content import Content
from runner.values.request import Request
from runner.values.response import Failure, Response

MIME = "application/jsonl"

PAGE = 100
MOST_PAGES = 100

STATES: Mapping[str, BatchState] = {
    "PENDING": "pending",
    "QUEUED": "pending",
    "PAUSED": "pending",
    "RUNNING": "running",
    "UPDATING": "running",
    "SUCCEEDED": "succeeded",
    "PARTIALLY_SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "CANCELLING": "running",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}
"""What follows `BATCH_STATE_` or `JOB_STATE_`."""

RPC_STATUS = {
    1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400,
    12: 501, 13: 500, 14: 503, 15: 500, 16: 401,
}  # fmt: skip
"""The HTTP status of a code of google.rpc, which the error of a single request may have instead."""


@dataclass(frozen=True, slots=True)
class GeminiBatches:
    """The batches of one API key; a `roles.Batches`."""

    session: Session
    files: Files

    @property
    def project(self) -> str:
        """A digest that stands for the key and the service."""
        return project_of(self.files.base, self.session.channel.key)

    async def line(self, request: Request) -> Sequence[Content] | Failure:
        """The line of a request, in pieces, with its end; images are within it, and read when it is
        written."""
        try:
            body, _ = await asyncio.to_thread(self.session.body, request)
        except ImageError as error:
            return Failure("image", str(error))
        length, most = sum(map(len, body)), catalogue().bytes_per_request
        if length > most:
            why = f"the request has {length:,} bytes, the service takes {most:,}"
            return Failure("too_large", why)
        return [b'{"key":"' + request.key.encode() + b'","request":', *body, b"}\n"]

    async def upload(self, path: Path, name: str, *, look: bool) -> str | Failure:
        """The service's name of a file that was uploaded under this display name; `look`: perhaps it
        was uploaded before, by a process that could not write it down."""
        size = (await asyncio.to_thread(path.stat)).st_size
        if look:
            known = await self.files.listed()
            if isinstance(known, Failure):
                return known
            for file in known:
                if (file.display_name, file.size_bytes) == (name, size) and file.state != "FAILED":
                    return await self._ready(file)
        with path.open("rb") as opened:
            return await self._ready(
                await self.files.upload(_OnDisk(opened.fileno(), size), MIME, name)
            )

    async def _ready(self, file: RemoteFile | Failure) -> str | Failure:
        ready = file if isinstance(file, Failure) else await self.files.wait(file)
        return ready if isinstance(ready, Failure) else ready.name

    async def create(self, model: str, file: str, name: str) -> RemoteBatch | Failure:
        """A new batch over an uploaded file."""
        url = f"{self.session.root}/models/{quote(model, safe='')}:batchGenerateContent"
        batch = {"displayName": name, "inputConfig": {"fileName": file}}
        return _batch(await self._call("POST", url, [json_bytes({"batch": batch})]))

    async def find(self, name: str) -> RemoteBatch | Failure | None:
        """The newest batch of this display name; None when there is none."""
        token = ""
        for _ in range(MOST_PAGES):
            query = f"?pageSize={PAGE}" + (f"&pageToken={quote(token, safe='')}" if token else "")
            reply = await self._call("GET", f"{self.session.root}/batches{query}")
            page = reply if isinstance(reply, Failure) else json_object(reply.body)
            if isinstance(page, Failure):
                return page
            for operation in mappings(page.get("operations")):
                if (found := _read(operation)).display_name == name:
                    return found
            token = word(page.get("nextPageToken"))
            if not token:
                return None
        return None

    async def get(self, batch: str) -> RemoteBatch | Failure:
        """The batch of this name (`batches/abc`) as it is now."""
        id = quote(batch.removeprefix("batches/"), safe="")
        return _batch(await self._call("GET", f"{self.session.root}/batches/{id}"))

    async def download(self, file: str, target: Path) -> Mapping[str, str] | Failure:
        """Writes a file of answers to the disk; the headers that came with it."""
        id = quote(file.removeprefix("files/"), safe="")
        url = f"{self.session.root}/files/{id}:download?alt=media"
        with target.open("wb") as opened:
            reply = await self.session.channel.download(url, opened, Label(kept=False))
        if isinstance(reply, Failure):
            return reply
        if reply.status == 200:
            return reply.headers
        return failure_of(reply) or Failure("unreadable", f"HTTP {reply.status}")

    def read(
        self, line: bytes, model: str, headers: Mapping[str, str]
    ) -> tuple[str, Response | Failure]:
        """The key of an answer, and the answer. A line that is damaged is an unreadable answer, to
        the request whose key can still be read in it."""
        try:
            item = mapping(json.loads(line))
        except (ValueError, RecursionError):
            item = {}
        key = word(item.get("key")) or word(mapping(item.get("metadata")).get("key"))
        if not key or not ("response" in item or "error" in item):
            found = _KEY.search(line[:1000])
            why = "the answer in the file of the batch is damaged"
            name = key or (found[1].decode() if found else "")
            return name, Failure("unreadable", why, maybe_billed=True)
        if "response" in item:
            reply = Reply(200, headers, json_bytes(item["response"]))
        else:
            error = {"error": item["error"]}
            reply = Reply(_status(mapping(item["error"])), headers, json_bytes(error))
        answer = read_reply(reply, "generate_content", model)
        return key, replace(answer, in_batch=True) if isinstance(answer, Response) else answer

    async def delete(self, file: str) -> None:
        """Removes a file of ours, if the service lets us; else it expires."""
        await self.files.delete(file)

    async def _call(self, method: str, url: str, body: Sequence[bytes] = ()) -> Reply | Failure:
        if self.session.refused:
            return self.session.refused
        headers = JSON_HEADERS if body else {}
        reply = await self.session.channel.send(
            method, url, headers=headers, body=body, label=Label(kept=False)
        )
        return reply if isinstance(reply, Failure) else failure_of(reply) or reply


@dataclass(frozen=True, slots=True)
class _OnDisk:
    """The bytes of a file, read where they are wanted."""

    number: int
    size: int

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self.size)
        os.lseek(self.number, start, os.SEEK_SET)
        return os.read(self.number, stop - start)


_KEY = re.compile(rb'"key"\s*:\s*"([0-9a-f]{64})"')


def _batch(reply: Reply | Failure) -> RemoteBatch | Failure:
    document = reply if isinstance(reply, Failure) else json_object(reply.body)
    if isinstance(document, Failure):
        return document
    batch = _read(document)
    return batch if batch.name else Failure("unreadable", "an answer without a batch")


def _read(operation: Mapping[str, object]) -> RemoteBatch:
    """A batch stands there as a long-running operation; its answers are told in one of two places."""
    about = mapping(operation.get("metadata"))
    outputs = (mapping(about.get("output")), mapping(operation.get("response")))
    error = mapping(operation.get("error")) or mapping(about.get("error"))
    stats = mapping(about.get("batchStats"))
    return RemoteBatch(
        name=word(operation.get("name")) or word(about.get("name")),
        state=_state(operation, about, error),
        display_name=word(about.get("displayName")),
        output=next(filter(None, (word(each.get("responsesFile")) for each in outputs)), None),
        error=word(error.get("message")),
        requests=_count(stats.get("requestCount")),
        answered=_count(stats.get("successfulRequestCount")),
        failed=_count(stats.get("failedRequestCount")),
    )


def _state(
    operation: Mapping[str, object], about: Mapping[str, object], error: Mapping[str, object]
) -> BatchState:
    """A state that nobody here knows is one in which it is still to be waited."""
    written = word(about.get("state"))
    known = STATES.get(written.removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_"))
    if known is None and operation.get("done") is True:
        return "failed" if error else "succeeded"
    return known or "running"


def _count(number: object) -> int:
    """int64 is written as a text."""
    text = str(number)
    return int(text) if re.fullmatch(r"\d{1,12}", text, re.ASCII) else 0


def _status(error: Mapping[str, object]) -> int:
    code = error.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        return 500
    return RPC_STATUS.get(code, code if 400 <= code < 600 else 500)
