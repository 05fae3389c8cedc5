"""Connections only to addresses that were judged, under one deadline for everything on them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ssl import SSLContext

import httpcore

from runner.sources.opening import Unreadable

SocketOptions = Iterable[
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
]


@dataclass(frozen=True, slots=True)
class PinnedBackend(httpcore.NetworkBackend):
    """Resolves a name once, judges all its addresses, and connects to one of exactly those.

    Checking first and fetching then would resolve twice, and a name server may answer differently
    the second time (DNS rebinding). Addresses written as numbers (`127.1`, `0x7f000001`) come this
    way, too. The name stays what TLS verifies and what the server is told.
    """

    allowed: Callable[[str], bool]
    resolve: Callable[[str, int, float], Sequence[str]]
    clock: Callable[[], float]
    deadline: float

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address that takes one. Raises `Unreadable` for a refused one."""
        addresses = self.resolve(host, port, self._left())
        if not addresses:
            raise httpcore.ConnectError(f"the name {host} has no address")
        for address in addresses:
            if not self.allowed(address):
                who = host if host == address else f"{host} is {address}, which"
                raise Unreadable(
                    "web_blocked_address",
                    f"{who} is not on the public internet, so it is not fetched;"
                    " `--allow-private` fetches it all the same",
                )
        return _Timed(self._connect(addresses, port, socket_options), self.clock, self.deadline)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        """Never: no web address leads to a socket file."""
        raise httpcore.UnsupportedProtocol("no socket files")

    def sleep(self, seconds: float) -> None:
        """Never asked for: connections are not retried."""

    def _connect(
        self, addresses: Sequence[str], port: int, options: SocketOptions | None
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in addresses:
            try:
                return httpcore.SyncBackend().connect_tcp(
                    address, port, timeout=self._left(), socket_options=options
                )
            except httpcore.ConnectError as error:
                failure = error
        assert failure is not None
        raise failure

    def _left(self) -> float:
        return _left(self.clock, self.deadline)


@dataclass(frozen=True, slots=True)
class _Timed(httpcore.NetworkStream):
    """A stream on which no operation outlives the deadline, however slowly the bytes drip."""

    inner: httpcore.NetworkStream
    clock: Callable[[], float]
    deadline: float

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left(self.clock, self.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, _left(self.clock, self.deadline))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secure = self.inner.start_tls(
            ssl_context, server_hostname, _left(self.clock, self.deadline)
        )
        return _Timed(secure, self.clock, self.deadline)

    def get_extra_info(self, info: str) -> object:
        return self.inner.get_extra_info(info)


def names_to_addresses(host: str, port: int, seconds: float) -> Sequence[str]:
    """The addresses of a host, within this time. Raises httpcore's errors.

    `getaddrinfo` knows no deadline, so it runs in a thread of its own that is left behind.
    """
    answer: list[Sequence[str] | Exception] = []

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.append(list(dict.fromkeys(str(info[4][0]) for info in infos)))
        except (OSError, ValueError, OverflowError) as error:
            answer.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise httpcore.ConnectTimeout(f"the address of {host} is not known in time")
    if isinstance(answer[0], Exception):
        raise httpcore.ConnectError(f"there is no host {host}") from answer[0]
    return answer[0]


def _left(clock: Callable[[], float], deadline: float) -> float:
    left = deadline - clock()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left
