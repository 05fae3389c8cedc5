"""Uploads to the Files API, and what becomes of them, against a service that speaks its protocol."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from runner.providers.gemini import files as module
from runner.providers.gemini.files import CHUNK, Files, RemoteFile
from runner.providers.simulator.desk import Desk
from runner.providers.simulator.server import serve
from runner.providers.simulator.service import Service as SimulatedService
from runner.roles import Connection
from runner.transport.client import Channel, open_client
from runner.values.request import Policy
from runner.values.response import Failure

T = TypeVar("T")
KEY = "AIzaCANARY-0123456789"
CONTENT = random.Random(7).randbytes(2 * CHUNK + 1000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Service:
    """The Files API: `lost` numbers the chunks of which the answer is not given, `state` is that of
    a new file."""

    def __init__(self, capture: Any, lost: tuple[int, ...] = (), state: str = "ACTIVE") -> None:
        self.url, self.lost, self.state = capture.url, lost, state
        self.received = b""
        self.chunks: list[tuple[str, int]] = []
        self.complete = False
        capture.answer = self.answer
        self.make = lambda content, status=200, **headers: _told(capture, content, status, headers)

    def answer(self, request: Any) -> Any:
        command = request.headers.get("x-goog-upload-command")
        if command == "start":
            return self.make({}, X_Goog_Upload_URL=f"{self.url}/session?id=1")
        if command == "query":
            if self.complete:
                return self.make({"file": self.file()}, X_Goog_Upload_Status="final")
            return self.make(
                b"",
                X_Goog_Upload_Status="active",
                X_Goog_Upload_Size_Received=str(len(self.received)),
            )
        if command:
            return self.chunk(command, request)
        if request.method == "DELETE":
            return self.make(b"")
        self.state = "ACTIVE" if self.state == "PROCESSING" else self.state
        return self.make(self.file())

    def chunk(self, command: str, request: Any) -> Any:
        assert "x-goog-api-key" not in request.headers
        offset = int(request.headers["x-goog-upload-offset"])
        self.chunks.append((command, offset))
        number = len(self.chunks)
        if offset != len(self.received):
            return self.make({"error": {"code": 400, "message": "Wrong offset."}}, 400)
        self.received += request.body
        self.complete = command.endswith("finalize")
        if number in self.lost:
            return self.make(b"<html>", 502)
        if self.complete:
            return self.make({"file": self.file()}, X_Goog_Upload_Status="final")
        return self.make(b"", X_Goog_Upload_Status="active")

    def file(self) -> dict[str, Any]:
        digest = hashlib.sha256(self.received).hexdigest().encode()
        return {
            "name": "files/abc",
            "uri": "https://generativelanguage.googleapis.com/v1beta/files/abc",
            "mimeType": "image/png",
            "sizeBytes": str(len(self.received)),
            "state": self.state,
            "sha256Hash": base64.b64encode(digest).decode(),
            "expirationTime": "2026-11-22T17:40:00.000000Z",
        }


def _told(capture: Any, content: Any, status: int, headers: dict[str, str]) -> Any:
    capture.tell(content, status=status, **headers)
    return capture.answers.pop()


def use(capture: Any, work: Callable[[Files], Awaitable[T]]) -> tuple[T, list[float]]:
    """What `work` made of the service, and the waits it took."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def main() -> T:
        async with open_client(Connection()) as client:
            channel = Channel(client, Policy(timeout_seconds=10), KEY)
            return await work(Files(channel, capture.url, sleep=sleep))

    return asyncio.run(main()), waits


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, len(CONTENT)])
def test_a_file_arrives_byte_for_byte(length: int, capture: Any) -> None:
    """In chunks of 8 MiB; the last one says that it is the last."""
    service = Service(capture)
    content = CONTENT[:length]
    file, waits = use(capture, lambda files: files.upload(content, "image/png", "A scan"))
    assert service.received == content
    assert file == RemoteFile(
        name="files/abc",
        uri="https://generativelanguage.googleapis.com/v1beta/files/abc",
        mime="image/png",
        size_bytes=length,
        state="ACTIVE",
        sha256=hashlib.sha256(content).hexdigest(),
        expires="2026-11-22T17:40:00.000000Z",
    )
    starts = range(0, max(length, 1), CHUNK)
    assert service.chunks == [
        ("upload, finalize" if start + CHUNK >= length else "upload", start) for start in starts
    ]
    assert waits == []


def test_an_upload_says_what_it_will_bring(capture: Any) -> None:
    """The key goes with the first request only, never to the address of the session."""
    Service(capture)
    use(capture, lambda files: files.upload(b"abc", "image/png", "A scan"))
    start = capture.received[0]
    assert (start.method, start.path) == ("POST", "/upload/v1beta/files")
    sent = {k: v for k, v in start.headers.items() if k.startswith("x-goog")}
    assert sent == {
        "x-goog-api-key": KEY,
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": "3",
        "x-goog-upload-header-content-type": "image/png",
    }
    file = {"display_name": "A scan", "mime_type": "image/png", "size_bytes": 3}
    assert json.loads(start.body) == {"file": file}


@pytest.mark.parametrize("lost", [(1,), (2,), (3,), (1, 2, 3)])
def test_an_upload_goes_on_where_it_stopped(lost: tuple[int, ...], capture: Any) -> None:
    """The service is asked how much it has; nothing is sent twice, and the end is not missed."""
    service = Service(capture, lost=lost)
    file, waits = use(capture, lambda files: files.upload(CONTENT, "image/png"))
    assert isinstance(file, RemoteFile)
    assert (service.received == CONTENT, file.sha256) == (True, SHA256)
    assert len(service.chunks) == 3
    assert waits == [1.0, 2.0, 4.0][: len(lost)]


def test_an_upload_that_keeps_breaking_ends(capture: Any) -> None:
    """After three breaks; the failure is that of the last one."""
    capture.answer = lambda request: (
        _told(capture, {}, 200, {"X_Goog_Upload_URL": f"{capture.url}/s"})
        if request.headers["x-goog-upload-command"] == "start"
        else _told(capture, b"<html>", 502, {})
    )
    failure, waits = use(capture, lambda files: files.upload(b"abc", "image/png"))
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.status, waits) == ("overloaded", 502, [1.0, 2.0, 4.0])


def test_a_service_that_never_says_final_is_not_asked_for_ever(capture: Any) -> None:
    """An upload has an end, whatever the service says."""
    headers = {"X_Goog_Upload_URL": f"{capture.url}/s", "X_Goog_Upload_Status": "active"}
    capture.tell({}, **headers)
    failure, _ = use(capture, lambda files: files.upload(b"abc", "image/png"))
    assert failure == Failure("unreadable", "the service did not say that the bytes arrived")


@pytest.mark.parametrize("session", ["", "http://127.0.0.9/x", "file:///etc/passwd", "//evil"])
def test_images_go_nowhere_in_the_clear_but_to_the_service(session: str, capture: Any) -> None:
    """An address for the bytes that is neither encrypted nor the service's own is refused."""
    capture.tell({}, X_Goog_Upload_URL=session)
    failure, _ = use(capture, lambda files: files.upload(b"abc", "image/png"))
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.stops_run) == ("unreadable", True)
    assert len(capture.received) == 1


def test_an_upload_that_is_refused_is_not_tried_again(capture: Any) -> None:
    """The failure is the service's own."""
    error = {"code": 400, "status": "INVALID_ARGUMENT", "message": "No.", "details": []}
    capture.tell({"error": error}, status=400)
    failure, waits = use(capture, lambda files: files.upload(b"abc", "image/png"))
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.message, waits) == ("bad_request", "No.", [])


def test_a_file_is_waited_for_until_it_can_be_used(capture: Any) -> None:
    """It is looked at every second."""
    service = Service(capture, state="PROCESSING")
    new = RemoteFile("files/abc", "u", "image/png", 0, "PROCESSING")
    file, waits = use(capture, lambda files: files.wait(new))
    assert isinstance(file, RemoteFile)
    assert (file.state, waits, service.state) == ("ACTIVE", [1.0], "ACTIVE")


@pytest.mark.parametrize(
    ("state", "kind", "waits"), [("FAILED", "bad_request", 0), ("PROCESSING", "overloaded", 3)]
)
def test_a_file_that_never_gets_ready_is_a_failure(
    state: str, kind: str, waits: int, capture: Any
) -> None:
    """It failed, or it took longer than it may."""
    file = {"name": "files/abc", "uri": "u", "state": state, "error": {"message": "Not an image."}}
    capture.tell(file)
    new = RemoteFile("files/abc", "u", "image/png", 0, state, error="Not an image.")
    failure, waited = use(capture, lambda files: files.wait(new, seconds=3.0))
    assert isinstance(failure, Failure)
    assert (failure.kind, len(waited)) == (kind, waits)


def test_all_files_are_listed_page_by_page(capture: Any) -> None:
    """Until there is no further page."""
    capture.tell({"files": [{"name": "files/a"}, {"name": "files/b"}], "nextPageToken": "p+2&x"})
    capture.tell({"files": [{"name": "files/c"}]})
    found, _ = use(capture, lambda files: files.listed())
    assert isinstance(found, tuple)
    assert [file.name for file in found] == ["files/a", "files/b", "files/c"]
    paths = [received.path for received in capture.received]
    assert paths == [
        "/v1beta/files?pageSize=100",
        "/v1beta/files?pageSize=100&pageToken=p%2B2%26x",
    ]


def test_a_file_is_deleted_by_its_name(capture: Any) -> None:
    """An empty answer is enough; one that is gone already is a failure of its own kind."""
    capture.tell(b"")
    words = "You do not have permission to access the File abc or it may not exist."
    error = {"code": 403, "status": "PERMISSION_DENIED", "message": words}
    capture.tell({"error": error}, status=403)
    gone, _ = use(capture, lambda files: files.delete("files/abc"))
    again, _ = use(capture, lambda files: files.delete("files/abc"))
    assert gone is None
    assert isinstance(again, Failure)
    assert again.kind == "file_gone"
    assert {(r.method, r.path) for r in capture.received} == {("DELETE", "/v1beta/files/abc")}


@pytest.mark.parametrize("written", ["", "????", "aGVsbG8=", "//79"])
def test_a_digest_that_is_none_is_left_out(written: str, capture: Any) -> None:
    """It is base64 of 64 hexadecimal digits, or nothing."""
    capture.tell({"name": "files/abc", "uri": "u", "sha256Hash": written, "sizeBytes": "x"})
    file, _ = use(capture, lambda files: files.get("abc"))
    assert isinstance(file, RemoteFile)
    assert (file.sha256, file.size_bytes) == (None, 0)


def test_the_simulated_service_takes_uploads_too() -> None:
    """Over HTTP: uploaded in two chunks, waited for, listed, deleted, gone."""
    content = CONTENT[: CHUNK + 1000]

    async def main() -> tuple[object, ...]:
        async with serve(SimulatedService(Desk())) as url, open_client(Connection()) as client:
            files = Files(Channel(client, Policy(timeout_seconds=10), KEY), url)
            new = await files.upload(content, "image/png", "A scan")
            assert isinstance(new, RemoteFile)
            ready = await files.wait(new)
            listed = await files.listed()
            return new, ready, listed, await files.delete(new.name), await files.get(new.name)

    new, ready, listed, deleted, gone = asyncio.run(main())
    assert isinstance(new, RemoteFile)
    assert isinstance(ready, RemoteFile)
    assert isinstance(gone, Failure)
    assert new.sha256 == hashlib.sha256(content).hexdigest()
    assert (ready.state, listed, deleted, gone.kind) == ("ACTIVE", (ready,), None, "file_gone")


def test_chunks_fit_the_granularity_of_the_service() -> None:
    """All but the last one are multiples of 256 KiB."""
    assert module.CHUNK % (256 << 10) == 0
