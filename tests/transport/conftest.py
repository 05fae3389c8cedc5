"""A server on raw sockets that does what no HTTP library would let it do."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

OK = b'{"status": "completed", "steps": []}'


def http(status: str, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


@dataclass
class FaultServer:
    """Faults by path. `requests` holds the path and the headers of every request that came."""

    url: str = ""
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while (path := self._receive(connection)) is not None:
                    if not getattr(self, path.strip("/").split("?")[0])(connection):
                        return
            except OSError:
                pass

    def _receive(self, connection: socket.socket) -> str | None:
        """The path of the next request, its body read; the body of /early_* stays where it is."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return None
            data += piece
        head, rest = data.split(b"\r\n\r\n", 1)
        path = head.split(b" ")[1].decode()
        self.requests.append((path, head))
        self.arrived.set()
        lengths = [line for line in head.lower().split(b"\r\n") if b"content-length:" in line]
        length = int(lengths[0].split(b":")[1]) if lengths else 0
        while not path.startswith("/early") and len(rest) < length:
            rest += connection.recv(1 << 20)
        return path

    def fine(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", OK))
        return True

    def gzipped(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", gzip.compress(OK), "Content-Encoding: gzip"))
        return True

    def html(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", b"<html>\x1b[31mlog in</html>", kind="text/html; charset=x"))
        return True

    def bad_utf8(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", b'{"status": "\xff\xfe"}'))
        return True

    def empty(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", b""))
        return True

    def no_content(self, c: socket.socket) -> bool:
        c.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        return True

    def redirect(self, c: socket.socket) -> bool:
        port = self.url.rpartition(":")[2]
        c.sendall(http("302 Found", b"", f"Location: http://127.0.0.5:{port}/fine"))
        return True

    def reset_before(self, c: socket.socket) -> bool:
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def reset_within(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", OK)[:-10])
        return self.reset_before(c)

    def closed_before(self, c: socket.socket) -> bool:
        return False

    def truncated(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", OK)[:-10])
        return False

    def truncated_chunk(self, c: socket.socket) -> bool:
        c.sendall(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + OK[:16] + b"\r\n"
        )
        return False

    def truncated_without_length(self, c: socket.socket) -> bool:
        c.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + OK[:-10])
        return False

    def garbage(self, c: socket.socket) -> bool:
        c.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        return False

    def two_lengths(self, c: socket.socket) -> bool:
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello")
        return False

    def huge_header(self, c: socket.socket) -> bool:
        c.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 5_000_000 + b"\r\nContent-Length: 2\r\n\r\n{}")
        return False

    def silent(self, c: socket.socket) -> bool:
        self.stopping.wait(20)
        return False

    def slow_body(self, c: socket.socket) -> bool:
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        return self._drip(c, b" ")

    def slow_head(self, c: socket.socket) -> bool:
        c.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        return self._drip(c, b"a")

    def _drip(self, c: socket.socket, drop: bytes) -> bool:
        while not self.stopping.wait(0.02):
            c.sendall(drop)
        return False

    def endless(self, c: socket.socket) -> bool:
        c.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while not self.stopping.is_set():
            c.sendall(b" " * 100_000)
        return False

    def bomb(self, c: socket.socket) -> bool:
        pack = zlib.compressobj(9, zlib.DEFLATED, 31)
        body = b"".join(pack.compress(bytes(1 << 20)) for _ in range(300)) + pack.flush()
        c.sendall(http("200 OK", body, "Content-Encoding: gzip"))
        return True

    def brotli(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", b"\x8b\x02\x80{}\x03", "Content-Encoding: br"))
        return True

    def not_gzip(self, c: socket.socket) -> bool:
        c.sendall(http("200 OK", OK, "Content-Encoding: gzip"))
        return True

    def early_413(self, c: socket.socket) -> bool:
        c.sendall(http("413 Payload Too Large", b'{"error": {"code": 413}}', "Connection: close"))
        c.shutdown(socket.SHUT_WR)
        while c.recv(1 << 20):  # closing at once would reset the connection under the answer
            pass
        self.ended.set()
        return False

    def early_reset(self, c: socket.socket) -> bool:
        return self.reset_before(c)

    def stale(self, c: socket.socket) -> bool:
        """Promises to keep the connection, and closes it."""
        c.sendall(http("200 OK", OK))
        return False


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    """A running fault server; everything of it ends with the test."""
    server = FaultServer()
    listening = socket.create_server(("127.0.0.4", 0))
    server.url = f"http://127.0.0.4:{listening.getsockname()[1]}"
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
    yield server
    server.stopping.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    for thread in threads:
        thread.join(5)
