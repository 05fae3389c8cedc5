"""Bodies on the wire: what is sent, in pieces and counted; what is received, capped."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

from runner.roles import ImageError
from runner.values.content import Content

PIECE = 128 << 10
"""Bytes handed to the socket at a time: few calls, and many short texts become one."""

BLOCK = 1 << 20
"""Bytes of a body that are in memory at a time, and are read from the disk together."""


class Sending:
    """The `pieces` of a request body, read as they are sent, once; `sent` and `length` are in bytes.
    `unreadable` says why an image could not be read any more."""

    def __init__(self, pieces: Sequence[Content]) -> None:
        self.pieces = pieces
        self.length = sum(map(len, pieces))
        self.sent = 0
        self.unreadable: str | None = None

    @property
    def is_partly_sent(self) -> bool:
        """True when sending has begun and was never finished."""
        return 0 < self.sent < self.length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.sent = 0
        for parts in _blocks(self.pieces):
            block = await self._read(parts)
            for start in range(0, len(block), PIECE):
                piece = block[start : start + PIECE]
                self.sent += len(piece)
                yield piece

    async def _read(self, parts: _Parts) -> bytes:
        """A block of the body; in a thread when it lies on the disk."""
        if all(isinstance(piece, bytes) for piece, _ in parts):
            return _joined(parts)
        try:
            return await asyncio.to_thread(_joined, parts)
        except ImageError as error:
            self.unreadable = str(error)
            raise


_Parts = Sequence[tuple[Content, slice]]


def _blocks(pieces: Iterable[Content]) -> Iterator[_Parts]:
    """What is read together: parts of pieces, at most `BLOCK` bytes of them."""
    parts: list[tuple[Content, slice]] = []
    room = BLOCK
    for piece in pieces:
        start, length = 0, len(piece)
        while start < length:
            stop = min(start + room, length)
            parts.append((piece, slice(start, stop)))
            room -= stop - start
            start = stop
            if not room:
                yield parts
                parts, room = [], BLOCK
    if parts:
        yield parts


def _joined(parts: _Parts) -> bytes:
    return b"".join(piece[part] for piece, part in parts)


class TooLong(Exception):
    """A body that is longer than it may be, decompressed."""


class UnknownEncoding(Exception):
    """A body that is compressed in a way that was not asked for, or not as it says."""


async def read_capped(stream: AsyncIterator[bytes], encoding: str, limit: int) -> bytes:
    """The decompressed body, read piece by piece. Raises TooLong beyond `limit` bytes, having
    decompressed at most 64 KB more than that: 1.5 MB of gzip may hold 1.5 GB."""
    body = bytearray()
    async for part in decompressed(stream, encoding):
        body += part
        if len(body) > limit:
            raise TooLong
    return bytes(body)


async def decompressed(stream: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """A body of any length, decompressed piece by piece: at most 64 KB at a time when it is packed."""
    inflate = _inflater(encoding.strip().lower())
    async for piece in stream:
        for part in inflate(piece):
            yield part


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
