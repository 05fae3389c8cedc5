"""What the simulated service sends back, before it is put on a socket or into an httpx response."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

SIMULATED = "x-askpix-simulated"
"""The header on every reply of the simulator: no model looked at anything."""

JSON = {"content-type": "application/json; charset=UTF-8"}
HTML = {"content-type": "text/html; charset=UTF-8"}
SSE = {"content-type": "text/event-stream"}


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes wrong on the way: where the reply ends, and how slowly it comes.

    `ends`: `whole`; `before` it starts, with nothing sent; `within` its body, half of it sent.
    `reset` ends it with a TCP reset instead of an orderly close. `pause_seconds` is waited before
    each piece of a body that drips in pieces of `drip` bytes.
    """

    ends: Literal["whole", "before", "within"] = "whole"
    reset: bool = False
    drip: int = 0
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, headers, and a body: whole, or as a tuple of pieces that are sent one by one
    without a length."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | tuple[bytes, ...] = b""
    wire: Wire = Wire()

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The body as it is sent, without what is cut off on the way."""
        pieces = self.body if isinstance(self.body, tuple) else (self.body,)
        if self.wire.ends == "before":
            return ()
        if self.wire.ends == "within":
            pieces = _first_half(pieces)
        if self.wire.drip:
            step = self.wire.drip
            pieces = tuple(p[i : i + step] for p in pieces for i in range(0, len(p), step))
        return pieces

    @property
    def length(self) -> int | None:
        """What `content-length` says, which is the length of the whole body; None when streamed."""
        return len(self.body) if isinstance(self.body, bytes) else None

    def on(self, wire: Wire) -> Reply:
        """The same reply on a line with this fault."""
        return replace(self, wire=wire)


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON body."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Reply(status, {**JSON, **(headers or {})}, text.encode("utf-8", "surrogatepass"))


def sse_reply(frames: Iterable[bytes]) -> Reply:
    """A stream of server-sent events, one frame a piece."""
    return Reply(200, SSE, tuple(frames))


def _first_half(pieces: tuple[bytes, ...]) -> tuple[bytes, ...]:
    left = sum(map(len, pieces)) // 2
    kept = []
    for piece in pieces:
        kept.append(piece[:left])
        left -= len(kept[-1])
    return tuple(piece for piece in kept if piece)
