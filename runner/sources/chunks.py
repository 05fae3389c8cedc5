"""Walks the containers of PNG, WebP, HEIC and JPEG files without decoding: is the end there?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from runner.sources.opening import BLOCK

_LARGEST_EXIF = 1 << 20
_GLANCE = 1 << 12


def is_whole(stream: BinaryIO, kind: str, length: int) -> bool:
    """False when an image of this type and length in bytes surely lacks its end.

    A half JPEG looks fine to a reader of headers, so its end marker is looked for; the others say
    how long they must be. Of TIFF and BMP nothing is known before they are decoded.
    """
    match kind:
        case "jpeg":
            return _jpeg_has_end(stream, length)
        case "png":
            return any(name == b"IEND" for name, _, _ in png_chunks(stream, length))
        case "webp":
            stream.seek(4)
            return int.from_bytes(stream.read(4), "little") + 8 <= length
        case "heic" | "heif" | "avif":
            return _boxes_fit(stream, length)
        case _:
            return True


def png_chunks(stream: BinaryIO, length: int) -> Iterator[tuple[bytes, int, int]]:
    """The name, start and length of the data of every whole chunk. Source: PNG, section 5."""
    at = 8
    while at + 12 <= length:
        stream.seek(at)
        size, name = int.from_bytes(stream.read(4), "big"), stream.read(4)
        if at + 12 + size > length:
            return
        yield name, at + 8, size
        if name == b"IEND":
            return
        at += 12 + size


def png_exif(stream: BinaryIO) -> bytes | None:
    """The `eXIf` chunk, wherever it stands; a reader of headers stops before the pixels."""
    length = stream.seek(0, 2)
    for name, start, size in png_chunks(stream, length):
        if name == b"eXIf" and size <= _LARGEST_EXIF:
            stream.seek(start)
            return stream.read(size)
    return None


def webp_is_lossy(stream: BinaryIO) -> bool:
    """True for a WebP of one frame without alpha whose pixels are a `VP8 ` chunk. Source: RFC 9649."""
    stream.seek(12)
    head = stream.read(18)
    if head[:4] == b"VP8X" and head[8] & 0x12:  # alpha, animation
        return False
    length = stream.seek(0, 2)
    at = 12
    while at + 8 <= length:
        stream.seek(at)
        name, size = stream.read(4), int.from_bytes(stream.read(4), "little")
        if name in (b"VP8 ", b"VP8L"):
            return name == b"VP8 "
        at += 8 + size + size % 2
    return False


def _jpeg_has_end(stream: BinaryIO, length: int) -> bool:
    """True when an end marker follows the start of the pixels. Source: ITU T.81, annex B.

    The marker need not be the last thing: cameras append whole videos. Within the pixels `FF` is
    always followed by `00` or a restart marker, so `FFD9` after them is the end and not data; the
    header is skipped, because the small preview in its EXIF has an end marker of its own.
    """
    start = _start_of_scan(stream, length)
    if start is None:
        return False
    near, tail = max(start, length - _GLANCE), max(start, length - BLOCK)
    return (
        _found_between(stream, near, length)  # true of most files
        or _found_between(stream, tail, length)
        or _found_between(stream, start, tail)
    )


def _start_of_scan(stream: BinaryIO, length: int) -> int | None:
    at = 2
    while at + 4 <= length:
        stream.seek(at)
        mark, code = stream.read(2)
        if mark != 0xFF:
            return None
        if code == 0xFF:  # fill bytes may stand before a marker
            at += 1
            continue
        if code == 0x01 or 0xD0 <= code <= 0xD8:  # markers without a length
            at += 2
            continue
        at += 2 + int.from_bytes(stream.read(2), "big")
        if code == 0xDA:
            return at if at <= length else None
    return None


def _found_between(stream: BinaryIO, start: int, stop: int) -> bool:
    stream.seek(start)
    last = b""
    while start < stop + 1:
        block = stream.read(min(BLOCK, stop + 1 - start))
        if not block:
            return False
        if b"\xff\xd9" in last + block:
            return True
        last, start = block[-1:], start + len(block)
    return False


def _boxes_fit(stream: BinaryIO, length: int) -> bool:
    """True when the boxes of an ISO media file end where the file ends. Source: ISO/IEC 14496-12."""
    at = 0
    while at < length:
        stream.seek(at)
        head = stream.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 0:  # to the end of the file
            return True
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8 or at + size > length:
            return False
        at += size
    return True
