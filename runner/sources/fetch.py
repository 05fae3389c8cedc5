"""Downloads an image from the web: bounded in bytes, time, redirects and reach. No key, no cookie.

The service's own client is never used here, and nothing from the environment is: a proxy would
resolve names by itself and undo the check of addresses.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING

from runner.sources.address import is_public
from runner.sources.opening import Unreadable
from runner.sources.pinned import PinnedBackend, names_to_addresses
from runner.values.result import Issue
from runner.version import VERSION

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpcore
    import httpx

BY_HAND = "download it by hand and name the file"
"""What always works."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What a server says when the same request may succeed a little later."""


class Passing(Unreadable):
    """A download that may succeed when it is tried again. `status` is None where nothing was
    answered whole; `headers` have names in lower case; `tries` is how often it was tried."""

    def __init__(
        self,
        code: str,
        why: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        has_answered: bool = True,
    ) -> None:
        super().__init__(code, why)
        self.status, self.headers, self.has_answered = status, headers or {}, has_answered
        self.tries = 1


Again = Callable[[Passing], bool]
"""Waits before a download is tried again, if it is to be; False when it is not."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a download may do. `seconds` is for all of one try: names, redirects and the body.

    `allowed` judges every address that a name resolves to, and the connection goes to one of
    exactly those: a second answer of the name server changes nothing. `again` decides whether a
    download that failed is tried once more.
    """

    allowed: Callable[[str], bool] = is_public
    resolve: Callable[[str, int, float], Sequence[str]] = names_to_addresses
    most_bytes: int = 50_000_000
    seconds: float = 60.0
    redirects: int = 3
    clock: Callable[[], float] = time.monotonic
    again: Again = lambda failure: False


@dataclass(frozen=True, slots=True)
class Downloads:
    """A folder of downloaded images. An address that is in it already is not fetched again.

    Where a host failed to the end its next images are tried once each, until it answers: a thousand
    images of a server that is gone do not wait a thousand times.
    """

    folder: Path
    rules: Rules = Rules()
    _gone: set[str] = field(default_factory=set)

    def get(self, address: str) -> Path:
        """The file that holds what this address answered with 200 OK. Raises `Unreadable`."""
        target = self.folder / hashlib.sha256(address.encode()).hexdigest()[:32]
        if target.exists():
            return target
        self.folder.mkdir(parents=True, exist_ok=True)
        host, tries = checked(address).netloc.decode("latin-1"), 1
        while True:
            try:
                self._fetch(address, target)
            except Passing as failure:
                failure.tries = tries
                if host not in self._gone and self.rules.again(failure):
                    tries += 1
                    continue
                self._gone.add(host)
                raise _after(tries, failure) from failure
            self._gone.discard(host)
            return target

    def _fetch(self, address: str, target: Path) -> None:
        with NamedTemporaryFile(prefix=".", suffix=".part", dir=self.folder, delete=False) as part:
            try:
                download(address, part, self.rules)
            except BaseException:
                part.close()
                os.unlink(part.name)
                raise
        os.replace(part.name, target)


def _after(tries: int, failure: Passing) -> Unreadable:
    often = f" (tried {tries} times)" if tries > 1 else ""
    return Unreadable(failure.issue.code, f"{failure.issue.why}{often}")


def download(address: str, target: IO[bytes], rules: Rules) -> None:
    """Writes what this address answers. Raises `Unreadable` with a code for every way to fail."""
    import httpcore

    deadline = rules.clock() + rules.seconds
    try:
        _follow(address, target, rules, deadline)
    except httpcore.TimeoutException as error:
        why = f"the download took longer than {rules.seconds:g} seconds; try again, or {BY_HAND}"
        raise Passing("web_timeout", why, has_answered=False) from error
    except httpcore.ConnectError as error:
        why = f"no connection: {_said(error)}; no proxy is used: where one is needed, {BY_HAND}"
        raise Passing("web_unreachable", why, has_answered=False) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        why = f"the download broke off: {_said(error)}; try again"
        raise Passing("web_failed", why) from error


def checked(address: str) -> httpx.URL:
    """An address with a host that may be asked over HTTP. Raises `Unreadable`."""
    import httpx

    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise Unreadable("web_bad_address", f"this is no web address: {_said(error)}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise Unreadable(
            "web_bad_address", "only addresses that begin with http:// or https:// are fetched"
        )
    if url.port is not None and not 0 < url.port < 65536:
        raise Unreadable("web_bad_address", f"there is no port {url.port}")
    if url.userinfo:
        raise Unreadable(
            "web_credentials", "the address holds a user name or password; they are never sent"
        )
    return url


def _follow(address: str, target: IO[bytes], rules: Rules, deadline: float) -> None:
    url = checked(address)
    for hop in range(rules.redirects + 1):
        try:
            location = _visit(url, target, rules, deadline)
            if location is None:
                return
            url = checked(str(url.join(location)))
        except Unreadable as error:
            if not hop:
                raise
            why = f"redirected to {url.host}: {error.issue.why}"
            error.issue = Issue(error.issue.code, why)
            raise
    raise Unreadable(
        "web_redirects",
        f"the address redirects more than {rules.redirects} times; write the one that it ends at",
    )


def _visit(url: httpx.URL, target: IO[bytes], rules: Rules, deadline: float) -> str | None:
    """Writes what is at one address, or returns where it redirects to."""
    import httpcore

    backend = PinnedBackend(rules.allowed, rules.resolve, rules.clock, deadline)
    with (
        httpcore.ConnectionPool(
            ssl_context=_certificates(), max_connections=1, network_backend=backend
        ) as pool,
        pool.stream("GET", _target(url), headers=_headers(url)) as response,
    ):
        location = _location(response)
        if location is None:
            _refuse(response)
            _copy(response, target, rules)
        return location


def _target(url: httpx.URL) -> httpcore.URL:
    import httpcore

    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _headers(url: httpx.URL) -> list[tuple[bytes, bytes]]:
    return [
        (b"Host", url.netloc),
        (b"User-Agent", f"askpix/{VERSION}".encode()),
        (b"Accept", b"image/*"),
        (b"Accept-Encoding", b"identity"),  # a compressed body could grow without bound
        (b"Connection", b"close"),
    ]


def _location(response: httpcore.Response) -> str | None:
    if response.status not in _REDIRECTS:
        return None
    location = _header(response, b"location")
    if location is None:
        raise Unreadable("web_failed", "the server redirects, but does not say where to")
    return location


def _refuse(response: httpcore.Response) -> None:
    match response.status:
        case 200:
            pass
        case 404 | 410:
            raise Unreadable(
                "web_not_found", f"there is nothing at this address ({response.status})"
            )
        case 401 | 403 | 407:
            raise Unreadable(
                "web_forbidden",
                f"the server lets only some people see it ({response.status}); {BY_HAND}",
            )
        case status:
            later = "; try again later" if status == 429 or status >= 500 else ""
            why = f"the server answered {status}, not 200{later}"
            if status in _PASSING:
                raise Passing("web_failed", why, status=status, headers=_named(response))
            raise Unreadable("web_failed", why)
    if _header(response, b"content-encoding") not in (None, "", "identity"):
        raise Unreadable("web_failed", "the server sends the image compressed, unasked")


def _copy(response: httpcore.Response, target: IO[bytes], rules: Rules) -> None:
    length = _header(response, b"content-length")
    if length is not None and length.isdigit() and int(length[:20]) > rules.most_bytes:
        raise _too_large(rules)
    arrived = 0
    for block in response.iter_stream():
        arrived += len(block)
        if arrived > rules.most_bytes:
            raise _too_large(rules)
        target.write(block)


def _too_large(rules: Rules) -> Unreadable:
    return Unreadable(
        "web_too_large",
        f"the file is larger than {rules.most_bytes / 1e6:g} MB; {BY_HAND}",
    )


def _header(response: httpcore.Response, name: bytes) -> str | None:
    values = [value for key, value in response.headers if key.lower() == name]
    return values[0].decode("latin-1").strip() if values else None


def _named(response: httpcore.Response) -> dict[str, str]:
    """The headers by which a server says how long to wait."""
    named = {name: _header(response, name.encode()) for name in ("retry-after", "date")}
    return {name: value for name, value in named.items() if value is not None}


@cache
def _certificates() -> SSLContext:
    """Made once: it takes 20 ms. `SSL_CERT_FILE` counts, for networks with their own authority."""
    import httpx

    return httpx.create_ssl_context()


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
