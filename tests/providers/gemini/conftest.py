"""A real HTTP server that keeps what it was sent and answers what it was told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runner.providers import PROVIDERS
from runner.roles import Connection
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image, Prepared, WebOrigin
from runner.values.request import Policy, Request
from runner.values.response import Failure, Response

KEY = "AIzaCANARY-0123456789"


@dataclass(frozen=True)
class Received:
    """One request as it arrived. Names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True)
class Told:
    """One answer; `content` is JSON unless it is bytes."""

    content: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Capture:
    """The server: `url`, what it `received`, and what it is to answer, the last one again and
    again. `answer` may be set to decide by the request."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[Told] = field(default_factory=list)
    answer: Callable[[Received], Told] | None = None

    def tell(self, content: object, status: int = 200, **headers: str) -> None:
        """Answers with this next (`Retry_After` is the header `Retry-After`)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(Told(content, status, named))

    def told(self, request: Received) -> Told:
        self.received.append(request)
        if self.answer is not None:
            return self.answer(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def capture() -> Iterator[Capture]:
    state = Capture()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            told = state.told(Received(self.command, self.path, headers, body))
            raw = isinstance(told.content, bytes)
            content = told.content if raw else json.dumps(told.content).encode()
            assert isinstance(content, bytes)
            self.send_response(told.status)
            sent = {"Content-Type": "application/json", "Content-Length": str(len(content))}
            for name, value in {**sent, **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.2", 0), Handler)
    state.url = f"http://127.0.0.2:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


Asking = Callable[..., Response | Failure]


@pytest.fixture
def ask(capture: Capture) -> Asking:
    """Asks the capture server through the provider as a run would, once."""

    def once(request: Request, key: str | None = KEY, **connection: object) -> Response | Failure:
        async def main() -> Response | Failure:
            settings = {"base_url": capture.url, "policy": Policy(timeout_seconds=10)}
            opened = Connection(key=key, **{**settings, **connection})  # type: ignore[arg-type]
            async with PROVIDERS["gemini"]().open(opened, fetch) as asks:
                return await asks(request)

        return asyncio.run(main())

    return once


def fetch(image: Image) -> Prepared:
    assert isinstance(image.origin, DataOrigin)
    content = image.origin.content
    return Prepared(content, image.mime, Size(8, 8), hashlib.sha256(content).hexdigest())


@pytest.fixture
def images() -> Mapping[str, Image]:
    """Images with and without bytes on this machine; every base64 character is in `noise`."""
    noise = bytes(range(256)) * 1000
    return {
        "png": Image("a.png", "image", DataOrigin(b"\x89PNG\r\n\x1a\n-a"), "image/png"),
        "noise": Image("b.jpg", "image", DataOrigin(b"\xff\xd8\xff" + noise), "image/jpeg"),
        "web": Image("c", "image", WebOrigin("https://example.com/c.jpg"), "image/jpeg"),
        "file": Image(
            "d",
            "image",
            WebOrigin("https://generativelanguage.googleapis.com/v1beta/files/abc"),
            "image/png",
        ),
    }
