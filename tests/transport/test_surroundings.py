"""Proxies and certificates of a company's network, with a real proxy, a real TLS server and an
authority of our own. Nothing leaves this machine: only the proxy knows where `service.test` is."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runner.roles import Connection
from runner.transport.client import Channel, open_client
from runner.transport.reply import Reply
from runner.transport.surroundings import (
    SurroundingsError,
    proxy_of,
    shown_proxy,
    trust,
)
from runner.values.response import Failure

HERE = Path(__file__).parent
AUTHORITY, SERVICE = HERE / "authority.pem", HERE / "service.pem"
"""Valid for a hundred years; `service.test` is a name that no network has (RFC 6761)."""

KEY = "AIzaCANARY-0123456789/+abcdefghijklmnop"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta"
PROXY = "http://proxy.corp:3128"


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        (GOOGLE, {}, None),
        (GOOGLE, {"HTTPS_PROXY": PROXY}, PROXY),
        (GOOGLE, {"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, PROXY),
        (GOOGLE, {"ALL_PROXY": PROXY}, PROXY),
        (GOOGLE, {"HTTPS_PROXY": "proxy.corp:3128"}, PROXY),
        (GOOGLE, {"HTTPS_PROXY": "https://ann:s3cret@proxy.corp"}, "https://ann:s3cret@proxy.corp"),
        (GOOGLE, {"HTTPS_PROXY": ""}, None),
        (GOOGLE, {"HTTP_PROXY": PROXY}, None),
        (GOOGLE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "corp,.googleapis.com"}, None),
        (GOOGLE, {"HTTPS_PROXY": PROXY, "no_proxy": "*"}, None),
        (GOOGLE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "localhost, GoogleAPIs.com:443"}, None),
        (GOOGLE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com"}, PROXY),
        (GOOGLE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "apis.com,,"}, PROXY),
        ("https://gpu.corp:8000/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "gpu.corp:8000"}, None),
        ("https://gpu.corp:8001/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "gpu.corp:8000"}, PROXY),
        ("http://gpu.corp:8000/v1", {"HTTPS_PROXY": PROXY, "ALL_PROXY": PROXY}, None),
        ("https://127.0.0.3:1", {"HTTPS_PROXY": PROXY}, None),
        ("https://localhost:1", {"HTTPS_PROXY": PROXY}, None),
        ("https://[::1]:1", {"HTTPS_PROXY": PROXY}, None),
    ],
)
def test_which_proxy_an_address_is_reached_through(
    url: str, environ: dict[str, str], proxy: str | None
) -> None:
    """Never for this machine, and never for http://, where the proxy would read the key."""
    assert proxy_of(url, environ) == proxy


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("socks5://p:1", "HTTPS_PROXY names a proxy of the kind `socks5`, which askpix does not"),
        ("http://:3128", "HTTPS_PROXY is no address of a proxy; write http://HOST:PORT"),
        ("http://p:port", "HTTPS_PROXY is no address of a proxy"),
        ("http://ann:s3cret@p:port", "HTTPS_PROXY is no address of a proxy"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(value: str, why: str) -> None:
    """By its variable; its password is not repeated."""
    with pytest.raises(SurroundingsError, match=why) as raised:
        proxy_of(GOOGLE, {"HTTPS_PROXY": value})
    assert "s3cret" not in str(raised.value)


def test_a_proxy_is_shown_without_its_password() -> None:
    """For people, and for logs."""
    assert shown_proxy("http://ann:s3cret@proxy.corp:3128") == PROXY


@pytest.mark.parametrize(
    ("content", "why"), [(None, "no such file or directory"), ("nothing", "no certificates in it")]
)
def test_certificates_that_cannot_be_read_are_named(
    content: str | None, why: str, tmp_path: Path
) -> None:
    """With the variable and the file."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SurroundingsError) as raised:
        trust({"SSL_CERT_FILE": str(path)})
    assert str(raised.value) == f"SSL_CERT_FILE names {path}: {why}"


# -- on the wire ------------------------------------------------------------------------------------


@dataclass
class Heard:
    """What came by: the first lines that the proxy got, and whether it saw the key at all."""

    url: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)
    password: str = ""


@pytest.fixture
def service() -> Iterator[Heard]:
    """A TLS server that calls itself `service.test`, and answers with the key it was given."""
    state = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            state.asked.append(self.headers["x-goog-api-key"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not trust us hangs up: that is what is tested."""

    server = Server(("127.0.0.4", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SERVICE)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(service: Heard) -> Iterator[Heard]:
    """A proxy that opens tunnels, all of them to the service; it keeps every byte that it passes."""
    state = Heard()
    listening = socket.create_server(("127.0.0.5", 0))
    state.url = f"http://127.0.0.5:{listening.getsockname()[1]}"

    def passing(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                state.seen += data
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def tunnel(client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        state.seen += head
        state.asked.append(head.split(b"\r\n")[0].decode())
        told = base64.b64encode(state.password.encode())
        with client:
            if state.password and b"authorization: Basic " + told not in head:
                client.sendall(b"HTTP/1.1 407 Who are you?\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.4", service.port)) as target:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=passing, args=(target, client), daemon=True)
                back.start()
                passing(client, target)
                back.join()

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                threading.Thread(target=tunnel, args=(client,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield state
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of somebody without any of these variables."""
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def send(url: str) -> Reply | Failure:
    """The outcome of one attempt."""

    async def main() -> Reply | Failure:
        async with open_client(Connection()) as client:
            return await Channel(client, key=KEY).send("POST", f"{url}/v1/ask", body=[b"{}"])

    return asyncio.run(main())


def test_a_request_goes_through_the_proxy_which_never_sees_the_key(
    service: Heard, proxy: Heard, environ: pytest.MonkeyPatch
) -> None:
    """It opens a tunnel, and within it all is encrypted; the company's authority is trusted."""
    environ.setenv("HTTPS_PROXY", proxy.url)
    environ.setenv("SSL_CERT_FILE", str(AUTHORITY))
    reply = send("https://service.test")
    assert isinstance(reply, Reply)
    assert (reply.status, service.asked) == (200, [KEY])
    assert proxy.asked == ["CONNECT service.test:443 HTTP/1.1"]
    assert len(proxy.seen) > 500
    assert KEY.encode() not in proxy.seen


def test_a_service_that_nobody_vouches_for_gets_nothing(
    service: Heard, proxy: Heard, environ: pytest.MonkeyPatch
) -> None:
    """A proxy that reads along is refused, unless its certificate is named."""
    environ.setenv("HTTPS_PROXY", proxy.url)
    failure = send("https://service.test")
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.stops_run, service.asked) == ("connect", True, [])
    assert failure.message.startswith("no secure connection: ")


def test_a_proxy_may_want_a_password(
    service: Heard, proxy: Heard, environ: pytest.MonkeyPatch
) -> None:
    """It stands in the variable; without one the run ends with what to do."""
    proxy.password = "ann:s3cret"
    environ.setenv("HTTPS_PROXY", proxy.url)
    environ.setenv("SSL_CERT_FILE", str(AUTHORITY))
    failure = send("https://service.test")
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.stops_run, failure.maybe_billed) == ("connect", True, False)
    assert failure.message == (
        "the proxy wants a user and a password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"
    )
    environ.setenv("HTTPS_PROXY", proxy.url.replace("//", "//ann:s3cret@"))
    reply = send("https://service.test")
    assert isinstance(reply, Reply)
    assert service.asked == [KEY]


def test_a_proxy_that_is_not_there_is_told(environ: pytest.MonkeyPatch) -> None:
    """Without its password."""
    with socket.create_server(("127.0.0.5", 0)) as taken:
        port = taken.getsockname()[1]
    environ.setenv("HTTPS_PROXY", f"http://ann:s3cret@127.0.0.5:{port}")
    failure = send("https://service.test")
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.maybe_billed) == ("connect", False)
    assert f"127.0.0.5:{port}" in failure.message
    assert "s3cret" not in failure.message


def test_a_server_of_this_machine_is_reached_without_a_proxy(
    faults: object, proxy: Heard, environ: pytest.MonkeyPatch
) -> None:
    """Whatever the variables say: a simulator is never asked through the company's proxy."""
    environ.setenv("HTTPS_PROXY", proxy.url)
    environ.setenv("ALL_PROXY", proxy.url)
    environ.setenv("HTTP_PROXY", proxy.url)
    assert isinstance(send(f"{faults.url}/fine"), Reply)  # type: ignore[attr-defined]
    assert proxy.asked == []
