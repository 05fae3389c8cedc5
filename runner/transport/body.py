"""Bodies on the wire: what is sent, in pieces and counted; what is received, capped."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

PIECE = 128 << 10
"""Bytes handed to the socket at a time: few calls, and no copy of a whole image."""


class Sending:
    """The `pieces` of a request body, sent once; `sent` and `length` are in bytes."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = pieces
        self.length = sum(map(len, pieces))
        self.sent = 0

    @property
    def is_partly_sent(self) -> bool:
        """True when sending has begun and was never finished."""
        return 0 < self.sent < self.length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.sent = 0
        small = bytearray()
        for piece in self.pieces:
            if len(small) + len(piece) <= PIECE:
                small += piece  # many short texts become one write
                continue
            if small:
                yield self._counted(bytes(small))
                small = bytearray()
            for start in range(0, len(piece), PIECE):
                yield self._counted(piece[start : start + PIECE])
        if small:
            yield self._counted(bytes(small))

    def _counted(self, piece: bytes) -> bytes:
        self.sent += len(piece)
        return piece


class TooLong(Exception):
    """A body that is longer than it may be, decompressed."""


class UnknownEncoding(Exception):
    """A body that is compressed in a way that was not asked for, or not as it says."""


async def read_capped(stream: AsyncIterator[bytes], encoding: str, limit: int) -> bytes:
    """The decompressed body, read piece by piece. Raises TooLong beyond `limit` bytes, having
    decompressed at most 64 KB more than that: 1.5 MB of gzip may hold 1.5 GB."""
    inflate = _inflater(encoding.strip().lower())
    body = bytearray()
    async for piece in stream:
        for part in inflate(piece):
            body += part
            if len(body) > limit:
                raise TooLong
    return bytes(body)


INFLATED = 64 << 10
"""Bytes that are decompressed at a time."""


class _Gzip:
    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: gzip

    def __call__(self, piece: bytes) -> Iterator[bytes]:
        part = bytes(INFLATED)
        while len(part) == INFLATED:  # a shorter one was the last of this piece
            try:
                part = self._zlib.decompress(piece, INFLATED)
            except zlib.error as error:
                raise UnknownEncoding("a body that is not gzip as it says") from error
            yield part
            piece = self._zlib.unconsumed_tail


def _plain(piece: bytes) -> Iterable[bytes]:
    return (piece,)


def _inflater(encoding: str) -> Callable[[bytes], Iterable[bytes]]:
    if encoding in ("", "identity"):
        return _plain
    if encoding in ("gzip", "x-gzip"):
        return _Gzip()
    raise UnknownEncoding(f"a body compressed with {encoding[:40]!r}, which was not asked for")
