"""A service on a raw socket that does what it is told, also what no HTTP library would let it do.

`FaultServer.tell` takes what to do with one request after the other: the name of a fault below, or
an answer as `(status, content, *headers)`, where `content` is JSON unless it is bytes. The last one
is done again and again. Without being told, the first part of the path names the fault.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

OK = b'{"status": "completed", "steps": []}'

JSON = "application/json"


def http(status: int, body: bytes, *headers: str, kind: str = JSON) -> bytes:
    """A whole response."""
    words = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {status} {words}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def interaction(text: str, status: str = "completed", **more: object) -> dict[str, object]:
    """An answer of the Interactions API that says this."""
    said = [{"type": "model_output", "content": [{"type": "text", "text": text}]}]
    usage = {"total_input_tokens": 1000, "total_output_tokens": 10, "total_thought_tokens": 5}
    return {"id": "v1_1", "status": status, "steps": said, "usage": usage, **more}


def generated(text: str, reason: str = "STOP", **more: object) -> dict[str, object]:
    """An answer of generateContent that says this."""
    said = {"role": "model", "parts": [{"text": text}]}
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 10, "thoughtsTokenCount": 5}
    candidate = {"content": said, "finishReason": reason, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", **more}


def saying(text: str) -> Act:
    """A whole answer with this text, in the words of the endpoint that was asked."""

    def say(line: Line) -> bool:
        generates = line.request.path.endswith(":generateContent")
        return line.answer(200, generated(text) if generates else interaction(text))

    return say


@dataclass
class Received:
    """One request as it arrived; its `body` as far as it was read. `at` is a monotonic time in
    seconds, `connection` counts the connections from 1."""

    head: bytes
    connection: int
    at: float
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.head.split(b" ")[1].decode()

    @property
    def headers(self) -> dict[str, str]:
        """By their names in lower case."""
        pairs = (line.partition(":") for line in self.head.decode("latin-1").split("\r\n")[1:])
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass
class Line:
    """One connection, with the request that came last."""

    socket: socket.socket
    server: FaultServer
    request: Received

    def send(self, content: bytes) -> bool:
        self.socket.sendall(content)
        return True

    def answer(self, status: int, content: object, *headers: str) -> bool:
        """`content` is JSON, or bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        kinds = [line for line in headers if line.lower().startswith("content-type:")]
        kind = kinds[0].partition(":")[2].strip() if kinds else JSON
        others = [line for line in headers if line not in kinds]
        return self.send(http(status, body, *others, kind=kind))

    def read_body(self) -> None:
        while len(self.request.body) < self.request.length:
            piece = self.socket.recv(1 << 20)
            if not piece:
                raise ConnectionError
            self.request.body += piece

    def read_to_end(self) -> None:
        """What comes until the other side hangs up, thrown away."""
        while self.socket.recv(1 << 20):
            pass


Act = Callable[[Line], bool]
"""What is done with a request; True when the connection stays open."""

Told = str | tuple[object, ...] | Act


@dataclass
class FaultServer:
    """The service. `requests` holds every request that came, in the order of their heads.

    `choose`, when it is set, decides by the request what is done with it.
    """

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    acts: dict[str, Act] = field(default_factory=lambda: dict(FAULTS))
    choose: Callable[[Received], Told] | None = None
    arrived: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    _script: list[Act] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, *told: Told) -> None:
        """Does this with the next requests, one after the other."""
        self._script += [self._act(one) for one in told]

    def says(self, *texts: str) -> None:
        """Answers the next requests with these texts."""
        self._script += [saying(text) for text in texts]

    def serve(self, connection: socket.socket) -> None:
        """Everything that comes on one connection."""
        with self._lock:
            self.connections += 1
            number = self.connections
        with connection, suppress(OSError):
            self._serve(connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        rest = b""
        while not self.stopping.is_set():
            while b"\r\n\r\n" not in rest:
                piece = connection.recv(65536)
                if not piece:
                    return
                rest += piece
            head, rest = rest.split(b"\r\n\r\n", 1)
            request = Received(head, number, time.monotonic(), rest)
            rest = b""
            line = Line(connection, self, request)
            with self._lock:
                self.requests.append(request)
                act = self._next(request) if self.choose is None else None
            self.arrived.set()
            if self.choose is not None:
                line.read_body()
                act = self._act(self.choose(request))
            assert act is not None
            if act not in EARLY:
                line.read_body()
            if not act(line):
                return

    def _next(self, request: Received) -> Act:
        if not self._script:
            return self._act(request.path.strip("/").split("/")[0].split("?")[0])
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def _act(self, told: Told) -> Act:
        if isinstance(told, str):
            return self.acts[told]
        if isinstance(told, tuple):
            status, content, *headers = told
            return lambda line: line.answer(status, content, *headers)  # type: ignore[arg-type]
        return told


@contextmanager
def serving(host: str = "127.0.0.4") -> Iterator[FaultServer]:
    """A running fault server on a free port; everything of it ends with the context."""
    server = FaultServer()
    listening = socket.create_server((host, 0), backlog=128)
    server.url = f"http://{host}:{listening.getsockname()[1]}"
    threads: list[threading.Thread] = []

    def start(target: Callable[..., None], *args: object) -> None:
        threads.append(threading.Thread(target=target, args=args, daemon=True))
        threads[-1].start()

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            start(server.serve, connection)

    start(accept)
    try:
        yield server
    finally:
        server.stopping.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in threads:
            thread.join(5)


# --- whole answers ---------------------------------------------------------------------------


def fine(line: Line) -> bool:
    return line.answer(200, OK)


def gzipped(line: Line) -> bool:
    return line.answer(200, gzip.compress(OK), "Content-Encoding: gzip")


def html(line: Line) -> bool:
    page = b"<html>\x1b[31mlog in</html>"
    return line.answer(200, page, "Content-Type: text/html; charset=x")


def bad_utf8(line: Line) -> bool:
    return line.answer(200, b'{"status": "\xff\xfe"}')


def empty(line: Line) -> bool:
    return line.answer(200, b"")


def no_content(line: Line) -> bool:
    return line.send(b"HTTP/1.1 204 No Content\r\n\r\n")


def redirect(line: Line) -> bool:
    port = line.server.url.rpartition(":")[2]
    return line.answer(302, b"", f"Location: http://127.0.0.5:{port}/fine")


def brotli(line: Line) -> bool:
    return line.answer(200, b"\x8b\x02\x80{}\x03", "Content-Encoding: br")


def not_gzip(line: Line) -> bool:
    return line.answer(200, OK, "Content-Encoding: gzip")


# --- connections that break ------------------------------------------------------------------


def reset_before(line: Line) -> bool:
    line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def reset_within(line: Line) -> bool:
    line.send(http(200, OK)[:-10])
    return reset_before(line)


def closed_before(line: Line) -> bool:
    return False


def truncated(line: Line) -> bool:
    line.send(http(200, OK)[:-10])
    return False


def truncated_chunk(line: Line) -> bool:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    line.send(head + b"10\r\n" + OK[:16] + b"\r\n")
    return False


def truncated_without_length(line: Line) -> bool:
    line.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + OK[:-10])
    return False


def stale(line: Line) -> bool:
    """Promises to keep the connection, and closes it."""
    fine(line)
    return False


def early_413(line: Line) -> bool:
    """Refuses the request before its body has arrived."""
    line.answer(413, {"error": {"code": 413}}, "Connection: close")
    line.socket.shutdown(socket.SHUT_WR)
    line.read_to_end()  # closing at once would reset the connection under the answer
    line.server.ended.set()
    return False


def rude_413(line: Line) -> bool:
    """The same from a server that hangs up at once: its answer may never be read."""
    line.answer(413, {"error": {"code": 413}}, "Connection: close")
    return False


def early_reset(line: Line) -> bool:
    """Hangs up before the body has arrived."""
    return reset_before(line)


# --- what is not HTTP ------------------------------------------------------------------------


def garbage(line: Line) -> bool:
    line.send(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
    return False


def two_lengths(line: Line) -> bool:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello")
    return False


def huge_header(line: Line) -> bool:
    line.send(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 5_000_000 + b"\r\nContent-Length: 2\r\n\r\n{}")
    return False


# --- what never ends -------------------------------------------------------------------------


def silent(line: Line) -> bool:
    line.server.stopping.wait(20)
    return False


def slow_body(line: Line) -> bool:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    return _drip(line, b" ")


def slow_head(line: Line) -> bool:
    line.send(b"HTTP/1.1 200 OK\r\nX: ")
    return _drip(line, b"a")


def endless(line: Line) -> bool:
    line.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not line.server.stopping.is_set():
        line.send(b" " * 100_000)
    return False


def bomb(line: Line) -> bool:
    """300 MB of zeros in 300 KB of gzip."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(pack.compress(bytes(1 << 20)) for _ in range(300)) + pack.flush()
    return line.answer(200, body, "Content-Encoding: gzip")


def _drip(line: Line, drop: bytes) -> bool:
    while not line.server.stopping.wait(0.02):
        line.send(drop)
    return False


FAULTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        *(fine, gzipped, html, bad_utf8, empty, no_content, redirect, brotli, not_gzip),
        *(reset_before, reset_within, closed_before, truncated, truncated_chunk),
        *(truncated_without_length, stale, early_413, rude_413, early_reset),
        *(garbage, two_lengths, huge_header),
        *(silent, slow_body, slow_head, endless, bomb),
    )
}
"""Every fault by its name."""

EARLY = frozenset({early_413, rude_413, early_reset})
"""Done before the body of the request is read."""
