"""What is sent, in pieces and counted; what is received, decompressed and capped."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.roles import ImageError
from runner.transport.body import (
    BLOCK,
    INFLATED,
    PIECE,
    Sending,
    TooLong,
    UnknownEncoding,
    read_capped,
)


@given(st.lists(st.integers(0, 2 * PIECE + 5), max_size=6))
def test_pieces_are_sent_whole_and_in_order(lengths: list[int]) -> None:
    """However they are cut: nothing is lost, nothing is larger than a piece, all is counted."""
    pieces = [bytes([number + 1]) * length for number, length in enumerate(lengths)]
    sending = Sending(pieces)
    sent = asyncio.run(_all(sending))
    assert b"".join(sent) == b"".join(pieces)
    assert all(0 < len(piece) <= PIECE for piece in sent)
    assert sending.sent == sending.length == sum(lengths)
    assert not sending.is_partly_sent


def test_sending_that_was_broken_off_knows_how_far_it_came() -> None:
    """Not begun and finished are not partly sent."""

    async def two_pieces() -> Sending:
        sending = Sending([bytes(10 * PIECE)])
        assert not sending.is_partly_sent
        pieces = aiter(sending)
        await anext(pieces)
        await anext(pieces)
        return sending

    sending = asyncio.run(two_pieces())
    assert (sending.sent, sending.is_partly_sent) == (2 * PIECE, True)


@dataclass
class Counting:
    """Bytes that note what is read of them; of number `breaks` on they cannot be read."""

    content: bytes
    breaks: int = 1 << 40
    read: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.content)

    def __getitem__(self, part: slice, /) -> bytes:
        if part.stop > self.breaks:
            raise ImageError("a.png: the file has changed")
        found = self.content[part]
        self.read.append(len(found))
        return found


def test_a_body_on_the_disk_is_read_as_it_is_sent() -> None:
    """A block at a time: what was not asked for yet was not read."""
    lazy = Counting(bytes(range(256)) * (5 * BLOCK // 512))

    async def some() -> bytes:
        sent, pieces = b"", aiter(Sending([b"{", lazy, b"}"]))
        while len(sent) < BLOCK + 5:
            sent += await anext(pieces)
        assert lazy.read == [BLOCK - 1, BLOCK]
        return sent + b"".join([piece async for piece in pieces])

    assert asyncio.run(some()) == b"{" + lazy.content + b"}"
    assert sum(lazy.read) == len(lazy)


def test_many_small_files_are_read_together() -> None:
    """And sent in few pieces."""
    files = [Counting(bytes([number]) * 1000) for number in range(200)]
    sent = asyncio.run(_all(Sending(files)))
    assert [len(piece) for piece in sent] == [PIECE, 200_000 - PIECE]
    assert b"".join(sent) == b"".join(file.content for file in files)


def test_a_body_that_cannot_be_read_any_more_says_why() -> None:
    """What became of the connection is not the reason."""
    sending = Sending([Counting(bytes(3 * BLOCK), breaks=BLOCK)])
    with pytest.raises(ImageError):
        asyncio.run(_all(sending))
    assert (sending.sent, sending.unreadable) == (BLOCK, "a.png: the file has changed")


@given(st.binary(max_size=400), st.integers(1, 40), st.booleans(), st.integers(0, 400))
def test_a_body_is_read_up_to_its_limit(
    content: bytes, size: int, packed: bool, limit: int
) -> None:
    """The same whether compressed or not, however it is cut; one byte more is too long."""
    wire = gzip.compress(content) if packed else content
    pieces = [wire[start : start + size] for start in range(0, len(wire), size)]
    reading = read_capped(_stream(pieces), "gzip" if packed else "", limit)
    if len(content) > limit:
        with pytest.raises(TooLong):
            asyncio.run(reading)
    else:
        assert asyncio.run(reading) == content


@pytest.mark.parametrize("extra", [-1, 0, 1])
@pytest.mark.parametrize("parts", [1, 2, 17])
def test_a_long_body_is_decompressed_in_parts(parts: int, extra: int) -> None:
    """Also when it ends exactly where a part does."""
    content = bytes(range(256)) * (parts * INFLATED // 256 + 1)
    content = content[: parts * INFLATED + extra]
    wire = gzip.compress(content)
    assert asyncio.run(read_capped(_stream([wire]), "gzip", len(content))) == content
    with pytest.raises(TooLong):
        asyncio.run(read_capped(_stream([wire]), "gzip", len(content) - 1))


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "x" * 900])
def test_a_compression_that_was_not_asked_for_is_refused(encoding: str) -> None:
    """What cannot be decompressed within bounds is not decompressed."""
    with pytest.raises(UnknownEncoding):
        asyncio.run(read_capped(_stream([b"{}"]), encoding, 100))


async def _all(sending: Sending) -> list[bytes]:
    return [piece async for piece in sending]


async def _stream(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
