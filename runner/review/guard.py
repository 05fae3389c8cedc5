"""The guard: which requests are for this review, decided by their first lines alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Literal

LARGEST = 4 << 20
"""Bytes of what a page may send: a correction of ten thousand boxes has one million."""

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
"""What goes with every answer. Nothing says that another site may read one (no CORS)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The status and the sentence that a request gets which is not let in."""

    status: Literal[403, 404, 405, 411, 413, 415]
    why: str


@dataclass(frozen=True, slots=True)
class Guard:
    """What lets a request in: the secret in its address, and that it was meant for this machine."""

    token: str
    port: int

    @property
    def address(self) -> str:
        """Where the page is. Who knows it may decide."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def path(self, method: str, target: str, headers: Mapping[str, str]) -> str | Refusal:
        """The path behind the token (`image/3`), or why the request is not let in. `headers` are by
        their names in small letters; of a header that came twice all values, joined."""
        if headers.get("host", "").lower() not in self._hosts():
            return Refusal(403, "this address is not the one of the review")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return Refusal(403, "another site may not ask here")
        token, slash, path = target.partition("?")[0].removeprefix("/").partition("/")
        if not compare_digest(token.encode("utf-8", "replace"), self.token.encode()) or not slash:
            return Refusal(403, "the address lacks the token that the terminal shows")
        match method:
            case "GET":
                return path
            case "POST":
                return self._written(headers) or path
        return Refusal(405, "only GET and POST are known here")

    def _written(self, headers: Mapping[str, str]) -> Refusal | None:
        """Why a request that changes something is not let in."""
        if headers.get("origin", "").lower() not in {f"http://{host}" for host in self._hosts()}:
            return Refusal(403, "only the page of the review may decide")
        if headers.get("content-type", "").lower() != "application/json":
            return Refusal(415, "decisions are sent as application/json")
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()) or "transfer-encoding" in headers:
            return Refusal(411, "a decision says its length")
        if len(length) > 9 or int(length) > LARGEST:
            return Refusal(413, f"a decision has at most {LARGEST:,} bytes")
        return None

    def _hosts(self) -> frozenset[str]:
        """A name that somebody else's DNS points at this machine is not among them."""
        return frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"})
